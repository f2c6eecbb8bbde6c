extension RunComparison {
  /// The comparison for other programs to read.
  public var json: JSONValue {
    [
      "first": first.json, "second": second.json, "same_results": .integer(sameCount),
      "stages": .array(stages.map(\.json)), "metrics": .array(metrics.map(\.json)),
      "only_first": .array(onlyFirst.map { .string($0) }),
      "only_second": .array(onlySecond.map { .string($0) }),
      "evaluations": .array(evaluations.map(\.json)),
    ]
  }
}

extension ComparedRun {
  fileprivate var json: JSONValue {
    [
      "name": .string(name), "instances": .integer(entries.count), "done": .integer(doneCount),
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
    let interval = difference?.interval.map { interval -> JSONValue in
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
      "first_outcome": .string(firstOutcome), "second_outcome": .string(secondOutcome),
      "first_end": .string(firstEnd), "second_end": .string(secondEnd),
    ]
  }
}
