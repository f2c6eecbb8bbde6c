import Runner

extension PlanForecast {
  /// The plan as JSON, with the work that is foreseen of each instance under `work`.
  ///
  /// Of several instances with one result only the first has work; null stands for none, or for
  /// what `unknown` says is not known.
  package func json(of plan: Plan) -> JSONValue {
    let foreseen = Dictionary(items.map { ($0.instance.name, $0) }) { first, _ in first }
    return .array(
      (plan.json.array ?? []).map { entry in
        var members = entry.object ?? [:]
        let item = members["instance"]?.string.flatMap { foreseen[$0] }
        members["work"] = item?.work?.json ?? .null
        members["unknown"] = (item?.unknown).map { .string($0) } ?? .null
        return .object(members)
      })
  }
}

extension Work {
  fileprivate var json: JSONValue {
    [
      "sampled_tokens": .integer(sampledTokens), "trained_tokens": .integer(trainedTokens),
      "operations": .number(operations), "memory_bytes": .number(bytes),
    ]
  }
}
