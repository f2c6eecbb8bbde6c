import Foundation
import Runner
import TestSupport
import Testing

/// A file of `experiments/paper/published`, read as plainly as can be.
struct PaperNumbers {
  /// One published number.
  struct Value {
    let at: [String: String]
    let name: String
    let mean: Double
    let problems: Int?
    /// What the file says of this number, or of all.
    let withGuesses: String?
    let macro: String?
    let caveat: String?
  }

  let name: String
  let keys: Set<String>
  let unit: String
  let values: [Value]

  static let root = ProjectFolder.root

  /// Every file, by its name without ending.
  static let all: [String: PaperNumbers] = {
    let folder = root.appending(path: "experiments/paper/published").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let files = names.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
    return Dictionary(
      uniqueKeysWithValues: files.compactMap { name in
        (try? PaperNumbers(name)).map { (name, $0) }
      })
  }()

  init(_ name: String) throws {
    let file = Self.root.appending(path: "experiments/paper/published/\(name).yaml")
    var sink = DiagnosticSink()
    let node = YAMLLoader.load(try String(contentsOf: file, encoding: .utf8), into: &sink)
    try #require(sink.diagnostics.isEmpty, "\(name): \(sink.diagnostics)")
    let root = try #require(node).fields
    self.name = name
    keys = Set(root.keys)
    unit = root["unit"]?.text ?? ""
    guard case .list(let nodes)? = root["values"]?.value else {
      values = []
      return
    }
    values = try nodes.map { node in
      let fields = node.fields
      let known: Set = [
        "at", "value", "mean", "deviation", "problems", "caveat", "model", "with_guesses", "macro",
      ]
      try #require(Set(fields.keys).isSubset(of: known), "\(name): \(fields.keys)")
      return Value(
        at: try #require(fields["at"]).fields.mapValues(\.text),
        name: try #require(fields["value"]).text,
        mean: try #require(Double(fields["mean"]?.text ?? "")),
        problems: Int(fields["problems"]?.text ?? ""),
        withGuesses: (fields["with_guesses"] ?? root["with_guesses"])?.text,
        macro: (fields["macro"] ?? root["macro"])?.text, caveat: fields["caveat"]?.text)
    }
  }

  /// The number at a point.
  func mean(_ at: [String: String]) throws -> Double { try value(at).mean }

  /// The entry at a point.
  func value(_ at: [String: String]) throws -> Value {
    let found = values.filter { $0.at == at }
    try #require(found.count == 1, "\(name) has \(found.count) values at \(at)")
    return found[0]
  }
}

extension RecipeNode {
  /// The entries of a mapping.
  fileprivate var fields: [String: RecipeNode] {
    guard case .map(let entries) = value else { return [:] }
    return Dictionary(entries.map { ($0.key, $0.node) }) { $1 }
  }

  /// A scalar as it would be written.
  fileprivate var text: String {
    switch value {
    case .string(let text): text
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .boolean(let isTrue): "\(isTrue)"
    default: ""
    }
  }
}
