import Base
import Foundation
import Runner
import Subprocess
import TRLAdapter
import Tasks

/// Which packages an environment with TRL is made of.
package enum TRLPackages: String, CaseIterable, Sendable {
  /// With a torch for CPUs, each file by its SHA-256.
  case cpu
  /// With a torch for NVIDIA's GPUs, each file by its SHA-256.
  case cuda
  /// The same versions, of whatever files and torch pip finds: for other machines.
  case unlocked

  /// What is taken where nobody says: that of the machine's devices.
  package static var ofThisMachine: TRLPackages {
    FileManager.default.fileExists(atPath: "/dev/nvidiactl") ? .cuda : .cpu
  }

  fileprivate var requirements: Data {
    switch self {
    case .cpu: TRLAdapter.cpuRequirements
    case .cuda: TRLAdapter.cudaRequirements
    case .unlocked: TRLAdapter.requirements
    }
  }

  /// The Pythons that its files are for.
  fileprivate var pythons: [String] {
    switch self {
    case .cpu: ["3.11"]
    case .cuda: ["3.11", "3.12", "3.13"]
    case .unlocked: []
    }
  }

  /// What pip is told so that it takes nothing else.
  fileprivate var options: [String] {
    self == .unlocked ? [] : ["--require-hashes", "--only-binary", ":all:"]
  }
}

/// A Python environment with TRL, in the versions that the adapter was tested with.
package struct TRLInstallation: Sendable {
  /// Where it is, or will be.
  package let folder: URL
  package let packages: TRLPackages

  package init(folder: URL, packages: TRLPackages = .ofThisMachine) {
    self.folder = folder
    self.packages = packages
  }

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
    let python = try IsolatedPython.executable()
    try check(python)
    try run(python, ["-m", "venv", folder.path], interruption)
    let requirements = folder.appending(path: "requirements.txt")
    try packages.requirements.write(to: requirements)
    try run(
      self.python.path,
      ["-m", "pip", "install", "--no-input", "--disable-pip-version-check"] + packages.options
        + ["--requirement", requirements.path], interruption)
  }

  private static let question =
    "import platform, sys; print('%d.%d' % sys.version_info[:2], platform.machine(), sys.platform)"

  /// Makes sure that a locked set has files for a Python.
  private func check(_ python: String) throws {
    guard packages != .unlocked else { return }
    guard
      case .ended(let output)? = try? IsolatedPython.run(
        python, ["-c", Self.question], limit: .seconds(30))
    else { return }
    let found = output.text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard packages.pythons.contains(where: { found == "\($0) x86_64 linux" }) else {
      throw TRLInstallationError.unlocked(found, packages)
    }
  }

  private func run(
    _ python: String, _ arguments: [String], _ interruption: Interruption
  ) throws {
    do {
      let result = try IsolatedPython.run(
        python, arguments, output: .currentStandardError, error: .currentStandardError, interruption
      )
      guard result.terminationStatus.isSuccess else {
        throw TRLInstallationError.failed(
          ([python] + arguments).joined(separator: " "), packages)
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
  case failed(String, TRLPackages)
  /// There are no locked files for such a Python.
  case unlocked(String, TRLPackages)
  case notStarted(String, reason: String)

  package var description: String {
    switch self {
    case .occupied(let folder):
      "\(folder.visible) holds something else than a Python environment; name another folder"
    case .failed(let command, let packages):
      "'\(command.visible)' failed, as it says above; run this again when the reason is gone, and it "
        + "goes on with what is there"
        + (packages == .cpu
          ? ". A torch for CPUs alone is on PyTorch's own index, which pip's settings must name "
            + "(extra-index-url); '--packages cuda' takes the usual one, which does without a GPU, too, and "
            + "brings 4 GB more" : "")
    case .unlocked(let found, let packages):
      "the set \(packages.rawValue) has no files for Python \(found.visible), but for "
        + "\(packages.pythons.joined(separator: ", ")) on x86_64 and Linux: name another Python in "
        + "WARMUP_PYTHON, or take '--packages unlocked', the same versions of whatever files pip finds"
    case .notStarted(let python, let reason):
      "\(python.visible) could not be started: \(reason)"
    }
  }
}
