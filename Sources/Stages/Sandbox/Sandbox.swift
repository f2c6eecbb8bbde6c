import Foundation
import Runner
import Synchronization

/// A function that a model wrote, and the tests that judge it.
public struct JudgedProgram: Sendable, Hashable {
  /// Python source that defines the function.
  public let program: String
  /// Python source that defines `check(candidate)`, which raises where the function is wrong.
  public let tests: String
  /// The name of the function.
  public let entryPoint: String

  /// Gathers a program and its tests.
  public init(program: String, tests: String, entryPoint: String) {
    self.program = program
    self.tests = tests
    self.entryPoint = entryPoint
  }
}

/// What the tests said of a program.
public enum SandboxVerdict: Sendable, Hashable {
  /// All tests passed.
  case passed
  /// A test failed, or the program did.
  case failed(reason: String)
  /// The time was up; every process was killed.
  case timedOut
}

/// What a program may use.
public struct SandboxLimits: Sendable, Hashable {
  /// Processor time for the program with all its tests, rounded up to whole seconds. Counted so, a
  /// busy machine does not fail right programs.
  public var seconds: Double
  /// Wall time, after which everything is killed; for programs that sleep.
  public var wallSeconds: Double
  /// Address space of a process, in MiB.
  public var memoryMegabytes: Int
  /// The size of a file that the program writes, in MiB.
  public var fileMegabytes: Int

  /// The paper allows 30 s (the authors' `execution.py`); the other limits are ours.
  /// - Parameter wallSeconds: four times `seconds` where not given.
  public init(
    seconds: Double = 30, wallSeconds: Double? = nil, memoryMegabytes: Int = 4096,
    fileMegabytes: Int = 16
  ) {
    self.seconds = seconds
    self.wallSeconds = wallSeconds ?? 4 * seconds
    self.memoryMegabytes = memoryMegabytes
    self.fileMegabytes = fileMegabytes
  }
}

/// Runs model-written Python apart from the tests that judge it, and confined by the kernel.
public struct Sandbox: Sendable {
  /// The protections in force, for the record of every score.
  public let protections: SandboxProtections
  /// The Python that runs the programs.
  public let python: PythonInstallation
  let launcher: URL

  private static let found = Mutex<Sandbox?>(nil)

  /// Finds the launcher and Python, once in the life of this program.
  ///
  /// Blocks; never call it from a Swift task.
  /// - Throws: `SandboxError`, which says what is missing and what to do.
  public static func locate() throws -> Sandbox {
    try found.withLock { known in
      if let known { return known }
      let launcher = try SandboxLauncher.locate()
      let sandbox = Sandbox(
        protections: try SandboxProtections(launcher: launcher),
        python: try PythonInstallation.locate(), launcher: launcher)
      known = sandbox
      return sandbox
    }
  }

  /// For records and reports: the protections and the interpreter.
  public var json: JSONValue {
    [
      "protections": protections.json, "python": .string(python.version),
      "numpy": python.numpyVersion.map(JSONValue.string) ?? .null,
    ]
  }

  /// Judges programs, `threads` at a time, and returns the verdicts in their order.
  ///
  /// Blocks; never call it from a Swift task.
  /// - Throws: `SandboxError` when the machine fails, never when a program does.
  public func judge(
    _ programs: [JudgedProgram], limits: SandboxLimits = SandboxLimits(), threads: Int
  ) throws -> [SandboxVerdict] {
    if python.numpyVersion == nil, programs.contains(where: { $0.tests.contains("numpy") }) {
      throw SandboxError.noNumpy(python: python.executable)
    }
    return try ChildProcess.blocking {
      try await judgeTogether(programs, limits, threads: max(1, threads))
    }
  }

  private func judgeTogether(
    _ programs: [JudgedProgram], _ limits: SandboxLimits, threads: Int
  ) async throws -> [SandboxVerdict] {
    try await withThrowingTaskGroup(of: (Int, SandboxVerdict).self) { group in
      var verdicts = [SandboxVerdict?](repeating: nil, count: programs.count)
      for (index, program) in programs.enumerated() {
        if index >= threads, let (done, verdict) = try await group.next() {
          verdicts[done] = verdict
        }
        group.addTask { (index, try await SandboxRun(self, program, limits).verdict()) }
      }
      while let (done, verdict) = try await group.next() { verdicts[done] = verdict }
      return verdicts.compactMap { $0 }
    }
  }
}
