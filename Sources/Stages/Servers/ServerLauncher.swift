import Base
import Foundation
import Runner
import Subprocess
import SystemPackage
import Tasks

/// Starts a server, waits until it is ready, and ends it with all that it started, also where this
/// program is killed meanwhile.
struct ServerLauncher: Sendable {
  let name: String
  /// What of the command line is filled in but the port and the model's name.
  let command: @Sendable (_ port: UInt16, _ model: String) -> [String]
  let parameters: ServerParameters
  /// Where the log is written.
  let folder: URL

  private var log: URL { folder.appending(path: "server.log") }
  private var ended: URL { folder.appending(path: "server.ended") }

  /// Runs in a process group of its own: starts the server, and ends the group once nobody holds its
  /// standard input any more, gently at first. The server's status goes into a file.
  private static let script = """
    log=$1; ended=$2; shift 2
    exec 3<&0 </dev/null >>"$log" 2>&1
    trap : TERM
    "$@" 3<&- &
    server=$!
    { cat <&3 >/dev/null; trap '' TERM; kill -TERM 0; sleep 10; kill -KILL 0; } &
    exec 3<&-
    wait $server; status=$?
    while kill -0 $server 2>/dev/null; do wait $server; status=$?; done
    echo $status >"$ended"
    kill -KILL 0
    """

  /// Does something with the server.
  /// - Parameter body: is given the parameters with the address and the model's name.
  /// - Throws: `ServerStartError`, or what `body` throws.
  func run<Value: Sendable>(
    _ body: @escaping @Sendable (ServerParameters) async throws -> Value
  ) async throws -> Value {
    let port = try freePort()
    var served = parameters
    served.url = "http://127.0.0.1:\(port)/v1"
    served.model = "warmup-" + String(UInt64.random(in: .min ... .max), radix: 16)
    try? FileManager.default.removeItem(at: ended)
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = [
      .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(10)),
      .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1)),
    ]
    let words = command(port, served.model)
    let final = served
    let script = folder.appending(path: "server.sh")
    try AtomicFile.write(Self.script + "\n", to: script)
    let result = try await Subprocess.run(
      .path("/bin/sh"),
      arguments: Arguments([script.path, log.path, ended.path] + words),
      environment: .custom(environment), workingDirectory: FilePath(folder.path),
      platformOptions: options, input: .inputWriter, output: .discarded, error: .discarded
    ) { execution in
      let outcome: Result<Value, any Error>
      do {
        outcome = .success(try await whileAlive { try await use(final, port, body) })
      } catch { outcome = .failure(error) }
      try? await execution.standardInputWriter.finish()
      return outcome
    }
    return try result.closureResult.get()
  }

  /// The environment without keys, which are for servers that a recipe names, and without the current
  /// folder among those of programs.
  private var environment: [Environment.Key: String] {
    var all = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix(ServerKeys.prefix) }
    all["PATH"] = IsolatedPython.folders(all["PATH"]).joined(separator: ":")
    let pairs = all.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
    return Dictionary(pairs) { first, _ in first }
  }

  private func use<Value: Sendable>(
    _ served: ServerParameters, _ port: UInt16,
    _ body: @Sendable (ServerParameters) async throws -> Value
  ) async throws -> Value {
    try await waitUntilReady(served, port)
    return try await body(served)
  }

  /// A port that nobody listens at. Until the server has it somebody else may take it, which the model's
  /// name shows.
  private func freePort() throws -> UInt16 {
    let listening = try ListeningSocket(host: "127.0.0.1", port: 0)
    close(listening.descriptor)
    return listening.port
  }

  private func waitUntilReady(_ served: ServerParameters, _ port: UInt16) async throws {
    var impatient = served
    impatient.timeout = min(served.timeout, 10)
    let client = try CompletionClient(impatient, keys: ServerKeys(), maxTokens: 0)
    let end = ContinuousClock.now + .seconds(parameters.timeout)
    while ContinuousClock.now < end {
      if let models = await client.models().array {
        if models.contains(where: { $0["id"]?.string == served.model }) { return }
        throw ServerStartError.foreign(name, port: Int(port))
      }
      try await Task.sleep(for: .milliseconds(200))
    }
    throw ServerStartError.late(name, seconds: parameters.timeout, log: log.path)
  }

  /// Does something as long as the server lives.
  private func whileAlive<Value: Sendable>(
    _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
      group.addTask { try await work() }
      group.addTask {
        while true {
          try await Task.sleep(for: .milliseconds(200))
          if let status = try? String(contentsOf: ended, encoding: .utf8) {
            throw ServerStartError.ended(
              name, status: status.trimmingCharacters(in: .whitespacesAndNewlines), log: log.path,
              lastLines: lastLines)
          }
        }
      }
      defer { group.cancelAll() }
      guard let value = try await group.next() else { throw CancellationError() }
      return value
    }
  }

  private var lastLines: String {
    guard let handle = try? FileHandle(forReadingFrom: log) else { return "" }
    let size = (try? handle.seekToEnd()) ?? 0
    try? handle.seek(toOffset: size > 4096 ? size - 4096 : 0)
    let text = String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
    return text.split(separator: "\n").suffix(5).joined(separator: "\n")
  }
}
