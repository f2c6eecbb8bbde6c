import Base
import Foundation
import OrderedCollections
import Runner
import Tasks

/// What the browser of completions holds: a choice of problems, with what each arm wrote.
///
/// The choice depends on the verdicts alone, so equal results give equal bytes.
package struct BrowserData {
  /// How many slots (problem, run, sample) of a benchmark are shown.
  package static let slotLimit = 200
  /// How many bytes of a completion are shown; longer ones lose their middle.
  package static let textLimit = 6_000
  /// How many bytes all completions together may have; where there are many, each may have fewer.
  package static let totalLimit = 8_000_000

  private let places: EvaluationPlaces
  private let data: Findings
  private let baseline: [String: String]
  private let contrast: [[String: String]]

  /// Gathers what there may be to show.
  /// - Parameters:
  ///   - baseline: the point of the axes that tables compare with.
  ///   - contrast: the points of the two arms that are shown first; fewer where the recipe names none.
  init(
    _ places: EvaluationPlaces, data: Findings, baseline: [String: String] = [:],
    contrast: [[String: String]] = []
  ) {
    self.places = places
    self.data = data
    self.baseline = baseline
    self.contrast = contrast
  }

  /// The data for the page's script; nil where nothing was graded. What cannot be read is left
  /// out.
  func json() -> JSONValue? {
    let evaluations = places.places.enumerated().compactMap(evaluation)
    if evaluations.isEmpty { return nil }
    let boards = places.benchmarks.compactMap { name -> Board? in
      let own = evaluations.filter { places.places[$0.index].benchmark == name }
      return own.isEmpty ? nil : board(name, own)
    }
    let cells = boards.flatMap { $0.chosen.flatMap { $0.cells.compactMap(\.self) } }
    let limit = min(Self.textLimit, Self.totalLimit / max(cells.count, 1))
    let contents = contents(of: cells)
    let runs = OrderedSet(boards.flatMap { $0.chosen.map(\.run) })
    var problems: [JSONValue] = []
    var slots: [JSONValue] = []
    for (index, board) in boards.enumerated() {
      let texts = board.evaluations.first.map {
        ProblemTexts(of: places.places[$0.index].instance, data: data)
      }
      var numbers: [String: Int] = [:]
      for slot in board.chosen {
        let prompt = slot.cells.lazy.compactMap { $0 }.first.flatMap { contents[$0.place]?.prompt }
        let number = numbers[slot.problem] ?? problems.count
        if numbers.updateValue(number, forKey: slot.problem) == nil {
          problems.append(
            Self.json(slot.problem, texts?[slot.problem], prompt: prompt, benchmark: index))
        }
        slots.append([
          "problem": .integer(number), "run": .integer(runs.firstIndex(of: slot.run) ?? 0),
          "sample": .integer(slot.sample),
          "completions": .array(
            slot.cells.map { cell in cell.flatMap { json($0, contents, limit: limit) } ?? .null }),
        ])
      }
    }
    return [
      "arms": .array(places.arms.map { .string($0) }), "runs": .array(runs.map { .string($0) }),
      "benchmarks": .array(boards.map(\.json)), "problems": .array(problems),
      "start": .integer(boards.firstIndex(where: \.isContrasted) ?? 0),
      "slots": .array(slots), "limit": .integer(limit),
    ]
  }

  /// A benchmark with the slots that are shown of it.
  private struct Board {
    let name: String
    let evaluations: [CompletionSlots.Evaluation]
    let all: CompletionSlots
    let chosen: [CompletionSlots.Slot]
    let pair: (first: Int, second: Int)
    /// Whether its arms are those that the recipe sets against each other.
    let isContrasted: Bool

    var arms: [Int] { Set(evaluations.map(\.arm)).sorted() }

    var json: JSONValue {
      let changes = arms.flatMap { first in
        arms.filter { $0 > first }.map { second -> JSONValue in
          let counts = all.count(from: first, to: second)
          return [
            "first": .integer(first), "second": .integer(second),
            "counts": .array(
              CompletionSlots.Change.allCases.map { .integer(counts[$0, default: 0]) }),
          ]
        }
      }
      return [
        "name": .string(name), "arms": .array(arms.map { .integer($0) }),
        "pair": [.integer(pair.first), .integer(pair.second)], "total": .integer(all.slots.count),
        "shown": .integer(chosen.count), "changes": .array(changes),
      ]
    }
  }

  private func board(_ name: String, _ evaluations: [CompletionSlots.Evaluation]) -> Board {
    let arms = Set(evaluations.map(\.arm)).sorted()
    let contrasted = contrastedPair(of: evaluations)
    let (first, second) = contrasted ?? (arms[0], arms.last ?? arms[0])
    let all = CompletionSlots(evaluations, arms: places.arms.count)
    return Board(
      name: name, evaluations: evaluations, all: all,
      chosen: all.chosen(Self.slotLimit, from: first, to: second), pair: (first, second),
      isContrasted: contrasted != nil)
  }

  /// The last two arms at the points that are set against each other which differ in nothing else;
  /// where only one point is given, in nothing else than its axes.
  private func contrastedPair(
    of evaluations: [CompletionSlots.Evaluation]
  ) -> (first: Int, second: Int)? {
    guard let start = contrast.first else { return nil }
    for first in evaluations.reversed() where point(of: first).lies(at: start) {
      let second = evaluations.last { other in
        let (own, others) = (point(of: first), point(of: other))
        return other.arm != first.arm && contrast.dropFirst().allSatisfy { others.lies(at: $0) }
          && own.keys == others.keys
          && own.allSatisfy { start.keys.contains($0.key) || others[$0.key] == $0.value }
      }
      if let second { return (first.arm, second.arm) }
    }
    return nil
  }

  private func point(of evaluation: CompletionSlots.Evaluation) -> AxisPoint {
    places.places[evaluation.index].instance.point
  }

  /// The name of the arm that tables compare with.
  var baselineName: String? { baselineArm.map { places.arms[$0] } }

  private var baselineArm: Int? {
    let place = places.places.first { place in
      !baseline.isEmpty && place.instance.point.lies(at: baseline)
    }
    return place.flatMap { places.arms.firstIndex(of: $0.arm) }
  }

  private func evaluation(
    _ index: Int, _ place: EvaluationPlace
  ) -> CompletionSlots.Evaluation? {
    guard let graded = try? data.completions(of: place.instance),
      let arm = places.arms.firstIndex(of: place.arm)
    else { return nil }
    return CompletionSlots.Evaluation(
      index: index, arm: arm, run: place.run, verdicts: graded.verdicts)
  }

  /// What was written at the chosen places, an evaluation at a time: all together may be large.
  private func contents(
    of cells: [CompletionSlots.Cell]
  ) -> [CellPlace: GradedCompletions.Content] {
    var found: [CellPlace: GradedCompletions.Content] = [:]
    for (index, cells) in OrderedDictionary(grouping: cells, by: \.evaluation) {
      guard let graded = try? data.completions(of: places.places[index].instance) else {
        continue
      }
      for cell in cells { found[cell.place] = graded.content(at: cell.row) }
    }
    return found
  }

  private func json(
    _ cell: CompletionSlots.Cell, _ contents: [CellPlace: GradedCompletions.Content], limit: Int
  ) -> JSONValue? {
    guard let content = contents[cell.place] else { return nil }
    let cut = ShortenedText(content.text, limit: limit)
    var entry: [String: JSONValue] = [
      "outcome": .string(cell.outcome.rawValue), "correct": .boolean(cell.isCorrect),
      "text": .string(cut.head),
    ]
    if cut.omitted > 0 {
      entry["omitted"] = .integer(cut.omitted)
      entry["tail"] = .string(cut.tail)
    }
    if let tokens = content.tokens { entry["tokens"] = .integer(tokens) }
    if let answer = content.extracted { entry["extracted"] = .string(answer) }
    if content.isTruncated { entry["truncated"] = true }
    if content.isGuess { entry["guessed"] = true }
    return .object(entry)
  }

  private static func json(
    _ id: String, _ text: ProblemTexts.ProblemText?, prompt: String?, benchmark: Int
  ) -> JSONValue {
    [
      "id": .string(id), "benchmark": .integer(benchmark),
      "question": text?.question.map { .string($0) } ?? .null,
      "answer": text?.answer.map { .string($0) } ?? .null,
      "prompt": prompt.map { .string($0) } ?? .null,
    ]
  }
}

