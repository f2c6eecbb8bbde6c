import Foundation

extension InstanceResult {
  /// What `record.json` says; nil where it cannot be read.
  var record: JSONValue? {
    guard let data = try? Data(contentsOf: folder.appending(path: "record.json")) else {
      return nil
    }
    return try? JSONValue(parsing: data)
  }

  /// A published value that is a whole number.
  func count(_ name: String) -> Int? { values[name]?.number.flatMap { Int(exactly: $0) } }
}
