import Base
import Foundation
import Runner
import Synchronization
import Tasks

/// What an `evaluate` stage found for each problem: the level at which arms are compared.
package struct ProblemScores: Sendable {
  /// The problems' ids, sorted by bytes, so that runs can be set side by side.
  package let problems: [String]
  /// How many completions every problem has; nil where they differ.
  package let samples: Int?
  /// Whether the completions were sampled at temperature 0.
  package let isGreedy: Bool
  /// Whether each problem has one answer, so that a problem is right or wrong.
  package var isSingle: Bool { samples == 1 || isGreedy }

  let outcomes: [[Outcome]]
  private let guessed: [[Bool]]
  private let truncated: [[Bool]]
  let tokens: [[Double]]
  /// Which completions have the form that training asks for; none where the file does not say.
  let inForm: [[Bool]]
  let worked: [[Bool]]
  /// The chance of a blind guess, the same for each completion of a problem; none where a problem
  /// has no such chance.
  let chances: [[Double]]
  /// What each problem belongs to, such as `physics`; none where the data set does not say.
  let categories: [String]

  static let columns: [ColumnName] = [
    .problem, .problemID, .outcome, .guessed, .truncated, .tokens, .inForm, .worked, .chance,
    .category,
  ]

  /// Takes the verdicts of a table; nil where it has none.
  /// - Parameter isGreedy: whether the completions were sampled at temperature 0.
  package init?(_ scores: Scores, isGreedy: Bool) {
    guard let ids = try? scores.problemIDs, let outcomes = try? scores.outcomes, !ids.isEmpty
    else { return nil }
    let groups = Self.groups(ids, numbers: try? scores.problems)
    problems = groups.map(\.id)
    let counts = Set(groups.map(\.rows.count))
    samples = counts.count == 1 ? counts.first : nil
    self.isGreedy = isGreedy
    func grouped<Value>(_ column: [Value]?) -> [[Value]] {
      guard let column else { return [] }
      return groups.map { $0.rows.map { column[$0] } }
    }
    self.outcomes = grouped(outcomes)
    guessed = grouped(try? scores.guessed)
    truncated = grouped(try? scores.truncated)
    tokens = grouped((try? scores.tokens)?.map(Double.init))
    inForm = grouped(try? scores.inForm)
    worked = grouped(try? scores.worked)
    let chances = (try? scores.chances) ?? []
    let categories = try? scores.categories
    self.categories = categories.map { column in groups.map { column[$0.rows[0]] } } ?? []
    self.chances = chances.allSatisfy(\.isFinite) && !chances.isEmpty ? grouped(chances) : []
  }

  /// The rows of each problem. Two problems that share an id are told apart by their order.
  private static func groups(
    _ ids: [String], numbers: [Int]?
  ) -> [(id: String, rows: [Int])] {
    guard let numbers else {
      let rows = Dictionary(grouping: ids.indices) { Array(ids[$0].utf8) }
      return sorted(rows.values.map { (ids[$0[0]], $0) })
    }
    let rows = Dictionary(grouping: ids.indices) { numbers[$0] }.sorted { $0.key < $1.key }
    var seen: [String: Int] = [:]
    return sorted(
      rows.map { _, rows in
        let id = ids[rows[0]]
        let earlier = seen[id, default: 0]
        seen[id] = earlier + 1
        return (earlier == 0 ? id : "\(id)#\(earlier + 1)", rows)
      })
  }

  private static func sorted(_ groups: [(id: String, rows: [Int])]) -> [(id: String, rows: [Int])] {
    groups.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
  }
}

extension ProblemScores {
  /// The value names that there are numbers for, apart from `pass@k`.
  package static let names =
    ["accuracy"] + Outcome.allCases.map(\.rawValue) + [
      "truncated", "accuracy_with_guesses", "mean_tokens", "format_rate", "worked", "chance",
    ] + ratioNames

  /// Whether a value is a share of each problem's completions, or a chance estimated from them.
  static func isShare(_ name: String) -> Bool {
    passCount(name) != nil
      || names.contains(name) && !ratioNames.contains(name)
        && !["mean_tokens", "chance"].contains(name)
  }

  /// The k of `pass@k`; nil for another name.
  package static func passCount(_ name: String) -> Int? {
    guard name.hasPrefix("pass@"), let k = Int(name.dropFirst(5)), k >= 1 else { return nil }
    return k
  }

