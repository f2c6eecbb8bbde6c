import Runner

/// A function that a model wrote, and the tests that judge it.
public struct JudgedProgram: Sendable, Hashable {
  /// Python source that defines the function.
  public let program: String
  /// Python source that defines `check(candidate)`, which raises where the function is wrong.
  public let tests: String
  /// The name of the function.
  public let entryPoint: String
  /// Whether `program` is everything, tests and their call included, as the paper runs it. It
  /// passes when it comes to its end, and could then pass itself without meeting a test.
  public let isWhole: Bool

  /// Gathers a program and its tests.
  public init(program: String, tests: String, entryPoint: String) {
    self.program = program
    self.tests = tests
    self.entryPoint = entryPoint
    isWhole = false
  }

  /// A program that contains its tests and their call.
  public init(whole program: String) {
    self.program = program
    tests = ""
    entryPoint = ""
    isWhole = true
  }
}

extension JudgedProgram {
  /// Whether its tests need numpy.
  var usesNumpy: Bool { (isWhole ? program : tests).contains("numpy") }
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

/// How much must protect the machine from model-written programs.
public enum SandboxStrength: String, Sendable, Hashable, ParameterChoice {
  /// At least no network, and an end of everything that a program starts.
  case strong
  /// Whatever the machine offers.
  case weak
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
