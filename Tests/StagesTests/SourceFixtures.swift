import Foundation

/// Fixtures of the project, and benchmark data beside it.
enum SourceFixtures {
  static let tests = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
  static let archives = tests.appending(path: "Fixtures/archives")
  static let shared = tests.appending(path: "../../shared/data").standardized

  /// Tests that need benchmark data are skipped where none lies beside the project.
  static var sharedDataIsThere: Bool {
    FileManager.default.fileExists(atPath: shared.appending(path: "SHA256SUMS").path)
  }
}

/// A folder that disappears with its owner.
final class SourceFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "warmup-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ text: String, _ name: String) throws -> URL {
    let file = url.appending(path: name)
    try Data(text.utf8).write(to: file)
    return file
  }
}