  /// A value of each completion, by problem; nil where the name stands for none.
  ///
  /// `accuracy` and `correct` are 1 or 0, as are the other verdicts, `truncated`, `format_rate` and
  /// `worked`. Means over some of the completions are linearised.
  package func completions(_ name: String) -> [[Double]]? {
    if let plain = Self.plainName(ofMacro: name) {
      return completions(plain).flatMap { macro($0) }
    }
    func shares(_ flags: [[Bool]]) -> [[Double]]? {
      flags.isEmpty ? nil : flags.map { $0.map { $0 ? 1 : 0 } }
    }
    if let outcome = name == "accuracy" ? .correct : Outcome(rawValue: name) {
      return shares(outcomes.map { $0.map { $0 == outcome } })
    }
    switch name {
    case "truncated": return shares(truncated)
    case "accuracy_with_guesses":
      guard !guessed.isEmpty else { return nil }
      return shares(zip(outcomes, guessed).map { zip($0, $1).map { $0 == .correct || $1 } })
    case "mean_tokens": return tokens.isEmpty ? nil : tokens
    case "format_rate": return shares(inForm)
    case "worked": return shares(worked)
    case "chance": return chances.isEmpty ? nil : chances
    default: return ratioTerms(name).flatMap(Self.linearised)
    }
  }

  /// A value of each problem, in the order of `problems`: the mean over its completions, or the
  /// unbiased `pass@k`; nil where the name stands for none.
  package func values(_ name: String) -> [Double]? {
    if let plain = Self.plainName(ofMacro: name) {
      return values(plain).flatMap { macro($0.map { [$0] })?.compactMap(\.first) }
    }
    let values: [Double?]?
    if let k = Self.passCount(name) {
      values = outcomes.map { outcomes in
        Statistics.passAtK(
          samples: outcomes.count, correct: outcomes.count { $0 == .correct }, k: k)
      }
    } else {
      values = completions(name)?.map(Statistics.mean)
    }
    let numbers = values?.compactMap(\.self) ?? []
    return numbers.count == problems.count ? numbers : nil
  }

  /// The standard error of a value's mean from sampling alone: what another draw of completions of
  /// the same problems would change. 0 for greedy completions.
  /// - Returns: nil where a problem has a single completion that was sampled.
  package func samplingError(_ name: String) -> Double? {
    guard let completions = completions(name) else { return nil }
    if isGreedy { return 0 }
    let variances = completions.map { values in
      Statistics.standardDeviation(values).map { $0 * $0 / Double(values.count) }
    }
    let known = variances.compactMap(\.self)
    guard known.count == problems.count else { return nil }
    return known.reduce(0, +).squareRoot() / Double(problems.count)
  }

  /// Whether another arm was measured on the same problems.
  package func hasProblems(of other: ProblemScores) -> Bool {
    problems.count == other.problems.count
      && zip(problems, other.problems).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
  }
}

/// Reads what results hold beside the published values: the verdicts of each evaluation once,
/// however many tables and figures show them.
package final class ResultTables: Sendable {
  /// Reads a table of an instance that is done: the file's name, the columns (nil for all); nil where
  /// there is no such file.
  package typealias Reader =
    @Sendable (_ file: String, _ columns: [ColumnName]?, _ instance: PlannedInstance) throws
    -> RowTable?

  private let read: Reader
  private let scores = Mutex<[String: Result<ProblemScores?, any Error>]>([:])

  package init(_ read: @escaping Reader = ResultTables.fromArtifact) { self.read = read }

  /// Reads a file of the instance's artifact.
  @Sendable package static func fromArtifact(
    _ file: String, _ columns: [ColumnName]?, _ instance: PlannedInstance
  ) throws -> RowTable? {
    guard let artifact = instance.artifact,
      FileManager.default.fileExists(atPath: artifact.folder.appending(path: file).path)
    else { return nil }
    return try RowTable(contentsOf: artifact.whole(file), columns: columns?.map(\.rawValue))
  }

  /// A table that an instance published.
  /// - Returns: nil where there is none.
  /// - Throws: what reading it throws.
  func table(
    _ file: String, of instance: PlannedInstance, columns: [ColumnName]? = nil
  ) throws -> RowTable? {
    try read(file, columns, instance)
  }

  /// The verdicts of an evaluation, by problem.
  /// - Returns: nil where the instance published none.
  /// - Throws: what reading them throws.
  package func scores(of instance: PlannedInstance) throws -> ProblemScores? {
    if let known = scores.withLock({ $0[instance.name] }) { return try known.get() }
    let found = Result<ProblemScores?, any Error> {
      try table(Scores.fileName, of: instance, columns: ProblemScores.columns).flatMap {
        ProblemScores(
          Scores($0), isGreedy: instance.parameters["temperature"]?.number == 0)
      }
    }
    scores.withLock { $0[instance.name] = found }
    return try found.get()
  }
}

extension ResultTables {
  fileprivate func value(_ name: String, of instance: PlannedInstance) -> Double? {
    if instance.values[name] != nil { return instance.values[name]?.number }
    let scores = (try? scores(of: instance)) ?? nil
    return scores?.values(name).flatMap(Statistics.mean)
  }

  /// Published values, and those that follow from the verdicts on problems, for gates.
  package var values: ValueReader { { self.value($0, of: $1) } }
}

