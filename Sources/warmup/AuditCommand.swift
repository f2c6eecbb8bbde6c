import ArgumentParser
import Foundation
import Runner
import Stages

/// `warmup audit TASK`.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Try a task's verifiers on golden cases and cheats, and show where they disagree.",
    discussion: """
      Exits with 1 where a verifier says something that is neither right nor one of its known \
      faults. A verifier that cannot work here is named and left out, unless it was asked for.
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
        StandardOutput.writeError("warmup: \(name) is left out: \(error)\n")
      }
    }
    guard !columns.isEmpty else { throw ExitCode(1) }
    let audit = try VerifierAudit(definition, columns)
    StandardOutput.write(AuditText.text(audit))
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
    let columns = rows.first?.indices ?? 0..<0
    let widths = columns.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
      return "  " + cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces) + "\n"
    }.joined()
  }
}
