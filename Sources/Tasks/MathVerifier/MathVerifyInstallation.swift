import Base
import Foundation
import Subprocess

/// The Python package `math-verify` in an environment of its own, made on first use.
package struct MathVerifyInstallation: Sendable {
  /// The version whose verdicts `math@paper` stands for.
  package static let version = "0.9.0"
  /// All that is installed, so that the same verdicts come out next year.
  private static let packages = [
    "math-verify==0.9.0", "latex2sympy2_extended==1.11.0", "antlr4-python3-runtime==4.13.2",
    "sympy==1.14.0", "mpmath==1.3.0",
  ]
  /// Written last, so that a broken installation is made again.
  private static let mark = "complete"

  package let python: String
  package let isNamed: Bool

  package init(python: String, isNamed: Bool = true) {
    self.python = python
    self.isNamed = isNamed
  }

  /// Finds the package: by WARMUP_MATH_VERIFY, else in the user's folder for caches, where it is
  /// installed if need be.
  ///
  /// Blocks while it installs, which takes a minute and a network.
  /// - Throws: `MathVerifyError`, or `SandboxError.noPython`.
  package static func locate(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> MathVerifyInstallation {
    if let named = environment["WARMUP_MATH_VERIFY"], !named.isEmpty {
      guard named.hasPrefix("/") else {
        throw MathVerifyError.otherPackage(python: named, reason: "it is not an absolute path")
      }
      guard FileManager.default.isExecutableFile(atPath: named) else {
        throw MathVerifyError.otherPackage(python: named, reason: "it cannot be run")
      }
      return MathVerifyInstallation(python: named, isNamed: true)
    }
    let folder = folder(environment)
    let python = folder.appending(path: "bin/python")
    if !isComplete(folder) { try install(into: folder, python, environment) }
    return MathVerifyInstallation(python: python.path, isNamed: false)
  }

  /// Where the environment lies: in the user's folder for caches.
  package static func folder(_ environment: [String: String]) -> URL {
    let cache =
      UserFolder.cache.url(environment)
      ?? URL(filePath: NSHomeDirectory()).appending(path: ".cache/warmup")
    return cache.appending(path: "math-verify-\(version)", directoryHint: .isDirectory)
  }

  /// Whether nothing has to be installed.
  package static func isAtHand(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> Bool {
    environment["WARMUP_MATH_VERIFY"]?.isEmpty == false || isComplete(folder(environment))
  }

  private static func isComplete(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: mark).path)
  }

  /// Programs that start at the same time wait for the first of them.
  private static func install(
    into folder: URL, _ python: URL, _ environment: [String: String]
  ) throws {
    let parent = folder.deletingLastPathComponent()
    do {
      try Folder.make(parent)
    } catch {
      throw MathVerifyError.installation(
        folder: folder.path, reason: "\(sentence(for: error))")
    }
    let lock = try FileLock.acquire(parent.appending(path: folder.lastPathComponent + ".lock"))
    defer { lock.release() }
    if isComplete(folder) { return }
    let system = try PythonInstallation.locate().executable
    try step(system, ["-m", "venv", "--clear", folder.path], folder, environment)
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    try step(python.path, pip + packages, folder, environment)
    try Data((packages.joined(separator: "\n") + "\n").utf8).write(
      to: folder.appending(path: mark))
  }

  private static func step(
    _ python: String, _ arguments: [String], _ folder: URL, _ environment: [String: String]
  ) throws {
    let reason: String
    do {
      let ending = try IsolatedPython.run(
        python, arguments, limit: .seconds(600), environment: environment)
      switch ending {
      case .ended(let output) where output.status.isSuccess: return
      case .ended(let output):
        let lines = (output.text + "\n" + output.errors).split(separator: "\n")
        reason = lines.last.map(String.init) ?? "it ended with \(output.status)"
      case .timedOut: reason = "it took more than ten minutes"
      case .flooded: reason = "it wrote too much"
      }
    } catch { reason = sentence(for: error) }
    let command = arguments.prefix(3).joined(separator: " ")
    throw MathVerifyError.installation(
      folder: folder.path,
      reason: "'\(URL(filePath: python).lastPathComponent) \(command)' says: \(reason)")
  }
}

/// Why the Python package `math-verify` cannot be asked.
package enum MathVerifyError: Error, CustomStringConvertible {
  /// It is not installed, and could not be.
  case installation(folder: String, reason: String)
  /// The Python that was named does not have it, or another version.
  case otherPackage(python: String, reason: String)
  /// Its process cannot be started, or ends before it has answered anything.
  case worker(reason: String)

  package var description: String {
    switch self {
    case .installation(let folder, let reason):
      """
      the verifier needs the Python package math-verify \(MathVerifyInstallation.version), which \
      could not be installed into \(folder): \(reason); try again with a network, name a Python \
      that has it in WARMUP_MATH_VERIFY, or use the verifier 'math@2', which needs none
      """
    case .otherPackage(let python, let reason):
      """
      \(python), which WARMUP_MATH_VERIFY names, does not have math-verify \
      \(MathVerifyInstallation.version): \(reason)
      """
    case .worker(let reason):
      "math-verify cannot be asked: \(reason)"
    }
  }
}
