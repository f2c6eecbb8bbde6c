import Base
import Foundation
import HDF5
import Runner
import Tasks

/// How a model was chosen among others: by which value, and on which problems. It lies in the model's
/// file, so that no evaluation can overlook it.
package struct ModelSelection: Sendable, Equatable {
  /// The value that was highest, such as `accuracy`.
  package let best: String
  /// Of how many models.
  package let candidates: Int
  /// The problems on which the value was measured.
  package let problems: ProblemFingerprints
  /// Whether the recipe said that these are problems of the test.
  package let isOnTest: Bool

  package init(best: String, candidates: Int, problems: ProblemFingerprints, isOnTest: Bool) {
    self.best = best
    self.candidates = candidates
    self.problems = problems
    self.isOnTest = isOnTest
  }

  private static let path = "/selections"

  /// How the model of a file was chosen; nothing where it was not.
  static func all(in file: URL) throws -> [ModelSelection] {
    try all(in: HDF5Reader(file))
  }

  static func all(in file: HDF5Reader) throws -> [ModelSelection] {
    guard try file.exists(path) else { return [] }
    return try file.readStrings(path).map { text in
      guard let json = try? JSONValue(parsing: Data(text.utf8)), let selection = Self(json) else {
        throw StageError.failed("\(file.url.path) does not say how its model was chosen")
      }
      return selection
    }
  }

  static func write(_ selections: [ModelSelection], to file: HDF5File) throws {
    if !selections.isEmpty { try file.write(strings: selections.map(\.json.text), to: path) }
  }

  private var json: JSONValue {
    [
      "best": .string(best), "candidates": .integer(candidates), "on_test": .boolean(isOnTest),
      "ids": .array(problems.ids.map { .string($0) }),
      "questions": .array(problems.questions.map { .string($0) }),
    ]
  }

  private init?(_ json: JSONValue) {
    guard let best = json["best"]?.string, let candidates = json["candidates"]?.integer,
      let ids = json["ids"]?.array?.compactMap(\.string),
      let questions = json["questions"]?.array?.compactMap(\.string),
      case .boolean(let isOnTest)? = json["on_test"]
    else { return nil }
    self.init(
      best: best, candidates: candidates,
      problems: ProblemFingerprints(ids: ids, questions: questions), isOnTest: isOnTest)
  }
}

extension ModelSelection {
  private var words: String { "the best of \(candidates) by \(best)" }

  /// What is said of a model that is measured on other problems than those that chose it.
  var proof: String {
    "\(words) on \(problems.ids.count) problems, none of which is among those measured here"
  }

  /// What is said under every table that shows a model measured on problems that chose it.
  func warning(_ overlap: [String], among count: Int) -> String {
    let which = overlap.count == count ? "these" : "\(overlap.count) of these \(count)"
    return "\(words), chosen on the test set: on \(which) problems"
  }

  /// Why a model is not measured.
  func refusal(_ overlap: [String], among count: Int) -> String {
    let first = overlap.prefix(3).joined(separator: ", ")
    return
      "\(overlap.count) of the \(count) problems chose the model (\(first)…), which is \(words) on "
      + "them; measure it on others, or say 'on_test: true' where it is chosen, and every table says "
      + "so too"
  }
}
