import Base
import Foundation
import Runner
import Stages
import TestSupport
import Testing

private let python = ProcessInfo.processInfo.environment["WARMUP_TRL_PYTHON"]

/// `engine: trl` with the real TRL, where WARMUP_TRL_PYTHON names a Python that has it.
@Suite(
  .enabled(
    if: python != nil,
    "WARMUP_TRL_PYTHON names no Python with TRL; docs/engines.md says how to make one"),
  .serialized, .ownThread)
struct TRLCheckTests {
  /// One process, and two that share each step.
  @Test(arguments: [1, 2])
  func weightsAreThoseOfNativeTraining(processes: Int) throws {
    var site = Site()
    site.python = try #require(python)
    let check = try TRLCheck(site, threads: 2, processes: processes)
    #expect(check.difference < 1e-5 && check.difference > 0, "\(check.difference)")
    #expect(check.description["versions"]?["trl"]?.string?.hasPrefix("1.16.") == true)
  }
}
