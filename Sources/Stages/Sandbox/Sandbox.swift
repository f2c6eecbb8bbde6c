import Foundation
import Runner
import Synchronization

/// Runs model-written Python apart from the tests that judge it, and confined by the kernel.
public struct Sandbox: Sendable {
  /// The protections in force, for the record of every score.
  public let protections: SandboxProtections
  /// The Python that runs the programs.
  public let python: PythonInstallation
  /// Whether every program gets a Python that has just started; for comparisons of speed.
  package var startsPythonForEach = false
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
  public var json: JSONValue {
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
  public func judge(
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

  /// Ends the Pythons that wait for more programs.
  package static func endIdleLanes() { SandboxLanes.idle.end() }

  private func refuseWeakness(_ strength: SandboxStrength) throws {
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

  private func arguments(_ limits: SandboxLimits) -> [String] {
    [
      "--memory", "\(limits.memoryMegabytes)", "--file-size", "\(limits.fileMegabytes)",
    ] + protections.launcherArguments + (startsPythonForEach ? ["--fresh"] : [])
      + python.readPaths.flatMap { ["--read", $0] }
      + ["--", python.executable, "-I", "-B", "-c", Self.harness]
  }

  /// A fixed hash seed makes a program that depends on the order of a set fail or pass every time.
  private var environment: [String: String] {
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