extension Findings {
  /// The verdicts of an evaluation, by problem; nil where there are none that can be read.
  func scores(of instance: PlannedInstance) -> ProblemScores? {
    (try? tables.scores(of: instance)) ?? nil
  }

  /// Which instances' verdicts cannot be read.
  func unreadable(among instances: [PlannedInstance]) -> [String] {
    instances.filter { instance in
      do {
        _ = try tables.scores(of: instance)
        return false
      } catch {
        return true
      }
    }.map(\.name)
  }

  /// A value that an instance published, or that follows from its problems: `pass@k`, or one of
  /// `ProblemScores.names`.
  func value(_ name: String, of instance: PlannedInstance) -> Double? {
    tables.value(name, of: instance)
  }

  /// Checks that a stage's instances have a value, as far as any is done.
  /// - Throws: `ReportError.impossible`.
  func check(
    _ reference: ValueReference, of instances: [PlannedInstance], for owner: String
  ) throws {
    let results = instances.filter { $0.stageName == reference.stage && $0.isDone }
    // A value may be there and say that there is none.
    let isKnown = results.contains {
      $0.values[reference.name] != nil || value(reference.name, of: $0) != nil
    }
    if results.isEmpty || isKnown { return }
    throw ReportError.impossible("\(owner): " + absence(of: reference, among: results))
  }

  /// Why no instance has a value, and what to ask for instead.
  private func absence(of reference: ValueReference, among results: [PlannedInstance]) -> String {
    let found = results.compactMap(scores)
    if let k = ProblemScores.passCount(reference.name), !found.isEmpty {
      let most = found.compactMap(\.samples).max() ?? 0
      return "\(reference) needs at least \(k) samples per problem, and \(reference.stage) has "
        + "\(most); raise 'samples'"
    }
    let published = results.flatMap { $0.values.filter { $0.value.number != nil }.keys }
    let derived = found.isEmpty ? [] : ProblemScores.names
    let names = Set(published + derived).sorted()
    return "\(reference.stage) publishes no value '\(reference.name)'"
      + suggestion(for: reference.name, among: names)
  }
}

/// The completions of one evaluation with their verdicts.
package struct GradedCompletions: Sendable {
  /// What was read and written, beside the verdict.
  package struct Content: Sendable {
    package let prompt: String
    package let text: String
    /// What the verifier read as the answer, where it says so.
    package let extracted: String?
    /// How many tokens the model wrote.
    package let tokens: Int?
    /// Whether it was cut off at the limit.
    package let isTruncated: Bool
    /// Whether a guess was credited, as some published verifiers do.
    package let isGuess: Bool
  }

  package let verdicts: [GradedSample]
  private let scores: Scores

  /// Takes the completions of a table; nil where it has none with verdicts.
  package init?(_ scores: Scores) {
    guard let outcomes = try? scores.outcomes, (try? scores.texts) != nil else { return nil }
    self.scores = scores
    let problems = try? scores.problemIDs
    let samples = try? scores.samples
    verdicts = outcomes.indices.map { row in
      GradedSample(
        problem: problems?[row] ?? "\(row)", sample: samples?[row] ?? 0, outcome: outcomes[row])
    }
  }

  /// What stands in a row beside the verdict.
  package func content(at row: Int) -> Content {
    Content(
      prompt: (try? scores.prompts[row]) ?? "", text: (try? scores.texts[row]) ?? "",
      extracted: try? scores.extracted[row], tokens: try? scores.tokens[row],
      isTruncated: (try? scores.truncated[row]) ?? false,
      isGuess: (try? scores.guessed[row]) ?? false)
  }

  package var tallies: [(outcome: Outcome, count: Int)] {
    Self.tallies(Dictionary(grouping: verdicts, by: \.outcome).mapValues(\.count))
  }

  /// How many have each verdict: correct first, then by falling number.
  static func tallies(_ counts: [Outcome: Int]) -> [(outcome: Outcome, count: Int)] {
    func rank(_ tally: (outcome: Outcome, count: Int)) -> (Int, Int, String) {
      (tally.outcome == .correct ? 0 : 1, -tally.count, tally.outcome.rawValue)
    }
    return counts.map { (outcome: $0.key, count: $0.value) }.sorted { rank($0) < rank($1) }
  }
}

/// A completion's verdict, and of which completion it is.
package struct GradedSample: Sendable {
  package let problem: String
  /// Which completion of the problem.
  package let sample: Int
  package let outcome: Outcome

  package init(problem: String, sample: Int, outcome: Outcome) {
    self.problem = problem
    self.sample = sample
    self.outcome = outcome
  }

  package var isCorrect: Bool { outcome == .correct }
}

extension Findings {
  /// The completions of an evaluation with their verdicts; nil where it published none.
  /// - Throws: what reading them throws.
  func completions(of instance: PlannedInstance) throws -> GradedCompletions? {
    try tables.table(Scores.fileName, of: instance).flatMap { GradedCompletions(Scores($0)) }
  }
}
