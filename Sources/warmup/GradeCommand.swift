import ArgumentParser
import Foundation
import Runner
import Stages

/// `warmup grade --task TASK FILE.jsonl`.
struct GradeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grade",
    abstract: "Judge completions of any origin with a task's verifier.",
    discussion: """
      Reads one JSON object a line, {"id": …, "gold": …, "completion": …}, or the task's own fields \
      in place of "gold", and writes one a line: {"id": …, "verdict": …, "extracted": …}. A line \
      that cannot be read is named on standard error, and the rest is graded all the same.
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
    var refused = 0
    while let batch = try nextBatch(of: &lines) {
      var out = ""
      for answer in try grader.grade(batch.map { ($0.number, Data($0.bytes)) }) {
        switch answer {
        case .verdict(let outcome, let object):
          counts[outcome, default: 0] += 1
          out += object.text + "\n"
        case .refused(let error):
          refused += 1
          StandardOutput.writeError("warmup: \(error)\n")
        }
      }
      StandardOutput.write(out)
    }
    StandardOutput.writeError(summary(counts, refused) + "\n")
    if refused > 0 { throw ExitCode(1) }
  }

  /// The lines that have arrived; of a file enough that programs run side by side.
  private func nextBatch(of lines: inout StandardInputLines) throws -> [StandardInputLines.Line]? {
    guard var batch = try lines.next() else { return nil }
    while file != "-", batch.count < 64, let more = try lines.next() { batch += more }
    return batch
  }

  private func summary(_ counts: [Outcome: Int], _ refused: Int) -> String {
    let total = counts.values.reduce(0, +)
    let parts = Outcome.allCases.compactMap { outcome in
      counts[outcome].map { "\(outcome.rawValue) \($0)" }
    }
    let unread = refused == 0 ? "" : "; \(refused) lines could not be graded"
    return "\(total) graded: \(parts.joined(separator: ", "))\(unread)"
  }
}

extension TaskUse: ExpressibleByArgument {}
