import Base
import Foundation
import Runner
import Tasks

/// Where two results of one key part: the first step, row or weight, in words.
package struct FirstDifference {
  package let file: String
  /// The step of training, from 1; nil where there are none.
  package let step: Int?
  /// What differs, here and in the packed file.
  package let words: String

  /// Turns a text into tokens; nil where there is no tokenizer.
  package typealias Tokenize = (String) -> [Int32]?

  /// Looks into the files that both have: what was sampled at a step comes before what was learned from it.
  /// - Returns: nil where no file that differs can be read in both.
  package init?(_ comparison: Replication.Comparison, tokenize: Tokenize) {
    let models = comparison.item.kind.outputs.filter { $0.type == ArtifactType("model") }.map {
      "\($0.name).h5"
    }
    let found = comparison.files.filter(comparison.readable.contains).compactMap { name in
      models.contains(name)
        ? comparison.firstDataset(in: name).map { Self(file: name, step: nil, words: $0) }
        : Self(
          file: name, comparison.here.folder.appending(path: name),
          comparison.packed.folder.appending(path: name), tokenize)
    }
    let rank = { (difference: Self) in
      [difference.step ?? .max, difference.file == Rollouts.fileName ? 0 : 1]
    }
    guard
      let first = found.min(by: { rank($0).lexicographicallyPrecedes(rank($1)) })
    else { return nil }
    self = first
  }

  private init(file: String, step: Int?, words: String) {
    (self.file, self.step, self.words) = (file, step, words)
  }

  private init?(file: String, _ here: URL, _ packed: URL, _ tokenize: Tokenize) {
    guard let one = try? RowTable(contentsOf: here), let other = try? RowTable(contentsOf: packed)
    else { return nil }
    self.init(file: file, one, other, tokenize)
  }

  // MARK: Rows

  private init?(file: String, _ one: RowTable, _ other: RowTable, _ tokenize: Tokenize) {
    for index in 0..<min(one.count, other.count) {
      let (here, packed) = (one.row(index), other.row(index))
      let names = one.names + other.names.filter { !one.names.contains($0) }
      // Numbers that are missing are NaN, which is no difference.
      let differing = names.filter { here[$0]?.text != packed[$0]?.text }
      if differing.isEmpty { continue }
      // What was written says more than what follows from it.
      let written = ["completion", "prompt", "text"]
      let name = differing.first(where: written.contains) ?? differing[0]
      let step = here["step"]?.integer
      let place = Self.place(of: here, index)
      self.init(
        file: file, step: step,
        words: place + Self.words(name, here[name], packed[name], tokenize))
      return
    }
    guard one.count != other.count else { return nil }
    self.init(file: file, step: nil, words: "\(one.count) rows here, \(other.count) packed")
  }

  private static func place(of row: [String: JSONValue], _ index: Int) -> String {
    guard let problem = row["problem_id"]?.string ?? row["id"]?.string else {
      return row["step"] == nil ? "row \(index + 1): " : ""
    }
    return "problem '\(problem)'" + (row["sample"]?.integer.map { ", sample \($0)" } ?? "") + ": "
  }

  private static func words(
    _ name: String, _ here: JSONValue?, _ packed: JSONValue?, _ tokenize: Tokenize
  ) -> String {
    guard let one = here?.string, let other = packed?.string else {
      return "\(name) is \(here?.text ?? "missing") here and \(packed?.text ?? "missing") packed"
    }
    let place: String
    if let tokens = tokenize(one), let others = tokenize(other) {
      place = "token \(common(tokens, others) + 1)"
    } else {
      place = "byte \(common(Array(one.utf8), Array(other.utf8)) + 1)"
    }
    return "\(name) differs from \(place) on: \(excerpt(one, other)) here, "
      + "\(excerpt(other, one)) packed"
  }

  private static func common<Element: Equatable>(_ one: [Element], _ other: [Element]) -> Int {
    zip(one, other).prefix { $0 == $1 }.count
  }

  /// What a text says around the place where it differs from another.
  private static func excerpt(_ text: String, _ other: String) -> String {
    let start = zip(text.unicodeScalars, other.unicodeScalars).prefix { $0 == $1 }.count
    let scalars = Array(text.unicodeScalars)
    let range = max(0, start - 12)..<min(scalars.count, start + 20)
    var piece = String.UnicodeScalarView()
    piece.append(contentsOf: scalars[range])
    let (before, after) = (
      range.lowerBound > 0 ? "…" : "", range.upperBound < scalars.count ? "…" : ""
    )
    return JSONValue.string(before + String(piece) + after).text
  }
}
