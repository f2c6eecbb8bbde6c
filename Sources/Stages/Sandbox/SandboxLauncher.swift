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

/// Which protections hold on this machine. Limits on resources always do.
public struct SandboxProtections: Sendable, Hashable {
  /// Whether system calls that reach the network or other processes are refused (seccomp).
  public let calls: Bool
  /// Whether reading is confined to the system and Python, and writing to one folder (Landlock).
  public let files: Bool
  /// The kernel's Landlock version; 0 where it has none.
  public let landlock: Int

  /// For records and reports.
  public var json: JSONValue {
    ["calls": .boolean(calls), "files": .boolean(files), "landlock": .integer(landlock)]
  }

  init(launcher: URL) throws {
    let probe = try ChildProcess.run(
      launcher, ["--probe"], environment: [:], input: "", limit: .seconds(20))
    guard case .ended(let output) = probe,
      let found = try? JSONValue(parsing: Data(output.text.utf8))
    else { throw SandboxError.refused(reason: "\(launcher.path) --probe failed") }
    calls = found["calls"]?.boolean ?? false
    files = found["files"]?.boolean ?? false
    landlock = found["landlock"]?.integer ?? 0
    guard calls else {
      throw SandboxError.refused(reason: "this kernel or container has no seccomp filters")
    }
  }
}
