import Foundation
import Runner

/// A completion with the verdict that a careful person gives it: a golden case, or a cheat that
/// must not pass. Files of our own making, in `Sources/Stages/Audits`, built into the program.
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

  /// What a verifier is expected to say.
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
