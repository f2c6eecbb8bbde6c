import Base
import Foundation
import TestSupport

/// Data sets that lie beside the project in its makers' workshop, and nowhere else.
enum SharedData {
  private static var folder: URL {
    ProjectFolder.root.appending(path: "../shared").standardized
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: path).path)
  }

  static func rows(_ path: String) throws -> [JSONValue] {
    try rows(of: try Data(contentsOf: folder.appending(path: path)))
  }

  /// Rows of a gzip file, by the system's `gzip`.
  static func compressedRows(_ path: String) throws -> [JSONValue] {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", folder.appending(path: path).path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    return try rows(of: pipe.fileHandleForReading.readDataToEndOfFile())
  }

  private static func rows(of data: Data) throws -> [JSONValue] {
    try data.split(separator: 0x0a).map { try JSONValue(parsing: Data($0)) }
  }
}
