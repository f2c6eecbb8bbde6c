import Base
import OrderedCollections
import Runner
import Tasks

/// What a cell's accuracy is made of: how many completions have the form that training asks for,
/// how many of those are right, and whether guessing does as well. All runs of the cell count.
package struct Ability: Sendable, Equatable {
  /// Some of the completions.
  package struct Group: Sendable, Equatable {
    package let right: Int
    package let count: Int
    /// The share that is right; 0 for none.
    package var rate: Double { count == 0 ? 0 : Double(right) / Double(count) }
  }

  /// The comparison with blind guessing.
  package struct AboveChance: Sendable, Equatable {
    package enum Basis: String, Sendable {
      case inForm = "in form"
      /// Those with an answer that could be read, where fewer than a tenth are in form.
      case answers = "of answers"
    }

    package let basis: Basis
    package let group: Group
    /// The share of blind guesses that would be right at the problems of the group.
    package let chance: Double
    /// One-sided: that guessing does as well.
    package let pValue: Double
  }

  package let all: Group
  package let inForm: Group
  /// nil where answers cannot be guessed, or where nothing could be read.
  package let aboveChance: AboveChance?
}

extension Ability {
  /// Pools runs; nil where one of them does not say which completions are in form.
  init?(of runs: [ProblemScores]) {
    guard !runs.isEmpty, runs.allSatisfy({ !$0.inForm.isEmpty }) else { return nil }
    let completions = runs.flatMap(Self.completions)
    func group(_ some: [Completion]) -> Group {
      Group(right: some.count(where: \.isRight), count: some.count)
    }
    all = group(completions)
    let formed = completions.filter(\.isInForm)
    inForm = group(formed)
    let isFormRare = formed.count * 10 < completions.count
    let tested = isFormRare ? completions.filter(\.hasAnswer) : formed
    let chances = tested.compactMap(\.chance)
    guard runs.allSatisfy({ !$0.chances.isEmpty }), let chance = Statistics.mean(chances),
      let rate = Self.rate(of: tested)
    else {
      aboveChance = nil
      return
    }
    aboveChance = AboveChance(
      basis: isFormRare ? .answers : .inForm, group: group(tested), chance: chance,
      pValue: rate.pValue(above: chance))
  }

  private struct Completion {
    let problem: String
    let isRight: Bool
    let hasAnswer: Bool
    let isInForm: Bool
    let chance: Double?
  }

  private static func completions(of run: ProblemScores) -> [Completion] {
    run.problems.indices.flatMap { problem in
      run.outcomes[problem].indices.map { place in
        let outcome = run.outcomes[problem][place]
        return Completion(
          problem: run.problems[problem], isRight: outcome == .correct,
          hasAnswer: outcome == .correct || outcome == .wrong,
          isInForm: run.inForm[problem][place],
          chance: run.chances.isEmpty ? nil : run.chances[problem][place])
      }
    }
  }

  /// The share that is right; the completions of a problem, over all runs, are alike. Ids are told
  /// apart by their bytes.
  private static func rate(of some: [Completion]) -> ClusteredRate? {
    let problems = OrderedDictionary(grouping: some) { Array($0.problem.utf8) }.values
    return ClusteredRate(
      counted: problems.map { Double($0.count(where: \.isRight)) },
      of: problems.map { Double($0.count) })
  }
}

extension Ability {
  /// The lines under the accuracy: `in form 36.7 (11 of 30)`, then `chance 20.8, p = 0.140`; none
  /// where they would say nothing.
  var lines: [String] {
    let shown = aboveChance?.group ?? inForm
    let basis = aboveChance?.basis ?? .inForm
    // What is all of the completions stands above already.
    let share =
      shown.count == 0 || shown.count == all.count
      ? nil : "\(basis.rawValue) \(Self.percent(shown.rate)) (\(shown.right) of \(shown.count))"
    let test = aboveChance.map {
      "chance \(Self.percent($0.chance)), \(TableReport.probability($0.pValue))"
    }
    return [share, test].compactMap(\.self)
  }

  private static func percent(_ share: Double) -> String {
    NumberText.fixed(share * 100, decimals: 1)
  }
}

extension CellRuns {
  /// What the cell's accuracy is made of; nil for other values, and until all runs are done.
  var ability: Ability? {
    guard Ability.values.contains(name), mean != nil else { return nil }
    let scores = runs.compactMap(\.scores)
    return scores.count == runs.count ? Ability(of: scores) : nil
  }
}

extension Ability {
  /// The values that it is shown beside.
  static let values = ["accuracy", Outcome.correct.rawValue]
}

/// The sentences under a table about the lines of its cells.
struct AbilityNotes {
  let rows: [TableReport.Row]
  let columns: [TableReport.Column]

  /// How many cells without any form are listed.
  private static let listed = 6

  private var found: [Ability] { rows.flatMap { $0.cells.compactMap(\.ability) } }

  var sentences: [String] { [meaning, formless].compactMap(\.self) }

  private var meaning: String? {
    let lines = found.flatMap(\.lines)
    func isShown(_ words: String) -> Bool { lines.contains { $0.hasPrefix(words) } }
    var parts: [String] = []
    if isShown("in form") {
      parts.append("in form: right among the completions in the form that training asks for")
    }
    if isShown("of answers") {
      parts.append("of answers: right among those that could be read, as under a tenth are in form")
    }
    if isShown("chance") {
      parts.append(
        "chance: how often blind guessing is right at those problems; p: that it is right so often,"
          + " one-sided, with the completions of a problem as one cluster, cell by cell")
    }
    guard let first = parts.first else { return nil }
    return first.prefix(1).uppercased() + (parts.joined(separator: "; ") + ".").dropFirst()
  }

  private var formless: String? {
    let names = rows.flatMap { row in
      zip(columns, row.cells).compactMap { column, cell in
        cell.ability.flatMap { ability in
          ability.inForm.count > 0
            ? nil : [row.label, column.label].filter { !$0.isEmpty }.joined(separator: " / ")
        }
      }
    }
    if names.isEmpty { return nil }
    let rest = names.count - Self.listed
    let shown = names.prefix(Self.listed) + (rest > 0 ? ["and \(rest) more"] : [])
    return "No completion in form: \(shown.joined(separator: "; "))."
  }
}
