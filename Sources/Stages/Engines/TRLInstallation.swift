import Base
import Foundation
import Runner
import Subprocess
import SystemPackage
import TRLAdapter
import Tasks

/// A Python environment with TRL, in the versions that the adapter was tested with.
package struct TRLInstallation: Sendable {
  /// Where it is, or will be.
  package let folder: URL

  package init(folder: URL) { self.folder = folder }

  package var python: URL { folder.appending(path: "bin/python") }

  /// The folder where nobody names one: `warmup/trl` in that of the user's data (XDG Base Directory
  /// Specification).
  package static func usualFolder(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> URL? {
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
      return URL(fileURLWithPath: data).appending(path: "warmup/trl")
    }
    return environment["HOME"].map {
      URL(fileURLWithPath: $0).appending(path: ".local/share/warmup/trl")
    }
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
      try IsolatedPython.executable(), [IsolatedPython.option, "-m", "venv", folder.path],
      interruption)
    let requirements = folder.appending(path: "requirements.txt")
    try TRLAdapter.requirements.write(to: requirements)
    try run(
      python.path,
      [
        IsolatedPython.option, "-m", "pip", "install", "--no-input", "--disable-pip-version-check",
        "--requirement", requirements.path,
      ], interruption)
  }

  private func run(
    _ python: String, _ arguments: [String], _ interruption: Interruption
  ) throws {
    let environment = IsolatedPython.cleaned(ProcessInfo.processInfo.environment)
      .map { (Environment.Key(stringLiteral: $0.key), $0.value) }
    try BlockingTask.run(interruption) {
      var options = PlatformOptions()
      // A group of its own, so that an interruption ends pip and whatever pip has started.
      options.processGroupID = 0
      options.teardownSequence = [
        .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))
      ]
      do {
        let result = try await Subprocess.run(
          .path(FilePath(python)), arguments: Arguments(arguments),
          environment: .custom(Dictionary(uniqueKeysWithValues: environment)),
          workingDirectory: "/", platformOptions: options, output: .currentStandardError,
          error: .currentStandardError)
        guard result.terminationStatus.isSuccess else {
          throw TRLInstallationError.failed(([python] + arguments).joined(separator: " "))
        }
      } catch let error as SubprocessError {
        throw TRLInstallationError.notStarted(python, reason: sentence(for: error))
      }
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
