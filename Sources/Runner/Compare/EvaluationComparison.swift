import OrderedCollections

/// One evaluation in two runs: how accuracy differs, and which problems flipped.
public struct EvaluationComparison: Sendable {
  /// A problem's completion that one run got right and the other did not.
  public struct Flip: Sendable {
    /// The problem's id.
    public let problem: String
    /// Which completion of the problem.
    public let sample: Int
    /// The verdict in the first run.
    public let firstOutcome: String
    /// The verdict in the second run.
    public let secondOutcome: String
    /// The end of what the first run's model wrote.
    public let firstEnd: String
    /// The end of what the second run's model wrote.
    public let secondEnd: String
  }

  /// The instance, such as `scores[arm=base]`.
  public let instance: String
  /// How often each change happened, over all completions that both runs have.
  let counts: [CompletionSlots.Change: Int]
  /// Completions that were right in the first run and are not in the second.
  public let lost: [Flip]
  /// Completions that are right in the second run and were not in the first.
  public let won: [Flip]
  /// Accuracy of the second run minus that of the first, problem by problem; nil where they share
  /// none.
  public let difference: PairedDifference?

  /// How many characters (Unicode scalars) of a completion's end are kept.
  static let endLength = 160

  /// Pairs completions by problem and sample.
  /// - Returns: nil where either has no completions.
  /// - Throws: what reading the tables throws.
  init?(_ instance: String, _ first: Artifact, _ second: Artifact) throws {
    guard let one = try GradedCompletions(folder: first.folder),
      let other = try GradedCompletions(folder: second.folder)
    else { return nil }
    self.init(instance, one, other)
  }

  /// Pairs completions by problem and sample.
  package init(_ instance: String, _ first: GradedCompletions, _ second: GradedCompletions) {
    self.instance = instance
    let slots = CompletionSlots(
      [
        .init(index: 0, arm: 0, run: "", verdicts: first.verdicts),
        .init(index: 1, arm: 1, run: "", verdicts: second.verdicts),
      ], arms: 2)
    counts = slots.count(from: 0, to: 1)
    func flips(_ change: CompletionSlots.Change) -> [Flip] {
      slots.slots.compactMap { slot in
        guard slot.change(from: 0, to: 1) == change, let one = slot.cells[0],
          let other = slot.cells[1]
        else { return nil }
        return Flip(
          problem: slot.problem, sample: slot.sample, firstOutcome: one.outcome,
          secondOutcome: other.outcome, firstEnd: Self.end(first.content(at: one.row).text),
          secondEnd: Self.end(second.content(at: other.row).text))
      }
    }
    lost = flips(.lost)
    won = flips(.won)
    difference = PairedDifference(Self.pairs(slots))
  }

  /// The share of right completions of each problem that both runs have.
  private static func pairs(_ slots: CompletionSlots) -> [(first: Double, second: Double)] {
    func share(_ cells: [CompletionSlots.Cell]) -> Double {
      Double(cells.count(where: \.isCorrect)) / Double(cells.count)
    }
    return OrderedDictionary(grouping: slots.slots, by: \.problem).values.compactMap { slots in
      let one = slots.compactMap { $0.cells[0] }
      let other = slots.compactMap { $0.cells[1] }
      return one.isEmpty || other.isEmpty ? nil : (share(one), share(other))
    }
  }

  /// The end of a text on one line.
  private static func end(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let tail = String(scalars.suffix(endLength))
    let line = tail.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return scalars.count > endLength ? "…" + line : line
  }
}
