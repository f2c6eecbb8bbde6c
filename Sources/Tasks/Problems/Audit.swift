import Base
import Foundation

/// A completion with the verdict that a careful person gives it: a golden case, or a cheat that
/// must not pass. Files of our own making, in `Sources/Tasks/Audits`, built into the program.
package struct AuditCase: Sendable {
  /// Short and telling, such as `fraction-unreduced`.
  package let id: String
  /// Whether the completion tries to pass without being right.
  package let isCheat: Bool
  /// As what the completion is graded.
  package let use: TaskUse
  /// What a person says.
  package let truth: Outcome
  /// Faults that are known of some verifiers, which reproduce them on purpose.
  package let deviations: [String: Outcome]
  let item: GradingItem

  /// All cases of a task.
  /// - Throws: `GradingLineError`; nothing, unless the program was built with a broken file.
  package static func all(of task: any TaskDefinition) throws -> [AuditCase] {
    let lines = Data(files[task.name] ?? []).split(separator: 0x0A)
    return try lines.enumerated().map { try AuditCase($1, number: $0 + 1, task: task) }
  }

  package func expected(of verifier: String) -> Outcome { deviations[verifier] ?? truth }

  private init(_ line: Data, number: Int, task: any TaskDefinition) throws {
    let read = try GradingLine(line, number: number, task: task)
    let row = read.item.row
    guard let truth = row["verdict"]?.string.flatMap(Outcome.init(rawValue:)) else {
      throw GradingLineError(line: number, problem: "has no 'verdict'")
    }
    id = read.item.id
    isCheat = row["cheat"]?.boolean ?? false
    use = row["use"]?.string.flatMap(TaskUse.init(rawValue:)) ?? .evaluate
    self.truth = truth
    deviations = (row["deviations"]?.object ?? [:]).compactMapValues {
      $0.string.flatMap(Outcome.init(rawValue:))
    }
    item = read.item
  }

  private static let files: [String: [UInt8]] = [
    "humaneval_plus": PackageResources.audit_humaneval_plus_jsonl,
    "knights_and_knaves": PackageResources.audit_knights_and_knaves_jsonl,
    "math": PackageResources.audit_math_jsonl,
    "mmlu_pro": PackageResources.audit_mmlu_pro_jsonl,
  ]
}

/// A line of a file to be graded: a problem's fields, or just its right answer, and a completion.
package struct GradingLine: Sendable {
  /// The line, which counts from 1.
  package let number: Int
  /// The line's `id`, written back as it was.
  package let id: JSONValue
  package let item: GradingItem

  /// Reads a line. `gold`, where there is one, stands for the column in which the task keeps the
  /// right answer.
  /// - Throws: `GradingLineError`.
  package init(_ line: Data, number: Int, task: any TaskDefinition) throws {
    guard var row = try? JSONValue(parsing: line).object else {
      throw GradingLineError(line: number, problem: "is not a JSON object")
    }
    let name: String
    switch row["id"] {
    case .string(let text)?: name = text
    case .integer(let value)?: name = String(value)
    default: throw GradingLineError(line: number, problem: "has no 'id' that is text or an integer")
    }
    let id = row["id"] ?? .null
    func unreadable(_ problem: String) -> GradingLineError {
      GradingLineError(line: number, id: id, problem: problem)
    }
    guard let completion = row["completion"]?.string else {
      throw unreadable("has no string 'completion'")
    }
    if let gold = row["gold"] {
      guard let column = task.goldColumn else {
        throw unreadable("has a 'gold', but '\(task.name)' is graded by its fields")
      }
      guard gold.answerText != nil else {
        throw unreadable("has a 'gold' that is neither text nor a number")
      }
      row[column] = gold
    }
    if let column = task.goldColumn, row[column] != nil {
      do { row = try task.checked(row) } catch let error as TaskError {
        throw unreadable("cannot be graded: \(error)")
      }
    }
    self.number = number
    self.id = id
    row["completion"] = nil
    item = GradingItem(row: row, completion: completion, id: name)
  }
}

