import Foundation
import Runner

/// Data sets that lie beside the project in its makers' workshop, and nowhere else.
enum SharedData {
  private static var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared")
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: path).path)
  }

  static func rows(_ path: String) throws -> [JSONValue] {
    let data = try Data(contentsOf: folder.appending(path: path))
    return try data.split(separator: 0x0a).map { try JSONValue(parsing: Data($0)) }
  }
}
