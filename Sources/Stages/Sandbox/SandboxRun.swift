import Foundation
import Runner
import Subprocess

/// One program, judged once, in a folder of its own.
struct SandboxRun {
  private let sandbox: Sandbox
  private let program: JudgedProgram
  private let limits: SandboxLimits
  /// Only the tester learns it, and says it only after the tests have passed.
  private let secret: String

  init(_ sandbox: Sandbox, _ program: JudgedProgram, _ limits: SandboxLimits) {
    self.sandbox = sandbox
    self.program = program
    self.limits = limits
    secret =
      "passed-" + String(UInt64.random(in: .min ... .max), radix: 16)
      + String(UInt64.random(in: .min ... .max), radix: 16)
  }

  func verdict() async throws -> SandboxVerdict {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "warmup-sandbox-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let ending = try await ChildProcess.run(
      sandbox.launcher, arguments(folder), environment: environment(folder), input: job,
      limit: .seconds(limits.wallSeconds))
    switch ending {
    case .timedOut: return .timedOut
    case .flooded: return .failed(reason: "it wrote too much")
    case .ended(let output): return try read(output)
    }
  }

  private func read(_ output: ChildProcess.Output) throws -> SandboxVerdict {
    if output.text == secret { return .passed }
    let isLauncherFailure = output.errors.hasPrefix("sandbox: ")
    if isLauncherFailure || output.text.hasPrefix("no worker") {
      throw SandboxError.refused(reason: isLauncherFailure ? output.errors : output.text)
    }
    if output.text.hasPrefix("failed timeout") { return .timedOut }
    if case .signaled(let signal) = output.status, signal == SIGXCPU { return .timedOut }
    if output.text.hasPrefix("failed ") {
      return .failed(reason: String(output.text.dropFirst("failed ".count)))
    }
    // Something killed the tester: the program itself has no way to, except by using up memory.
    return .failed(reason: "the tests ended early (\(output.status))")
  }

  private var job: String {
    JSONValue.object([
      "program": .string(program.program), "tests": .string(program.tests),
      "entry_point": .string(program.entryPoint), "secret": .string(secret),
    ]).text
  }

  private func arguments(_ folder: URL) -> [String] {
    let python = sandbox.python
    let seconds = Int(max(1, limits.seconds.rounded(.up)))
    return [
      "--folder", folder.path, "--memory", "\(limits.memoryMegabytes)", "--cpu", "\(seconds)",
      "--file-size", "\(limits.fileMegabytes)",
    ] + python.readPaths.flatMap { ["--read", $0] } + [
      "--", python.executable, "-I", "-B", "-c", PythonHarness.tester,
      "--", python.executable, "-s", "-B", "-c", PythonHarness.worker,
    ]
  }

  /// A fixed hash seed makes a program that depends on the order of a set fail or pass every time.
  private func environment(_ folder: URL) -> [String: String] {
    [
      "PATH": "/usr/bin:/bin", "HOME": folder.path, "TMPDIR": folder.path, "LANG": "C.UTF-8",
      "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    ]
  }
}
