import Foundation

/// Rows appended to a JSON Lines file as they are made, so that a kill loses none of them.
///
/// A last line that a kill has cut off is dropped when the log is opened again.
public final class RowLog {
  private let handle: FileHandle
  /// The rows, those of earlier attempts first.
  public private(set) var rows: [[String: JSONValue]]

  /// Opens a log, making it where there is none.
  /// - Parameter keep: whether a row of an earlier attempt still counts.
  public init(file: URL, keep: ([String: JSONValue]) -> Bool = { _ in true }) throws {
    let found = (try? Data(contentsOf: file)) ?? Data()
    rows = found.split(separator: 0x0A).compactMap { try? JSONValue(parsing: $0).object }
      .filter(keep)
    try AtomicFile.write(rows.map { JSONValue.object($0).text + "\n" }.joined(), to: file)
    handle = try FileHandle(forWritingTo: file)
    try handle.seekToEnd()
  }

  /// Waits until the rows are on the disk.
  public func sync() throws { try handle.synchronize() }

  /// Appends a row.
  public func append(_ row: [String: JSONValue]) throws {
    rows.append(row)
    try handle.write(contentsOf: Data((JSONValue.object(row).text + "\n").utf8))
  }
}
