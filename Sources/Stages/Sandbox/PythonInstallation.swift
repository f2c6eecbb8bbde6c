import Foundation
import Runner

/// The Python that runs model-written programs.
public struct PythonInstallation: Sendable, Hashable {
  /// The interpreter itself, never a script that looks for one.
  public let executable: String
  /// Such as `3.11.7`.
  public let version: String
  /// The version of numpy, where it is installed.
  public let numpyVersion: String?
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
  static func locate() throws -> PythonInstallation {
    let environment = ProcessInfo.processInfo.environment
    let program = try find(environment)
    let ending = try? ChildProcess.run(
      program, ["-I", "-c", question], environment: environment, input: "", limit: .seconds(60))
    guard case .ended(let output)? = ending,
      let facts = try? JSONValue(parsing: Data(output.text.utf8)).array, facts.count == 4,
      let executable = facts[0].string, !executable.isEmpty, let version = facts[1].string,
      version.hasPrefix("3."), let paths = facts[3].array?.compactMap(\.string)
    else { throw SandboxError.noPython(reason: "\(program.path) does not answer as Python 3 does") }
    return PythonInstallation(
      executable: executable, version: version, numpyVersion: facts[2].string, readPaths: paths)
  }

  private static func find(_ environment: [String: String]) throws -> URL {
    if let named = environment["WARMUP_PYTHON"], !named.isEmpty {
      guard FileManager.default.isExecutableFile(atPath: named) else {
        throw SandboxError.noPython(reason: "WARMUP_PYTHON names \(named), which cannot be run")
      }
      return URL(filePath: named)
    }
    let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
    let paths = folders.map { "\($0)/python3" }
    guard let path = paths.first(where: FileManager.default.isExecutableFile(atPath:)) else {
      throw SandboxError.noPython(reason: "there is no 'python3' on the PATH")
    }
    return URL(filePath: path)
  }
}
