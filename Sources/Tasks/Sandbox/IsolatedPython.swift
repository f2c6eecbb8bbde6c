import Base
import Foundation
import Subprocess
import SystemPackage

/// The only way in which Python is started: nothing of the current folder, of variables or of the
/// user's own packages changes what it loads.
package enum IsolatedPython {
  /// No current folder on the path, no `PYTHON…` variables, no packages of the user (Python's
  /// documentation, "Command line and environment").
  package static let option = "-I"

  /// Variables that programs get to see, if they are set: where things are kept, the language, and
  /// how the network is reached.
  private static let kept: Set<String> = [
    "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
  ]

  /// Runs Python with arguments behind `-I`, outside of the current folder, and blocks until it ends.
  package static func run(
    _ python: String, _ arguments: [String], limit: Duration,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> ChildProcess.Ending {
    try ChildProcess.run(
      URL(filePath: python), [option] + arguments, environment: cleaned(environment), input: "",
      limit: limit, folder: "/")
  }

  /// Runs Python for as long as it takes, as pip does, and blocks until it ends. An interruption ends
  /// it and whatever it has started.
  /// - Throws: `SubprocessError` where it cannot be started, or `InterruptedError`.
  package static func run<Output: OutputProtocol, Errors: ErrorOutputProtocol>(
    _ python: String, _ arguments: [String], output: Output, error: Errors,
    _ interruption: Interruption
  ) throws -> ExecutionResult<Void, Output, Errors>
  where Output.OutputType: Sendable, Errors.OutputType: Sendable {
    let variables = cleaned(ProcessInfo.processInfo.environment).map {
      (Environment.Key(stringLiteral: $0.key), $0.value)
    }
    return try BlockingTask.run(interruption) {
      var options = PlatformOptions()
      options.processGroupID = 0
      options.teardownSequence = [
        .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))
      ]
      return try await Subprocess.run(
        .path(FilePath(python)), arguments: Arguments([option] + arguments),
        environment: .custom(Dictionary(uniqueKeysWithValues: variables)), workingDirectory: "/",
        platformOptions: options, output: output, error: error)
    }
  }

  /// What is left of an environment for Python: no keys, nothing that names the current folder.
  package static func cleaned(_ environment: [String: String]) -> [String: String] {
    var cleaned = environment.filter { name, _ in
      kept.contains(name) || kept.contains(name.uppercased()) || name.hasPrefix("PIP_")
    }
    cleaned["PATH"] = ProgramPath.folders(environment["PATH"]).joined(separator: ":")
    let libraries = ProgramPath.absolute(environment["LD_LIBRARY_PATH"] ?? "")
    if !libraries.isEmpty { cleaned["LD_LIBRARY_PATH"] = libraries.joined(separator: ":") }
    return cleaned
  }

  /// Finds Python by WARMUP_PYTHON, else `python3` on the PATH; always by an absolute path.
  /// - Throws: `SandboxError.noPython`.
  package static func executable(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> String {
    let named = environment["WARMUP_PYTHON"] ?? ""
    let name = named.isEmpty ? "python3" : named
    if name.hasPrefix("/") {
      guard FileManager.default.isExecutableFile(atPath: name) else {
        throw SandboxError.noPython(reason: "WARMUP_PYTHON names \(name), which cannot be run")
      }
      return name
    }
    guard !name.contains("/") else {
      throw SandboxError.noPython(
        reason: "WARMUP_PYTHON names \(name), which is not an absolute path; write it from / on")
    }
    guard let path = ProgramPath.find(name, environment) else {
      throw SandboxError.noPython(reason: "there is no '\(name)' on the PATH")
    }
    return path
  }
}
