import Base
import Foundation
import Synchronization

/// Runs model-written Python apart from the tests that judge it, and confined by the kernel.
package struct Sandbox: Sendable {
  /// The protections in force, for the record of every score.
  package let protections: SandboxProtections
  package let python: PythonInstallation
  /// Whether every program gets a Python that has just started; for comparisons of speed.
  package var startsPythonForEach = false
  let launcher: URL

  private static let found = Mutex<Sandbox?>(nil)

  /// Finds the launcher and Python, once in the life of this program.
  ///
  /// Blocks; never call it from a Swift task.
  /// - Throws: `SandboxError`, which says what is missing and what to do.
  package static func locate() throws -> Sandbox {
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

  /// This sandbox without some protections, as a machine without them has it.
  package func without(_ protections: Set<SandboxProtection>) -> Sandbox {
    Sandbox(
      protections: self.protections.without(protections), python: python,
      startsPythonForEach: startsPythonForEach, launcher: launcher)
  }

  private init(
    protections: SandboxProtections, python: PythonInstallation, startsPythonForEach: Bool = false,
    launcher: URL
  ) {
    self.protections = protections
    self.python = python
    self.startsPythonForEach = startsPythonForEach
    self.launcher = launcher
  }

  /// For records and reports: the protections and the interpreter.
  package var json: JSONValue {
    [
      "protections": protections.json, "python": .string(python.version),
      "numpy": python.numpyVersion.map(JSONValue.string) ?? .null,
    ]
  }

  /// Judges programs, `threads` at a time, and returns the verdicts in their order.
  ///
  /// Blocks; never call it from a Swift task.
  /// - Parameter strength: with `weak`, also where the machine protects itself too little.
  /// - Throws: `SandboxError` when the machine fails, never when a program does.
  package func judge(
    _ programs: [JudgedProgram], limits: SandboxLimits = SandboxLimits(), threads: Int,
    strength: SandboxStrength = .strong
  ) throws -> [SandboxVerdict] {
    try refuseWeakness(strength)
    if python.numpyVersion == nil, programs.contains(where: \.usesNumpy) {
      throw SandboxError.noNumpy(python: python.executable)
    }
    let state = SandboxProgress(count: programs.count)
    let workers = DispatchGroup()
    for _ in 0..<min(max(1, threads), programs.count) {
      workers.enter()
      Thread.detachNewThread {
        while let next = state.next() {
          state.finish(next, Result { try judgeOne(programs[next], limits) })
        }
        workers.leave()
      }
    }
    workers.wait()
    return try state.verdicts()
  }

  /// - Throws: `SandboxError.tooWeak` where the machine protects itself too little.
  func refuseWeakness(_ strength: SandboxStrength) throws {
    guard !protections.isEnough, strength != .weak else { return }
    var missing: [String] = []
    if !protections.noNetwork { missing.append("cutting them off the network") }
    if !protections.killsAsGroup { missing.append("ending all that they start") }
    throw SandboxError.tooWeak(missing: missing)
  }

  private func judgeOne(_ program: JudgedProgram, _ limits: SandboxLimits) throws -> SandboxVerdict
  {
    let arguments = arguments(limits)
    let lane =
      try SandboxLanes.idle.take(arguments)
      ?? SandboxLane(launcher, arguments, environment: environment)
    let verdict = try SandboxRun(program, limits).verdict(in: lane)
    SandboxLanes.idle.giveBack(lane, arguments)
    return verdict
  }

  /// A launcher for another harness than the one that judges functions. Every job gets a Python that
  /// has just started, and nothing of it is left afterwards.
  /// - Parameter folder: what the harness may read beside the system and Python.
  func lane(
    for harness: String, reading folder: String, _ limits: SandboxLimits
  ) throws -> SandboxLane {
    let arguments = arguments(limits, harness: harness, fresh: true, reading: [folder])
    return try SandboxLane(launcher, arguments, environment: environment)
  }

  private func arguments(
    _ limits: SandboxLimits, harness: String = Self.harness, fresh: Bool = false,
    reading folders: [String] = []
  ) -> [String] {
    [
      "--memory", "\(limits.memoryMegabytes)", "--file-size", "\(limits.fileMegabytes)",
    ] + protections.launcherArguments + (startsPythonForEach || fresh ? ["--fresh"] : [])
      + (python.readPaths + folders).flatMap { ["--read", $0] }
      + ["--", python.executable, "-I", "-B", "-c", harness]
  }

  /// A fixed hash seed makes a program that depends on the order of a set fail or pass every time.
  var environment: [String: String] {
    [
      "PATH": "/usr/bin:/bin", "HOME": "/tmp/job", "TMPDIR": "/tmp/job", "LANG": "C.UTF-8",
      "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    ]
  }

  private static let harness = String(decoding: PackageResources.judge_py, as: UTF8.self)
}

/// Hands out programs to threads and gathers the verdicts.
private final class SandboxProgress: Sendable {
  private struct State {
    var next = 0
    var results: [Result<SandboxVerdict, any Error>?]
  }
  private let state: Mutex<State>

  init(count: Int) { state = Mutex(State(results: Array(repeating: nil, count: count))) }

  /// The next program; nil when there is none, or when the machine has failed.
  func next() -> Int? {
    state.withLock { state in
      guard state.next < state.results.count else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  func finish(_ index: Int, _ result: Result<SandboxVerdict, any Error>) {
    state.withLock { state in
      state.results[index] = result
      if case .failure = result { state.next = state.results.count }
    }
  }

  func verdicts() throws -> [SandboxVerdict] {
    let results = state.withLock { $0.results }
    for case .failure(let error)? in results { throw error }
    return try results.compactMap { try $0?.get() }
  }
}

/// One program, judged once.
struct SandboxRun {
  private let program: JudgedProgram
  private let limits: SandboxLimits
  /// Only the tester learns it, and says it only after the tests have passed.
  private let secret: String

  init(_ program: JudgedProgram, _ limits: SandboxLimits) {
    self.program = program
    self.limits = limits
    secret =
      "passed-" + String(UInt64.random(in: .min ... .max), radix: 16)
      + String(UInt64.random(in: .min ... .max), radix: 16)
  }

  /// - Throws: `SandboxError.refused` when the machine fails, never when the program does.
  func verdict(in lane: SandboxLane) throws -> SandboxVerdict {
    let wall = min(limits.wallSeconds * 1000, 1e9).rounded(.up)
    let reply = try lane.judge(Data(job.utf8), wallMilliseconds: UInt32(max(1, wall)))
    if reply == secret { return .passed }
    if reply == "timeout" { return .timedOut }
    guard let reason = reply.split(after: "failed ") else {
      throw SandboxError.refused(reason: reply.split(after: "refused ") ?? reply)
    }
    return .failed(reason: reason)
  }

  private var job: String {
    var job: [String: JSONValue] = [
      "program": .string(program.program), "tests": .string(program.tests),
      "entry_point": .string(program.entryPoint), "secret": .string(secret),
      "seconds": .integer(Int(max(1, limits.seconds.rounded(.up)))),
    ]
    if program.isWhole { job["whole"] = true }
    if !program.imports.isEmpty { job["imports"] = .string(program.imports) }
    if program.comparesKinds { job["compares_kinds"] = true }
    return JSONValue.object(job).text
  }
}

extension String {
  fileprivate func split(after prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}

/// A function that a model wrote, and the tests that judge it.
package struct JudgedProgram: Sendable, Hashable {
  /// Python source that defines the function.
  package let program: String
  /// Python source that defines `check(candidate)`, which raises where the function is wrong.
  package let tests: String
  package let entryPoint: String
  /// Whether `program` is everything, tests and their call included, as the paper runs it. It
  /// passes when it comes to its end, and could then pass itself without meeting a test.
  package let isWhole: Bool
  /// Python source that runs before the program, in its namespace.
  package var imports = ""
  /// Whether a result must have the kind and the shape of what is expected: tests that ask
  /// numpy's `allclose` would else let it stretch one to the other.
  package var comparesKinds = false

  package init(program: String, tests: String, entryPoint: String) {
    self.program = program
    self.tests = tests
    self.entryPoint = entryPoint
    isWhole = false
  }

  /// A program that contains its tests and their call.
  package init(whole program: String) {
    self.program = program
    tests = ""
    entryPoint = ""
    isWhole = true
  }
}

extension JudgedProgram {
  var usesNumpy: Bool { (isWhole ? program : tests).contains("numpy") }
}

/// What the tests said of a program.
package enum SandboxVerdict: Sendable, Hashable {
  case passed
  /// A test failed, or the program did.
  case failed(reason: String)
  /// The time was up; every process was killed.
  case timedOut
}

/// How much must protect the machine from model-written programs.
package enum SandboxStrength: String, Sendable, CaseIterable {
  /// At least no network, and an end of everything that a program starts.
  case strong
  /// Whatever the machine offers.
  case weak
}

/// What a program may use.
package struct SandboxLimits: Sendable, Hashable {
  /// Processor time for the program with all its tests, rounded up to whole seconds. Counted so, a
  /// busy machine does not fail right programs.
  package var seconds: Double
  /// Wall time, after which everything is killed; for programs that sleep.
  package var wallSeconds: Double
  /// Address space of a process, in MiB.
  package var memoryMegabytes: Int
  /// The size of a file that the program writes, in MiB.
  package var fileMegabytes: Int

  /// The paper allows 30 s (the authors' `execution.py`); the other limits are ours.
  /// - Parameter wallSeconds: four times `seconds` where not given.
  package init(
    seconds: Double = 30, wallSeconds: Double? = nil, memoryMegabytes: Int = 4096,
    fileMegabytes: Int = 16
  ) {
    self.seconds = seconds
    self.wallSeconds = wallSeconds ?? 4 * seconds
    self.memoryMegabytes = memoryMegabytes
    self.fileMegabytes = fileMegabytes
  }
}
