import Base
import Foundation

/// A protection that a kernel may or may not offer. Limits on resources always hold.
package enum SandboxProtection: String, Sendable, Hashable, CaseIterable {
  /// User, process, mount, network, host name and message namespaces, with a small file system of
  /// their own and a private folder in memory.
  case namespaces
  /// A filter of system calls (seccomp): no network, no other processes, no kernel settings.
  case calls
  /// Access to files by folder (Landlock).
  case files
}

/// Which protections hold on this machine.
package struct SandboxProtections: Sendable, Hashable {
  package let inForce: Set<SandboxProtection>
  /// The kernel's Landlock version; 0 where it has none.
  package let landlock: Int

  /// Whether no program can reach the network, this machine's own addresses included.
  package var noNetwork: Bool { !inForce.isDisjoint(with: [.namespaces, .calls]) }
  /// Whether nothing that a program starts can outlive it.
  package var killsAsGroup: Bool { !inForce.isDisjoint(with: [.namespaces, .calls]) }
  /// Whether model-written programs may be run without a recipe's `sandbox: weak`.
  package var isEnough: Bool { noNetwork && killsAsGroup }

  package var json: JSONValue {
    [
      "namespaces": .boolean(inForce.contains(.namespaces)),
      "calls": .boolean(inForce.contains(.calls)),
      "files": .boolean(inForce.contains(.files)), "landlock": .integer(landlock),
    ]
  }

  /// Asks the launcher, which tries each on a process of its own.
  /// - Throws: `SandboxError.refused` where it does not answer.
  init(launcher: URL) throws {
    let probe = try ChildProcess.run(
      launcher, ["--probe"], environment: [:], input: "", limit: .seconds(20))
    guard case .ended(let output) = probe,
      let found = try? JSONValue(parsing: Data(output.text.utf8))
    else { throw SandboxError.refused(reason: "\(launcher.path) --probe failed") }
    landlock = found["landlock"]?.integer ?? 0
    var offered: Set<SandboxProtection> = []
    if found["namespaces"]?.boolean == true { offered.insert(.namespaces) }
    if found["calls"]?.boolean == true { offered.insert(.calls) }
    if landlock > 0 { offered.insert(.files) }
    inForce = offered
  }

  private init(inForce: Set<SandboxProtection>, landlock: Int) {
    self.inForce = inForce
    self.landlock = landlock
  }

  func without(_ left: Set<SandboxProtection>) -> SandboxProtections {
    SandboxProtections(inForce: inForce.subtracting(left), landlock: landlock)
  }

  /// What the launcher must be told is missing, so that nothing is left out in silence.
  var launcherArguments: [String] {
    SandboxProtection.allCases.filter { !inForce.contains($0) }.flatMap {
      ["--without", $0.rawValue]
    }
  }
}

/// Why model-written programs cannot be judged on this machine.
package enum SandboxError: Error, CustomStringConvertible {
  /// The launcher was not found.
  case noLauncher(searched: [String])
  /// No Python was found, or it did not answer.
  case noPython(reason: String)
  /// The tests import numpy and Python has none.
  case noNumpy(python: String)
  /// Too little protects this machine from model-written programs.
  case tooWeak(missing: [String])
  /// The kernel refuses what the launcher needs, or the launcher failed.
  case refused(reason: String)

  package var description: String {
    switch self {
    case .noLauncher(let searched):
      """
      the program 'sandbox', which confines model-written programs, was not found in \
      \(searched.joined(separator: ", ")); keep it beside 'warmup', or name it in WARMUP_SANDBOX
      """
    case .noPython(let reason):
      """
      Python 3 is needed to judge model-written programs: \(reason); install python3, or name \
      another one in WARMUP_PYTHON
      """
    case .noNumpy(let python):
      """
      the tests need numpy, which \(python) does not have; install it with \
      '\(python) -m pip install numpy', or name a Python that has it in WARMUP_PYTHON
      """
    case .tooWeak(let missing):
      """
      this machine cannot confine model-written programs: \(missing.joined(separator: " and ")) \
      cannot be had, since it offers neither seccomp filters nor user namespaces; run elsewhere \
      ('warmup doctor' says what a machine offers), or say 'sandbox: weak' in the stage's params \
      if nothing on this machine needs protecting
      """
    case .refused(let reason):
      "the sandbox could not start a program, so nothing was judged: \(reason)"
    }
  }
}

/// The Python that runs model-written programs.
package struct PythonInstallation: Sendable, Hashable {
  /// The interpreter itself, never a script that looks for one.
  package let executable: String
  /// Such as `3.11.7`.
  package let version: String
  /// The version of numpy, where it is installed.
  package let numpyVersion: String?
  /// The folders that hold its library and packages.
  let readPaths: [String]

  private static let question = """
    import importlib.metadata, json, os, sys
    try: numpy = importlib.metadata.version("numpy")
    except importlib.metadata.PackageNotFoundError: numpy = None
    own = os.path.dirname(sys.executable), os.path.dirname(os.path.realpath(sys.executable))
    paths = {*own, *sys.path, sys.prefix, sys.base_prefix, sys.exec_prefix}
    paths = sorted(path for path in paths if os.path.isdir(path) and path != "/")
    print(json.dumps([sys.executable, sys.version.split()[0], numpy, paths]))
    """

  /// Finds Python by WARMUP_PYTHON, else `python3` on the PATH, and asks it where its parts lie.
  /// - Throws: `SandboxError.noPython`.
  package static func locate() throws -> PythonInstallation {
    let program = try IsolatedPython.executable()
    let ending = try? IsolatedPython.run(program, ["-c", question], limit: .seconds(60))
    guard case .ended(let output)? = ending,
      let facts = try? JSONValue(parsing: Data(output.text.utf8)).array, facts.count == 4,
      let executable = facts[0].string, !executable.isEmpty, let version = facts[1].string,
      version.hasPrefix("3."), let paths = facts[3].array?.compactMap(\.string)
    else { throw SandboxError.noPython(reason: "\(program) does not answer as Python 3 does") }
    return PythonInstallation(
      executable: executable, version: version, numpyVersion: facts[2].string, readPaths: paths)
  }
}
