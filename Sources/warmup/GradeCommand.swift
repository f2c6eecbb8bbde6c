import ArgumentParser
import Base
import Foundation
import Tasks

/// `warmup grade --task TASK FILE.jsonl`.
struct GradeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grade",
    abstract: "Grade completions from any source with a task's verifier.",
    discussion: """
      Reads one JSON object per line, {"id": …, "gold": …, "completion": …}, or the task's own fields \
      in place of "gold", and writes one a line: {"id": …, "verdict": …, "extracted": …}. A line \
      that cannot be read is answered, too: {"id": …, "line": …, "verdict": "unreadable", \
      "reason": …}; the exit code is then 1. A line is answered without waiting for the next.
      """)

  @Option(help: "The task: \(TaskDefinitions.names.joined(separator: ", ")).")
  var task: String

  @Option(help: "One of the task's verifiers, such as strict; the first where nothing is said.")
  var verifier: String?

  @Option(help: "How completions are read: 'evaluate' for a score, 'train' for a reward.")
  var use: TaskUse = .evaluate

  @Option(help: "The seed of guesses in place of missing answers.")
  var seed: UInt64 = 0

  @Option(help: "How many programs may run at a time; no verdict depends on it.")
  var threads: Int = ProcessInfo.processInfo.activeProcessorCount

  @Argument(help: "The file, or - for standard input.", completion: .file())
  var file: String

  func validate() throws {
    guard threads >= 1 else { throw ValidationError("--threads must be at least 1") }
    do { _ = try TaskDefinitions.named(task).verifier(named: verifier) } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() throws {
    let rules = GradingRules(use: use, verifier: verifier, seed: seed, threads: threads)
    let grader = try LineGrader(TaskDefinitions.named(task), rules)
    var lines = try file == "-" ? StandardInputLines() : StandardInputLines(file: file)
    var counts: [Outcome: Int] = [:]
    var unreadable = 0
    while let batch = try nextBatch(of: &lines) {
      var out = ""
      for answer in try grader.grade(batch.map { ($0.number, Data($0.bytes)) }) {
        if let outcome = answer.outcome {
          counts[outcome, default: 0] += 1
        } else {
          unreadable += 1
        }
        out += answer.object.text + "\n"
      }
      try StandardOutput.writeJSON(out)
    }
    StandardOutput.writeError(summary(counts, unreadable) + "\n")
    if unreadable > 0 { throw ExitCode(1) }
  }

  /// The lines that have arrived; of a file enough that programs run side by side.
  private func nextBatch(of lines: inout StandardInputLines) throws -> [StandardInputLines.Line]? {
    guard var batch = try lines.next() else { return nil }
    while file != "-", batch.count < 64, let more = try lines.next() { batch += more }
    return batch
  }

  private func summary(_ counts: [Outcome: Int], _ unreadable: Int) -> String {
    let total = counts.values.reduce(0, +)
    let parts = Outcome.allCases.compactMap { outcome in
      counts[outcome].map { "\(outcome.rawValue) \($0)" }
    }
    let unread = unreadable == 0 ? "" : "; \(counted(unreadable, "line")) could not be graded"
    let outcomes = parts.isEmpty ? "" : ": \(parts.joined(separator: ", "))"
    return "\(total) graded\(outcomes)\(unread)"
  }
}

extension TaskUse: ExpressibleByArgument {}

/// `warmup audit TASK`.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Run a task's verifiers on gold and adversarial cases, and show where they disagree.",
    discussion: """
      Exits with 1 where a verifier's verdict is neither right nor one of its known faults. A \
      verifier that cannot run here is named and left out, unless it was asked for.
      """)

  @Argument(help: "The task: \(TaskDefinitions.names.joined(separator: ", ")).")
  var task: String

  @Option(help: "A verifier to try, such as paper; may be given several times. All, if not given.")
  var verifier: [String] = []

  @Option(help: "How many programs may run at a time.")
  var threads: Int = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard threads >= 1 else { throw ValidationError("--threads must be at least 1") }
    do {
      let definition = try TaskDefinitions.named(task)
      for name in verifier { _ = try definition.verifier(named: name) }
    } catch { throw ValidationError("\(error)") }
  }

  func run() throws {
    let definition = try TaskDefinitions.named(task)
    let asked = try verifier.map { try definition.verifier(named: $0) }
    var columns: [(verifier: String, outcomes: [Outcome])] = []
    for name in asked.isEmpty ? definition.verifiers : asked {
      do {
        let outcomes = try VerifierAudit.outcomes(of: name, definition, threads: threads)
        columns.append((name, outcomes))
      } catch  where asked.isEmpty {
        StandardOutput.writeError("warmup: \(name) is left out: \(sentence(for: error))\n")
      }
    }
    guard !columns.isEmpty else { throw ExitCode(1) }
    let audit = try VerifierAudit(definition, columns)
    try StandardOutput.write(AuditText.text(audit))
    if columns.indices.contains(where: { !audit.tally(of: $0).unexpected.isEmpty }) {
      throw ExitCode(1)
    }
  }
}

/// An audit as text for people.
enum AuditText {
  static func text(_ audit: VerifierAudit) -> String {
    let head = ["verifier", "cases right", "cheats caught", "known faults", "unexpected"]
    let rows = audit.verifiers.indices.map { index in
      let tally = audit.tally(of: index)
      return [
        audit.verifiers[index], "\(tally.right) of \(tally.cases)",
        "\(tally.caught) of \(tally.cheats)", "\(tally.known)", "\(tally.unexpected.count)",
      ]
    }
    var text = table([head] + rows)
    for index in audit.verifiers.indices {
      let unexpected = audit.tally(of: index).unexpected
      if !unexpected.isEmpty {
        text += "\n\(audit.verifiers[index]) is not as expected on: "
        text += unexpected.joined(separator: ", ") + "\n"
      }
    }
    return text + disagreements(audit)
  }

  private static func disagreements(_ audit: VerifierAudit) -> String {
    guard audit.verifiers.count > 1 else { return "" }
    let found = audit.disagreements
    guard !found.isEmpty else { return "\nThey agree on everything.\n" }
    let rows = found.map { finding in
      [finding.subject.id, finding.subject.truth.rawValue] + finding.outcomes.map(\.rawValue)
    }
    return "\nWhere they disagree:\n" + table([["case", "a person"] + audit.verifiers] + rows)
  }

  private static func table(_ rows: [[String]]) -> String {
    AlignedText.lines(rows).map { "  " + $0 + "\n" }.joined()
  }
}
