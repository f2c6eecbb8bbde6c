import Base
import Foundation
import OrderedCollections
import Runner

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

  private let outcomes: [[String]]
  private let guessed: [[Bool]]
  private let truncated: [[Bool]]
  private let tokens: [[Double]]

  private static let columns = [
    "problem", "problem_id", "outcome", "guessed", "truncated", "tokens",
  ]

  /// Reads `scores.h5` of an instance.
  /// - Returns: nil where the instance has no such file, or one without verdicts.
  /// - Throws: what reading the table throws.
  package init?(of result: InstanceResult) throws {
    let file = result.folder.appending(path: "scores.h5")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    self.init(
      table: try RowTable(contentsOf: file, columns: Self.columns),
      isGreedy: result.parameters["temperature"]?.number == 0)
  }

  /// Takes the verdicts of a table with the columns `problem_id` and `outcome`.
  /// - Parameter isGreedy: whether the completions were sampled at temperature 0.
  package init?(table: RowTable, isGreedy: Bool) {
    guard let ids = try? table.strings("problem_id"), let outcomes = try? table.strings("outcome"),
      !ids.isEmpty
    else { return nil }
    let groups = Self.groups(ids, numbers: try? table.integers("problem"))
    problems = groups.map(\.id)
    let counts = Set(groups.map(\.rows.count))
    samples = counts.count == 1 ? counts.first : nil
    self.isGreedy = isGreedy
    func grouped<Value>(_ column: [Value]?) -> [[Value]] {
      guard let column else { return [] }
      return groups.map { $0.rows.map { column[$0] } }
    }
    self.outcomes = grouped(outcomes)
    guessed = grouped(try? table.booleans("guessed"))
    truncated = grouped(try? table.booleans("truncated"))
    tokens = grouped(try? table.numbers("tokens"))
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
  package static let names = [
    "accuracy", "correct", "wrong", "no_answer", "bad_format", "timeout", "truncated",
    "accuracy_with_guesses", "mean_tokens",
  ]

  /// The k of `pass@k`; nil for another name.
  package static func passCount(_ name: String) -> Int? {
    guard name.hasPrefix("pass@"), let k = Int(name.dropFirst(5)), k >= 1 else { return nil }
    return k
  }

  /// A value of each completion, by problem; nil where the name stands for none.
  ///
  /// `accuracy` and `correct` are 1 or 0, as are the other verdicts and `truncated`.
  package func completions(_ name: String) -> [[Double]]? {
    func shares(_ flags: [[Bool]]) -> [[Double]]? {
      flags.isEmpty ? nil : flags.map { $0.map { $0 ? 1 : 0 } }
    }
    switch name {
    case "accuracy", "correct": return shares(outcomes.map { $0.map { $0 == "correct" } })
    case "wrong", "no_answer", "bad_format", "timeout":
      return shares(outcomes.map { $0.map { $0 == name } })
    case "truncated": return shares(truncated)
    case "accuracy_with_guesses":
      guard !guessed.isEmpty else { return nil }
      return shares(zip(outcomes, guessed).map { zip($0, $1).map { $0 == "correct" || $1 } })
    case "mean_tokens": return tokens.isEmpty ? nil : tokens
    default: return nil
    }
  }

  /// A value of each problem, in the order of `problems`: the mean over its completions, or the
  /// unbiased `pass@k`; nil where the name stands for none.
  package func values(_ name: String) -> [Double]? {
    let values: [Double?]?
    if let k = Self.passCount(name) {
      values = outcomes.map { outcomes in
        Statistics.passAtK(
          samples: outcomes.count, correct: outcomes.count { $0 == "correct" }, k: k)
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

/// The completions of one evaluation with their verdicts.
package struct GradedCompletions: Sendable {
  /// What the verifier said of a completion, and of which it said so.
  package struct Verdict: Sendable {
    /// The problem's id.
    package let problem: String
    /// Which completion of the problem.
    package let sample: Int
    /// The verdict, such as `correct` or `no_answer`.
    package let outcome: String
    /// Whether it counts as right.
    package let isCorrect: Bool

    /// Describes a verdict.
    package init(problem: String, sample: Int, outcome: String, isCorrect: Bool) {
      self.problem = problem
      self.sample = sample
      self.outcome = outcome
      self.isCorrect = isCorrect
    }
  }

  /// What was read and written, beside the verdict.
  package struct Content: Sendable {
    /// What the model read.
    package let prompt: String
    /// What the model wrote.
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

  /// A verdict for each completion.
  package let verdicts: [Verdict]
  private let table: RowTable

  /// Reads `scores.h5` of an artifact's folder.
  /// - Returns: nil where there is no such file, or one without completions.
  /// - Throws: what reading the table throws.
  package init?(folder: URL) throws {
    let file = folder.appending(path: "scores.h5")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    self.init(table: try RowTable(contentsOf: file))
  }

  /// Takes a table with the columns `completion` and `outcome`.
  package init?(table: RowTable) {
    guard table.columns["completion"] != nil, let outcomes = try? table.strings("outcome")
    else { return nil }
    self.table = table
    let problems = try? table.strings("problem_id")
    let samples = try? table.integers("sample")
    let correct = try? table.booleans("correct")
    verdicts = outcomes.indices.map { row in
      Verdict(
        problem: problems?[row] ?? "\(row)", sample: samples?[row] ?? 0, outcome: outcomes[row],
        isCorrect: correct?[row] ?? (outcomes[row] == "correct"))
    }
  }

  /// What stands in a row beside the verdict.
  package func content(at row: Int) -> Content {
    let fields = table.row(row)
    return Content(
      prompt: fields["prompt"]?.string ?? "", text: fields["completion"]?.string ?? "",
      extracted: fields["extracted"]?.string, tokens: fields["tokens"]?.integer,
      isTruncated: fields["truncated"]?.boolean ?? false,
      isGuess: fields["guessed"]?.boolean ?? false)
  }

  /// How many have each verdict: correct first, then by falling number.
  package var tallies: [(outcome: String, isCorrect: Bool, count: Int)] {
    Dictionary(grouping: verdicts, by: \.outcome)
      .map { (outcome: $0.key, isCorrect: $0.key == "correct", count: $0.value.count) }
      .sorted { a, b in
        (a.isCorrect ? 0 : 1, -a.count, a.outcome) < (b.isCorrect ? 0 : 1, -b.count, b.outcome)
      }
  }
}