/// Where a completion stands: the evaluation and the row.
private struct CellPlace: Hashable {
  let evaluation: Int
  let row: Int
}

extension CompletionSlots.Cell {
  fileprivate var place: CellPlace { CellPlace(evaluation: evaluation, row: row) }
}

/// What problems ask and what their right answers are, from the problems' own table.
package struct ProblemTexts: Sendable {
  /// A problem's question and answer, as far as its table says them.
  package struct ProblemText: Sendable {
    package let question: String?
    package let answer: String?
  }

  private let entries: [String: ProblemText]

  package init() { self.init(entries: [:]) }

  private init(entries: [String: ProblemText]) { self.entries = entries }

  /// Reads a table of problems; columns that hold no texts are passed over.
  package init(table: RowTable) {
    guard let ids = try? Problems(table).ids else {
      self.init()
      return
    }
    let pairs = ids.enumerated().map { index, id in (id, ProblemText(table.row(index))) }
    self.init(entries: Dictionary(pairs) { first, _ in first })
  }

  /// Reads the problems that an instance was bound to; none where they are not at hand.
  init(of instance: PlannedInstance, data: Findings) {
    guard let input = data.binding(of: "problems", of: instance),
      let producer = data[input.producer],
      let table = try? data.tables.table("\(input.output).h5", of: producer)
    else {
      self.init()
      return
    }
    self.init(table: table)
  }

  package subscript(id: String) -> ProblemText? { entries[id] }
}