/// What is wrong with a line of a file to be graded.
package struct GradingLineError: Error, CustomStringConvertible {
  /// The line, which counts from 1.
  package let line: Int
  /// The line's `id`; null where it has none that can be read.
  package let id: JSONValue
  /// What follows "line 7" in the sentence.
  package let problem: String

  init(line: Int, id: JSONValue = .null, problem: String) {
    self.line = line
    self.id = id
    self.problem = problem
  }

  package var description: String { "line \(line) \(problem)" }
}

/// Grades lines of completions, so that what other programs sampled can be judged too.
package struct LineGrader: Sendable {
  /// What is said of a line.
  package struct Answer: Sendable {
    /// The verdict; nil for a line that cannot be read or graded.
    package let outcome: Outcome?
    /// What is written in the line's place.
    package let object: JSONValue
  }

  private let task: any TaskDefinition
  private let rules: GradingRules
  private let verifier: String

  /// Grades by a task's rules.
  /// - Throws: `TaskError` for an unknown verifier.
  package init(_ task: any TaskDefinition, _ rules: GradingRules) throws {
    self.task = task
    self.rules = rules
    verifier = try task.verifier(named: rules.verifier)
  }

  /// Answers lines in their order. Blank lines are passed over.
  ///
  /// May block, and must not be called from a Swift task.
  /// - Throws: `SandboxError` and the like, where the verifier itself cannot work.
  package func grade(_ lines: [(number: Int, bytes: Data)]) throws -> [Answer] {
    var answers: [Answer?] = []
    var read: [(place: Int, line: GradingLine)] = []
    for line in lines where !line.bytes.allSatisfy({ [0x20, 0x0D, 0x09].contains($0) }) {
      do {
        read.append(
          (answers.count, try GradingLine(line.bytes, number: line.number, task: task)))
        answers.append(nil)
      } catch let error as GradingLineError {
        answers.append(Self.unreadable(error))
      }
    }
    for (entry, answer) in zip(read, try judge(read.map(\.line))) { answers[entry.place] = answer }
    return answers.compactMap { $0 }
  }

  /// Judges all lines at once, or half by half where a row lacks what the task needs.
  private func judge(_ lines: [GradingLine]) throws -> [Answer] {
    do {
      let verdicts = try task.grade(lines.map(\.item), rules)
      return zip(lines, verdicts).map { Answer(outcome: $1.outcome, object: object($0, $1)) }
    } catch let error as TaskError {
      guard lines.count > 1 else {
        return lines.map {
          Self.unreadable(
            GradingLineError(line: $0.number, id: $0.id, problem: "cannot be graded: \(error)"))
        }
      }
      let half = lines.count / 2
      return try judge(Array(lines[..<half])) + judge(Array(lines[half...]))
    }
  }

  private static func unreadable(_ error: GradingLineError) -> Answer {
    Answer(
      outcome: nil,
      object: [
        "id": error.id, "line": .integer(error.line), "verdict": "unreadable",
        "reason": .string(error.description),
      ])
  }

  private func object(_ line: GradingLine, _ verdict: Verdict) -> JSONValue {
    var fields: [String: JSONValue] = [
      "id": line.id, "verdict": .string(verdict.outcome.rawValue), "verifier": .string(verifier),
      "extracted": verdict.extracted.map(JSONValue.string) ?? .null,
    ]
    if rules.use == .train {
      fields["reward"] = .number(task.defaultRewards.reward(for: verdict.outcome))
    } else if verdict.outcome == .noAnswer {
      fields["guessed"] = .boolean(verdict.guessed)
    }
    return .object(fields)
  }
}

/// What a task's verifiers make of the golden cases and cheats.
package struct VerifierAudit: Sendable {
  /// A case with the verdicts of all verifiers, in the order of `verifiers`.
  package struct Finding: Sendable {
    package let subject: AuditCase
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
