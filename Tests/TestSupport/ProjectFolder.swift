import Foundation

/// Where tests find the project's files, and what may lie beside it.
package enum ProjectFolder {
  /// The folder of `Package.swift`.
  package static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../..").standardized
  package static let fixtures = root.appending(path: "Tests/Fixtures")
  package static let documents = root.appending(path: "docs")
  package static let experiments = root.appending(path: "experiments")
  package static let archives = fixtures.appending(path: "archives")
  /// Benchmark files, which are not part of the project.
  package static let benchmarkData = root.appending(path: "../shared/data").standardized

  /// Tests that need benchmark files are skipped where none lie beside the project.
  package static var hasBenchmarkData: Bool {
    FileManager.default.fileExists(atPath: benchmarkData.appending(path: "SHA256SUMS").path)
  }
}