extension ProblemTexts.ProblemText {
  fileprivate init(_ row: [String: JSONValue]) {
    let lines = zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", Problems.options(of: row)).map { "\($0). \($1)" }
    question = Problems.question(of: row).map { text in
      lines.isEmpty ? text : text + "\n\n" + lines.joined(separator: "\n")
    }
    answer = Problems.answer(of: row)
  }
}

/// A text whose middle is left out where it is long: beginnings and ends tell most.
package struct ShortenedText: Sendable, Equatable {
  /// The beginning, or all of it.
  package let head: String
  /// The end, where something was left out.
  package let tail: String
  /// How many characters (Unicode scalars) were left out.
  package let omitted: Int

  /// Shortens a text to about so many bytes, three fifths of them at the beginning.
  package init(_ text: String, limit: Int) {
    let bytes = text.utf8.count
    guard bytes > limit else {
      (head, tail, omitted) = (text, "", 0)
      return
    }
    let scalars = text.unicodeScalars
    // Positions in UTF-8 are rounded down to where a scalar begins.
    func boundary(_ offset: Int) -> String.Index {
      var index = text.utf8.index(text.utf8.startIndex, offsetBy: offset)
      while index > text.startIndex, index.samePosition(in: scalars) == nil {
        index = text.utf8.index(before: index)
      }
      return index
    }
    let end = boundary(limit * 3 / 5)
    let start = boundary(bytes - limit * 2 / 5)
    head = String(scalars[..<end])
    tail = String(scalars[start...])
    omitted = scalars[end..<start].count
  }
}

extension AxisPoint {
  /// Whether its axes have the given values.
  fileprivate func lies(at values: [String: String]) -> Bool {
    values.allSatisfy { axis, value in self[axis].map { $0.string ?? $0.text } == value }
  }
}
