import Base
import OrderedCollections
import Runner
import Tasks

package struct ComparisonText {
  private let comparison: RunComparison
  private let flipLimit: Int

  /// Prepares the text.
  /// - Parameter flipLimit: how many flips of each direction are shown of an evaluation.
  package init(_ comparison: RunComparison, flipLimit: Int = 5) {
    self.comparison = comparison
    self.flipLimit = flipLimit
  }

  package var text: String {
    ([heading, arms, stages, metrics, lone, flips].filter { !$0.isEmpty }.map { $0 + "\n" })
      .joined(separator: "\n")
  }

  private var heading: String {
    let (first, second) = (comparison.first, comparison.second)
    let same = comparison.sameCount
    return """
      A  \(first.name), \(first.plan.results.count) of \(first.plan.items.count) done
      B  \(second.name), \(second.plan.results.count) of \(second.plan.items.count) done
      \(same == 1 ? "1 instance is" : "\(same) instances are") the same result in both.
      """
  }

  private var arms: String {
    if comparison.arms.isEmpty { return "" }
    let rows = comparison.arms.map { arm in
      var cells = arm.cells
      cells[0] = "  " + cells[0]
      cells[1] += arm.seeds == 1 ? " seed" : " seeds"
      return cells
    }
    return "Accuracy by arm in %: A, B, B − A in points with 95 % over seeds and problems\n"
      + AlignedText.lines(rows, isRight: (1...3).contains).joined(separator: "\n")
  }

  private var stages: String {
    if comparison.stages.isEmpty { return "No parameter differs." }
    let rows = comparison.stages.flatMap { stage -> [[String]] in
      switch (stage.firstKind, stage.secondKind) {
      case (let kind?, nil): return [["  " + stage.name, "only in A", kind]]
      case (nil, let kind?): return [["  " + stage.name, "only in B", kind]]
      case (let one, let other):
        let kinds = one == other ? [] : [["  " + stage.name, "kind", Self.change(one, other)]]
        return kinds
          + stage.changes.map { ["  " + stage.name, $0.name, Self.change($0.first, $0.second)] }
      }
    }
    return "Parameters that differ, A → B\n" + AlignedText.lines(rows).joined(separator: "\n")
  }

  private static func change(_ first: String?, _ second: String?) -> String {
    func words(_ value: String?) -> String {
      guard let value else { return "(not there)" }
      return value.count <= 60 ? value : value.prefix(57) + "…"
    }
    return "\(words(first)) → \(words(second))"
  }

  private var metrics: String {
    if comparison.metrics.isEmpty { return "No number differs." }
    let intervals = Dictionary(
      comparison.evaluations.map { ($0.instance, $0.difference) }
    ) { first, _ in first }
    let parts = comparison.metrics.map { metrics -> String in
      let rows = metrics.values.map { value -> [String] in
        let interval = value.name == "accuracy" ? intervals[metrics.instance] ?? nil : nil
        return [
          "    " + value.name, NumberText.short(value.first), NumberText.short(value.second),
          Self.signed(value.second - value.first), interval.map(Self.words) ?? "",
        ]
      }
      let equal = metrics.equalCount == 0 ? "" : "  (\(metrics.equalCount) equal)"
      return "  \(metrics.instance)\(equal)\n"
        + AlignedText.lines(rows, isRight: (1...3).contains).joined(separator: "\n")
    }
    return "Numbers that differ: A, B, B − A\n" + parts.joined(separator: "\n")
  }

  private static func words(_ difference: Estimate) -> String {
    guard let interval = difference.interval() else { return "" }
    return "95 % over problems: "
      + [interval.lowerBound, interval.upperBound].map { NumberText.signed($0, decimals: 3) }
      .joined(separator: " to ")
  }

  private static func signed(_ value: Double) -> String {
    value > 0 ? "+" + NumberText.short(value) : NumberText.short(value)
  }

  private var lone: String {
    [("A", comparison.onlyFirst), ("B", comparison.onlySecond)].compactMap { run, names in
      names.isEmpty ? nil : "Done in \(run) only: \(Self.brief(names).joined(separator: ", "))"
    }.joined(separator: "\n")
  }

  /// Names of instances; of a stage with many, how many there are.
  package static func brief(_ names: [String]) -> [String] {
    OrderedDictionary(grouping: names) { String($0.prefix { $0 != "[" }) }
      .flatMap { stage, names in names.count > 3 ? ["\(stage) (\(names.count))"] : names }
  }

  private var flips: String {
    if comparison.evaluations.isEmpty { return "" }
    let parts = comparison.evaluations.map { evaluation in
      let counts = zip(
        CompletionSlots.Change.allCases,
        ["correct → wrong", "wrong → correct", "wrong in both", "correct in both"]
      ).map { "\(evaluation.counts[$0, default: 0]) \($1)" }
      return "  \(evaluation.instance): \(counts.joined(separator: ", "))\n"
        + list(evaluation.lost) + list(evaluation.won)
    }
    return "Problems that flipped, A → B\n" + parts.joined().dropLast(1)
  }

  private func list(_ flips: [EvaluationComparison.Flip]) -> String {
    let shown = flips.prefix(flipLimit).map { flip in
      """
          \(flip.problem), sample \(flip.sample): \(flip.firstOutcome.rawValue) → \(flip.secondOutcome.rawValue)
            A  \(Self.printable(flip.firstEnd))
            B  \(Self.printable(flip.secondEnd))

      """
    }
    let more = flips.count - shown.count
    return shown.joined() + (more > 0 ? "    and \(more) more of these\n" : "")
  }

  /// What a model wrote must not reach a terminal as commands.
  private static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? "\u{FFFD}" : scalar
        }))
  }
}

