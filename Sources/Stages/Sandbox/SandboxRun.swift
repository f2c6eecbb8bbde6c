import Foundation
import Runner

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
    return JSONValue.object(job).text
  }
}

extension String {
  fileprivate func split(after prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
