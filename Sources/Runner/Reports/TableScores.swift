/// The problem-level results behind a table's numbers, read once.
struct TableScores {
  private let scores: [String: ProblemScores]
  /// Which instances' results of problems cannot be read, and why.
  let unreadable: [String]

  /// Reads what the instances published.
  init(_ results: [InstanceResult]) {
    var scores: [String: ProblemScores] = [:]
    var unreadable: [String] = []
    for result in results {
      do {
        scores[result.name] = try ProblemScores(of: result)
      } catch {
        unreadable.append(result.name)
      }
    }
    self.scores = scores
    self.unreadable = unreadable
  }

  /// The problem-level results of an instance.
  func of(_ result: InstanceResult) -> ProblemScores? { scores[result.name] }

  /// A value that an instance published, or that follows from its problems: `pass@k`, or one of
  /// `ProblemScores.names`.
  func number(_ name: String, of result: InstanceResult) -> Double? {
    if result.values[name] != nil { return result.values[name]?.number }
    return scores[result.name]?.values(name).flatMap(Statistics.mean)
  }

  /// Checks that a stage's instances have a value, as far as any is done.
  /// - Throws: `ReportError.impossible`.
  func check(
    _ reference: ValueReference, of instances: [ExpectedInstance], in data: ReportData,
    for owner: String
  ) throws {
    let results = instances.filter { $0.stageName == reference.stage }.compactMap(data.result)
    if results.isEmpty || results.contains(where: { has(reference.name, of: $0) }) { return }
    throw ReportError.impossible("\(owner): " + absence(of: reference, among: results))
  }

  /// Whether an instance says anything of a value, be it that there is none.
  private func has(_ name: String, of result: InstanceResult) -> Bool {
    result.values[name] != nil || number(name, of: result) != nil
  }

  /// Why no instance has a value, and what to ask for instead.
  private func absence(of reference: ValueReference, among results: [InstanceResult]) -> String {
    let found = results.compactMap(of)
    if let k = ProblemScores.passCount(reference.name), !found.isEmpty {
      let most = found.compactMap(\.samples).max() ?? 0
      return "\(reference) needs at least \(k) samples a problem, and \(reference.stage) has "
        + "\(most); raise 'samples'"
    }
    let published = results.flatMap { $0.values.filter { $0.value.number != nil }.keys }
    let derived = found.isEmpty ? [] : ProblemScores.names
    let names = Set(published + derived).sorted()
    return "\(reference.stage) publishes no value '\(reference.name)'"
      + suggestion(for: reference.name, among: names)
  }
}
