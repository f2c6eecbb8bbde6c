import Foundation
import TestSupport

/// Files of `Tests/Fixtures`.
enum Fixture {
  static func recipe(_ name: String) -> URL { folder.appending(path: "recipes/\(name).yaml") }

  static func snapshot(_ name: String) throws -> String {
    try String(contentsOf: folder.appending(path: "snapshots/\(name).txt"), encoding: .utf8)
  }

  /// Empty where the file is not there, which its reader then complains of.
  static func content(_ path: String) -> Data {
    (try? Data(contentsOf: folder.appending(path: path))) ?? Data()
  }

  private static var folder: URL {
    ProjectFolder.fixtures
  }
}
