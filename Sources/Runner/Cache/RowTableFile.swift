import Foundation

extension RowTable {
  /// Reads a table from an HDF5 file.
  /// - Throws: `RowTableError.unreadable`.
  public init(contentsOf file: URL) throws {
    throw RowTableError.unreadable(file.path, "not written yet")
  }

  /// Writes the table as an HDF5 file; equal tables give equal bytes.
  public func write(to file: URL) throws {
    throw RowTableError.unreadable(file.path, "not written yet")
  }
}
