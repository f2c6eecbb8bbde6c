import Foundation
import Tasks
import TestSupport
import Testing

/// What programs commonly do, and what the filter of system calls must therefore let them do.
///
/// They stand in `Tests/Fixtures/ordinary-programs.py`; each defines `use`, which returns True.
/// `#% sentence` begins one, `#+ sentence` one that writes files, which only namespaces allow.
struct OrdinaryProgram: Sendable, CustomStringConvertible {
  let description: String
  let program: String
  let writes: Bool

  static let all: [OrdinaryProgram] = {
    let file = ProjectFolder.fixtures.appending(path: "ordinary-programs.py")
    let lines = (try? String(contentsOf: file, encoding: .utf8))?.components(separatedBy: "\n")
    var programs: [OrdinaryProgram] = []
    var title: Substring?
    var body: [String] = []
    for line in (lines ?? []) + ["#% "] {
      guard line.hasPrefix("#% ") || line.hasPrefix("#+ ") else {
        body.append(line)
        continue
      }
      if let title {
        programs.append(
          OrdinaryProgram(
            description: String(title.dropFirst(3)), program: body.joined(separator: "\n"),
            writes: title.hasPrefix("#+")))
      }
      (title, body) = (line[...], [])
    }
    return programs
  }()
}

/// Skipped where there is no python3 with numpy.
@Suite(.enabled(if: PythonForTests.hasNumpy, "needs python3 with numpy"), .serialized, .ownThread)
struct OrdinaryProgramsTests {
  @Test(arguments: SandboxAttackTests.machines)
  func ordinaryProgramsPass(_ machine: SandboxAttackTests.Machine) throws {
    let sandbox = try Sandbox.locate().without(machine.lacks)
    #expect(OrdinaryProgram.all.count >= 15)
    let jobs = OrdinaryProgram.all.map {
      JudgedProgram(
        program: $0.program, tests: "def check(candidate):\n    assert candidate() is True\n",
        entryPoint: "use")
    }
    let verdicts = try sandbox.judge(jobs, limits: SandboxLimits(seconds: 300), threads: 2)
    let writes = sandbox.protections.inForce.contains(.namespaces)
    for (program, verdict) in zip(OrdinaryProgram.all, verdicts) {
      let passes = writes || !program.writes
      #expect((verdict == .passed) == passes, "\(program) on \(machine): \(verdict)")
    }
  }
}
