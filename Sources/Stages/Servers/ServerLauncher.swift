import Base
import Foundation
import Runner

/// Starts a server, waits until it is ready, and ends it with all that it started, also where this
/// program is killed meanwhile.
struct ServerLauncher: Sendable {
  let name: String
  /// What of the command line is filled in but the port and the model's name.
  let command: @Sendable (_ port: UInt16, _ model: String) -> [String]
  let parameters: ServerParameters
  /// Where the log is written.
  let folder: URL

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
    let final = served
    let program = GuardedProgram(
      name: "server", words: command(port, served.model), folder: folder)
    return try await program.run {
      try await whileAlive(program) { try await use(final, port, program, body) }
    }
  }

  private func use<Value: Sendable>(
    _ served: ServerParameters, _ port: UInt16, _ program: GuardedProgram,
    _ body: @Sendable (ServerParameters) async throws -> Value
  ) async throws -> Value {
    try await waitUntilReady(served, port, program)
    return try await body(served)
  }

  /// A port that nobody listens at. Until the server has it somebody else may take it, which the model's
  /// name shows.
  private func freePort() throws -> UInt16 {
    let listening = try ListeningSocket(host: "127.0.0.1", port: 0)
    close(listening.descriptor)
    return listening.port
  }

  private func waitUntilReady(
    _ served: ServerParameters, _ port: UInt16, _ program: GuardedProgram
  ) async throws {
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
    throw ServerStartError.late(name, seconds: parameters.timeout, log: program.log.path)
  }

  /// Does something as long as the server lives.
  private func whileAlive<Value: Sendable>(
    _ program: GuardedProgram, _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
      group.addTask { try await work() }
      group.addTask {
        while true {
          try await Task.sleep(for: .milliseconds(200))
          if let status = program.status {
            throw ServerStartError.ended(
              name, status: "\(status)", log: program.log.path, lastLines: program.lastLines)
          }
        }
      }
      defer { group.cancelAll() }
      guard let value = try await group.next() else { throw CancellationError() }
      return value
    }
  }
}
