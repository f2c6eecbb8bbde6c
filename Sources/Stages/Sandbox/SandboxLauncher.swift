import Foundation
import Runner

/// Where the program lies that confines others, and what it can do here.
enum SandboxLauncher {
  /// Finds the launcher: WARMUP_SANDBOX, else beside this program, else among built products.
  /// - Throws: `SandboxError.noLauncher` with the places where it was looked for.
  static func locate() throws -> URL {
    if let named = ProcessInfo.processInfo.environment["WARMUP_SANDBOX"], !named.isEmpty {
      guard FileManager.default.isExecutableFile(atPath: named) else {
        throw SandboxError.noLauncher(searched: [named])
      }
      return URL(filePath: named)
    }
    let candidates = folders().map { $0.appending(path: "sandbox") }
    let found = candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) }
    guard let found else {
      throw SandboxError.noLauncher(
        searched: candidates.map { $0.deletingLastPathComponent().path })
    }
    return found
  }

  /// The folder of this program; of a test bundle named in the arguments, where a test runner
  /// loads this code; and the usual build folders below the current one.
  private static func folders() -> [URL] {
    var folders: [URL] = []
    if let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      folders.append(URL(filePath: own).deletingLastPathComponent())
    }
    for argument in CommandLine.arguments where argument.hasSuffix(".xctest") {
      folders.append(URL(filePath: argument).deletingLastPathComponent())
    }
    return folders + [URL(filePath: ".build/release"), URL(filePath: ".build/debug")]
  }
}
