import Base
import Runner
import Tasks

/// What kind of mean a value of an evaluation is. Two numbers of different kinds must not be held
/// against each other: with guesses and as a mean over categories, an accuracy is another number.
package struct Quantity: Sendable, Equatable {
  /// Whether random guesses count in place of missing answers; nil where that is not said, or for
  /// other values than accuracies.
  package let withGuesses: Bool?
  /// Over what the mean is; nil where that is not said.
  package let average: MeanKind?

  init(withGuesses: Bool?, average: MeanKind?) {
    self.withGuesses = withGuesses
    self.average = average
  }

  init(of published: PublishedValue) {
    self.init(withGuesses: published.withGuesses, average: published.macro)
  }

  /// What the runs of a cell measured; nil where they know of no single problems.
  ///
  /// The name does not decide alone: a verifier that credits no guesses has the same accuracy with
  /// and without, and problems of one category have one mean.
  init?(of cell: CellRuns) {
    let scores = cell.runs.compactMap(\.scores)
    guard !scores.isEmpty, scores.count == cell.runs.count else { return nil }
    let plain = ProblemScores.plainName(ofMacro: cell.name)
    let isMacro = plain != nil && scores.contains(where: \.isOfSeveralCategories)
    let name = plain ?? cell.name
    let isAccuracy = Self.accuracies.contains(name)
    let isCredited = cell.runs.contains { run in
      run.instance.values["verifier"]?.string.map(Self.creditsGuesses) ?? false
    }
    self.init(
      withGuesses: isAccuracy ? name == Self.guessing && isCredited : nil,
      average: isMacro ? .category : MeanKind.problems)
  }

  private static let guessing = "accuracy_with_guesses"
  private static let accuracies = ["accuracy", Outcome.correct.rawValue, guessing]

  private static func creditsGuesses(_ verifier: String) -> Bool {
    let task = verifier.prefix { $0 != "@" }
    return (try? TaskDefinitions.named(String(task)))?.creditsGuesses(verifier) ?? false
  }

  /// Whether the two may be compared: what one of them leaves open does not count.
  func isSame(as other: Quantity) -> Bool {
    func agree<Value: Equatable>(_ one: Value?, _ two: Value?) -> Bool {
      one == nil || two == nil || one == two
    }
    return agree(withGuesses, other.withGuesses) && agree(average, other.average)
  }

  /// `a mean over categories with guesses`.
  var words: String {
    let mean = average == .category ? "a mean over categories" : "a mean over problems"
    return mean + (withGuesses.map { $0 ? " with guesses" : " without guesses" } ?? "")
  }

  /// Whether two names are those of one value, however it is averaged and whether it has guesses.
  static func isOneFamily(_ first: String, _ second: String) -> Bool {
    func core(_ name: String) -> String {
      let plain = ProblemScores.plainName(ofMacro: name) ?? name
      return accuracies.contains(plain) ? "accuracy" : plain
    }
    return core(first) == core(second)
  }
}
