import Base
import Foundation
import Runner
import Subprocess
import SystemPackage
import Tasks

/// A program from outside that works for a stage: in a process group of its own, which ends with this
/// program, also where this one is killed.
struct GuardedProgram: Sendable {
  /// What it is called in the names of its files.
  let name: String
  /// The command line, which no shell reads.
  let words: [String]
  /// Where it runs, and where its log lies.
  let folder: URL
  /// What it sees of the environment beside `environment`.
  var variables: [String: String] = [:]

  var log: URL { folder.appending(path: "\(name).log") }
  private var ended: URL { folder.appending(path: "\(name).ended") }

  /// Starts the program, and ends the group once nobody holds its standard input any more, gently at
  /// first. The program's status goes into a file.
  private static let script = """
    log=$1; ended=$2; shift 2
    exec 3<&0 </dev/null >>"$log" 2>&1
    trap : TERM
    "$@" 3<&- &
    program=$!
    { cat <&3 >/dev/null; trap '' TERM; kill -TERM 0; sleep 10; kill -KILL 0; } &
    exec 3<&-
    wait $program; status=$?
    while kill -0 $program 2>/dev/null; do wait $program; status=$?; done
    echo $status >"$ended"
    kill -KILL 0
    """

  /// Does something while the program runs, and ends the program after it.
  func run<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try? FileManager.default.removeItem(at: ended)
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = [
      .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(10)),
      .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1)),
    ]
    let script = folder.appending(path: "\(name).sh")
    try AtomicFile.write(Self.script + "\n", to: script)
    let result = try await Subprocess.run(
      .path("/bin/sh"),
      arguments: Arguments([script.path, log.path, ended.path] + words),
      environment: .custom(environment), workingDirectory: FilePath(folder.path),
      platformOptions: options, input: .inputWriter, output: .discarded, error: .discarded
    ) { execution in
      let outcome: Result<Value, any Error>
      do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
      try? await execution.standardInputWriter.finish()
      return outcome
    }
    return try result.closureResult.get()
  }

  /// The status that it ended with, as the shell has it: 128 and more for a signal. Nil while it runs.
  var status: Int? {
    guard let text = try? String(contentsOf: ended, encoding: .utf8) else { return nil }
    return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  /// The end of the log.
  var lastLines: String {
    guard let handle = try? FileHandle(forReadingFrom: log) else { return "" }
    let size = (try? handle.seekToEnd()) ?? 0
    try? handle.seek(toOffset: size > 4096 ? size - 4096 : 0)
    let text = String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
    return text.split(separator: "\n").suffix(5).joined(separator: "\n")
  }

  /// The environment without keys, which are for servers that a recipe names, and without the current
  /// folder among those of programs.
  private var environment: [Environment.Key: String] {
    var all = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix(ServerKeys.prefix) }
    all["PATH"] = ProgramPath.folders(all["PATH"]).joined(separator: ":")
    all.merge(variables) { $1 }
    let pairs = all.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
    return Dictionary(pairs) { first, _ in first }
  }
}
