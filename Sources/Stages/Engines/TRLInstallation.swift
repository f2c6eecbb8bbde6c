import Base
import Foundation
import Runner
import Subprocess
import TRLAdapter
import Tasks

/// A Python environment with TRL, in the versions that the adapter was tested with.
package struct TRLInstallation: Sendable {
  /// Where it is, or will be.
  package let folder: URL

  package init(folder: URL) { self.folder = folder }

  package var python: URL { folder.appending(path: "bin/python") }

  /// The folder where nobody names one: `warmup/trl` among the user's data.
  package static func usualFolder(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> URL? {
    UserFolder.data.url(environment)?.appending(path: "trl")
  }

  /// Makes the environment, or completes one that was not finished. What Python and pip say goes to
  /// standard error; pip's own settings say where packages come from.
  /// - Throws: `TRLInstallationError`, `SandboxError` where there is no Python, `InterruptedError`.
  package func install(_ interruption: Interruption) throws {
    let content = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    guard content.isEmpty || content.contains("pyvenv.cfg") else {
      throw TRLInstallationError.occupied(folder.path)
    }
    try run(
      try IsolatedPython.executable(), ["-m", "venv", folder.path],
      interruption)
    let requirements = folder.appending(path: "requirements.txt")
    try TRLAdapter.requirements.write(to: requirements)
    try run(
      python.path,
      [
        "-m", "pip", "install", "--no-input", "--disable-pip-version-check",
        "--requirement", requirements.path,
      ], interruption)
  }

  private func run(
    _ python: String, _ arguments: [String], _ interruption: Interruption
  ) throws {
    do {
      let result = try IsolatedPython.run(
        python, arguments, output: .currentStandardError, error: .currentStandardError, interruption
      )
      guard result.terminationStatus.isSuccess else {
        throw TRLInstallationError.failed(([python] + arguments).joined(separator: " "))
      }
    } catch let error as SubprocessError {
      throw TRLInstallationError.notStarted(python, reason: sentence(for: error))
    }
  }
}

/// Why there is no environment with TRL now.
package enum TRLInstallationError: Error, CustomStringConvertible {
  /// The folder holds something else.
  case occupied(String)
  /// A command has failed, and said why.
  case failed(String)
  case notStarted(String, reason: String)

  package var description: String {
    switch self {
    case .occupied(let folder):
      "\(folder.visible) holds something else than a Python environment; name another folder"
    case .failed(let command):
      "'\(command.visible)' failed, as it says above; run this again when the reason is gone, and it "
        + "goes on with what is there"
    case .notStarted(let python, let reason):
      "\(python.visible) could not be started: \(reason)"
    }
  }
}
