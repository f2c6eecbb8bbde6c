import Base
import Foundation
import Subprocess
import SystemPackage

/// Runs programs in a process group of their own, so that a time-out ends all they started.
package enum ChildProcess {
  /// What a program left behind.
  package struct Output: Sendable {
    package let text: String
    let errors: String
    package let status: TerminationStatus
  }

  /// How a run came to its end.
  package enum Ending: Sendable {
    case ended(Output)
    case timedOut
    /// It wrote more than the limit, and was killed.
    case flooded
  }

  /// The most that a program may write on either stream, in bytes.
  static let outputLimit = 1 << 16

  /// Runs a program and blocks until it ends. Never call it from a Swift task.
  /// - Parameter folder: its current folder; this program's where nil.
  package static func run(
    _ program: URL, _ arguments: [String], environment: [String: String], input: String,
    limit: Duration, folder: String? = nil
  ) throws -> Ending {
    try BlockingTask.run(Interruption()) {
      try await run(
        program, arguments, environment: environment, input: input, limit: limit, folder: folder)
    }
  }

  /// Runs a program until it ends, floods its streams, or its time is up.
  static func run(
    _ program: URL, _ arguments: [String], environment: [String: String], input: String,
    limit: Duration, folder: String? = nil
  ) async throws -> Ending {
    try await withThrowingTaskGroup(of: Ending.self) { group in
      group.addTask { try await start(program, arguments, environment, input, folder) }
      group.addTask {
        try await Task.sleep(for: limit)
        return .timedOut
      }
      defer { group.cancelAll() }
      return try await group.next() ?? .timedOut
    }
  }

  private static func start(
    _ program: URL, _ arguments: [String], _ environment: [String: String], _ input: String,
    _ folder: String?
  ) async throws -> Ending {
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = [
      .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))
    ]
    let pairs = environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
    do {
      let result = try await Subprocess.run(
        .path(FilePath(program.path)), arguments: Arguments(arguments),
        environment: .custom(Dictionary(uniqueKeysWithValues: pairs)),
        workingDirectory: folder.map { FilePath($0) },
        platformOptions: options, input: .string(input), output: .string(limit: outputLimit),
        error: .string(limit: outputLimit))
      return .ended(
        Output(
          text: result.standardOutput, errors: result.standardError,
          status: result.terminationStatus))
    } catch let error as SubprocessError where error.code == .outputLimitExceeded {
      return .flooded
    }
  }
}