extension RunComparison {
  package var json: JSONValue {
    [
      "first": first.json, "second": second.json, "same_results": .integer(sameCount),
      "stages": .array(stages.map(\.json)), "metrics": .array(metrics.map(\.json)),
      "only_first": .array(onlyFirst.map { .string($0) }),
      "only_second": .array(onlySecond.map { .string($0) }),
      "arms": .array(arms.map(\.json)),
      "evaluations": .array(evaluations.map(\.json)),
    ]
  }
}

extension ArmComparison {
  /// Accuracies and differences are shares of one.
  fileprivate var json: JSONValue {
    let interval = difference.interval().map { interval -> JSONValue in
      [.number(interval.lowerBound), .number(interval.upperBound)]
    }
    return [
      "arm": .string(name), "seeds": .integer(seeds), "first": .number(first / 100),
      "second": .number(second / 100), "difference": .number(difference.mean),
      "interval": interval ?? .null,
    ]
  }
}

extension ComparedRun {
  fileprivate var json: JSONValue {
    [
      "name": .string(name), "instances": .integer(plan.items.count),
      "done": .integer(plan.results.count),
    ]
  }
}

extension RunComparison.Stage {
  fileprivate var json: JSONValue {
    let changes = changes.map { change -> JSONValue in
      [
        "name": .string(change.name), "first": text(change.first), "second": text(change.second),
      ]
    }
    return [
      "stage": .string(name), "first_kind": text(firstKind), "second_kind": text(secondKind),
      "changes": .array(changes),
    ]
  }

  private func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
}

extension RunComparison.Metrics {
  fileprivate var json: JSONValue {
    let values = values.map { value -> JSONValue in
      [
        "name": .string(value.name), "first": .number(value.first),
        "second": .number(value.second), "difference": .number(value.second - value.first),
      ]
    }
    return [
      "instance": .string(instance), "values": .array(values), "equal": .integer(equalCount),
    ]
  }
}

extension EvaluationComparison {
  fileprivate var json: JSONValue {
    let interval = difference?.interval().map { interval -> JSONValue in
      [.number(interval.lowerBound), .number(interval.upperBound)]
    }
    return [
      "instance": .string(instance),
      "correct_to_wrong": .integer(counts[.lost, default: 0]),
      "wrong_to_correct": .integer(counts[.won, default: 0]),
      "both_wrong": .integer(counts[.bothWrong, default: 0]),
      "both_correct": .integer(counts[.bothCorrect, default: 0]),
      "difference": difference.map { .number($0.mean) } ?? .null,
      "interval": interval ?? .null,
      "flips": .array((lost + won).map(\.json)),
    ]
  }
}

extension EvaluationComparison.Flip {
  fileprivate var json: JSONValue {
    [
      "problem": .string(problem), "sample": .integer(sample),
      "first_outcome": .string(firstOutcome.rawValue),
      "second_outcome": .string(secondOutcome.rawValue),
      "first_end": .string(firstEnd), "second_end": .string(secondEnd),
    ]
  }
}
