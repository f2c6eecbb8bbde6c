import Tasks
import TestSupport
import Testing

@Suite(.ownThread) struct VerifierAuditTests {
  /// Verifiers that need nothing but this program.
  @Test(arguments: [
    ("math", "math@2"), ("math", "math@1"), ("mmlu_pro", "mmlu_pro@paper"),
    ("mmlu_pro", "mmlu_pro@strict@2"), ("mmlu_pro", "mmlu_pro@strict@1"),
    ("knights_and_knaves", "knights_and_knaves@paper"),
    ("knights_and_knaves", "knights_and_knaves@strict@2"),
    ("knights_and_knaves", "knights_and_knaves@strict@1"),
  ])
  func verifiersSayWhatIsExpected(task: String, verifier: String) throws {
    let task = try TaskDefinitions.named(task)
    let outcomes = try VerifierAudit.outcomes(of: verifier, task, threads: 1)
    let tally = try VerifierAudit(task, [(verifier, outcomes)]).tally(of: 0)
    #expect(tally.unexpected == [])
    #expect(tally.cases >= 20 && tally.cheats >= 3)
    if try verifier == task.verifier(named: task.name == "math" ? "2" : "strict") {
      #expect(tally.caught == tally.cheats && tally.known == 0)
    }
  }

  @Test(
    .enabled(if: PythonForTests.hasNumpy, "needs python3 with numpy"),
    arguments: ["humaneval_plus@2", "humaneval_plus@1", "humaneval_plus@paper"])
  func verifiersThatRunProgramsSayWhatIsExpected(verifier: String) throws {
    let task = try TaskDefinitions.named("humaneval_plus")
    let outcomes = try VerifierAudit.outcomes(of: verifier, task, threads: 1)
    let tally = try VerifierAudit(task, [(verifier, outcomes)]).tally(of: 0)
    #expect(tally.unexpected == [])
    if verifier == task.verifiers[0] { #expect(tally.caught == tally.cheats && tally.known == 0) }
  }

  @Test func everyCaseSaysSomething() throws {
    for task in TaskDefinitions.all {
      let cases = try AuditCase.all(of: task)
      #expect(cases.count >= 10)
      #expect(Set(cases.map(\.id)).count == cases.count)
      #expect(cases.contains { $0.truth == .correct } && cases.contains(where: \.isCheat))
      for subject in cases {
        #expect(Set(subject.deviations.keys).isSubset(of: task.verifiers), "\(subject.id)")
        #expect(!(subject.isCheat && subject.truth == .correct), "\(subject.id)")
      }
    }
  }

  @Test func whatIsUnexpectedAndWhatDisagreesIsNamed() throws {
    let task = try TaskDefinitions.named("math")
    let cases = try AuditCase.all(of: task)
    let truths = cases.map(\.truth)
    var others = truths
    others[3] = truths[3] == .correct ? .wrong : .correct
    let audit = try VerifierAudit(task, [("math@2", truths), ("math@2", others)])
    #expect(audit.disagreements.map(\.subject.id) == [cases[3].id])
    #expect(audit.tally(of: 0).unexpected == [])
    #expect(audit.tally(of: 1).unexpected == [cases[3].id])
  }
}
