/// What a task's verifiers make of the golden cases and cheats.
package struct VerifierAudit: Sendable {
  /// A case with the verdicts of all verifiers, in the order of `verifiers`.
  package struct Finding: Sendable {
    /// The case.
    package let subject: AuditCase
    /// What each verifier says.
    package let outcomes: [Outcome]
  }

  /// The verifiers that were asked, in full.
  package let verifiers: [String]
  /// In the order of the task's file.
  package let findings: [Finding]

  /// Sets what several verifiers say side by side.
  /// - Parameter columns: each verifier with what `outcomes` said of it.
  /// - Throws: `GradingLineError`; nothing, unless the program was built with a broken file.
  package init(
    _ task: any TaskDefinition, _ columns: [(verifier: String, outcomes: [Outcome])]
  ) throws {
    verifiers = columns.map(\.verifier)
    findings = try AuditCase.all(of: task).enumerated().map { index, subject in
      Finding(subject: subject, outcomes: columns.map { $0.outcomes[index] })
    }
  }

  /// What a verifier says of all cases, in their order.
  ///
  /// May block, and must not be called from a Swift task.
  /// - Throws: `TaskError`, `SandboxError`, `MathVerifyError`.
  package static func outcomes(
    of verifier: String, _ task: any TaskDefinition, threads: Int
  ) throws -> [Outcome] {
    let cases = try AuditCase.all(of: task)
    var outcomes = [Outcome](repeating: .noAnswer, count: cases.count)
    for use in TaskUse.allCases {
      let places = cases.indices.filter { cases[$0].use == use }
      let rules = GradingRules(use: use, verifier: verifier, threads: threads)
      let verdicts = try task.grade(places.map { cases[$0].item }, rules)
      for (place, verdict) in zip(places, verdicts) { outcomes[place] = verdict.outcome }
    }
    return outcomes
  }

  /// What one verifier comes to.
  package struct Tally: Sendable, Hashable {
    /// Cases judged as a person judges them, and how many there are; cheats are apart.
    package var right = 0, cases = 0
    /// Cheats that do not pass, and how many there are.
    package var caught = 0, cheats = 0
    /// Verdicts that are wrong and known to be.
    package var known = 0
    /// Verdicts that nobody expects: the verifier has changed, or a part of it is missing.
    package var unexpected: [String] = []
  }

  /// The counts of a verifier.
  package func tally(of index: Int) -> Tally {
    var tally = Tally()
    for finding in findings {
      let (subject, outcome) = (finding.subject, finding.outcomes[index])
      if subject.isCheat {
        tally.cheats += 1
        tally.caught += outcome == .correct ? 0 : 1
      } else {
        tally.cases += 1
        tally.right += outcome == subject.truth ? 1 : 0
      }
      if outcome != subject.expected(of: verifiers[index]) {
        tally.unexpected.append(subject.id)
      } else if outcome != subject.truth {
        tally.known += 1
      }
    }
    return tally
  }

  /// The cases on which not all verifiers say the same.
  package var disagreements: [Finding] { findings.filter { Set($0.outcomes).count > 1 } }
}
