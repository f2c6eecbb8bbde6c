import Base
import Foundation

/// A text with places for the columns of a problem, from which the prompt is made.
///
/// The files lie in `Sources/Stages/Prompts` and are built into the program. Places are
/// `{prompt}`, `{question}`, `{options}` and `{category}`; other braces stand for themselves. In a
/// recipe's own template places are `{{column}}`, for any column.
package struct PromptTemplate: Sendable, Hashable {
  package let name: String
  package let text: String
  /// Whether places are `{{column}}`.
  package let hasColumns: Bool

  package init(name: String, text: String, hasColumns: Bool = false) {
    self.name = name
    self.text = text
    self.hasColumns = hasColumns
  }

  /// SHA-256 of the text, which every score carries.
  package var sha256: String { SHA256Digest.hex(of: Data(text.utf8)) }

  /// The names, sorted.
  package static var names: [String] { files.keys.sorted() }

  /// The template of a name.
  /// - Throws: `TaskError.unknownTemplate` with a suggestion.
  package static func named(_ name: String) throws -> PromptTemplate {
    guard let bytes = files[name] else {
      throw TaskError.unknownTemplate(name: name, known: names)
    }
    return PromptTemplate(name: name, text: String(decoding: bytes, as: UTF8.self))
  }

  /// The prompt of a problem. What is inserted is never searched for places itself.
  /// - Throws: `TaskError.missingColumn` where the row lacks what a place stands for.
  package func render(_ row: [String: JSONValue]) throws -> String {
    if hasColumns { return try renderColumns(row) }
    var rest = text.utf8[...]
    var prompt: [UInt8] = []
    while let brace = rest.firstIndex(of: UInt8(ascii: "{")) {
      prompt += rest[..<brace]
      rest = rest[brace...]
      if let place = TemplatePlace.allCases.first(where: { rest.starts(with: $0.marker.utf8) }) {
        prompt += try place.value(in: row, for: "the template '\(name)'").utf8
        rest = rest.dropFirst(place.marker.utf8.count)
      } else {
        prompt.append(rest.removeFirst())
      }
    }
    prompt += rest
    return String(decoding: prompt, as: UTF8.self)
  }

  private func renderColumns(_ row: [String: JSONValue]) throws -> String {
    var prompt = ""
    var rest = text[...]
    while let place = rest.firstMatch(of: /\{\{([A-Za-z_][A-Za-z0-9_.\-]*)\}\}/) {
      let column = String(place.1)
      guard let value = row[column], value != .null else {
        throw TaskError.missingColumn(
          subject: "the template '\(name)'", columns: [column], present: Array(row.keys))
      }
      prompt += rest[..<place.range.lowerBound] + (value.string ?? value.text)
      rest = rest[place.range.upperBound...]
    }
    return prompt + rest
  }

  private static let files: [String: [UInt8]] = [
    "humaneval_plus_evaluate": PackageResources.humaneval_plus_evaluate_txt,
    "humaneval_plus_short": PackageResources.humaneval_plus_short_txt,
    "humaneval_plus_train": PackageResources.humaneval_plus_train_txt,
    "knights_and_knaves_paper": PackageResources.knights_and_knaves_paper_txt,
    "knights_and_knaves_short": PackageResources.knights_and_knaves_short_txt,
    "math_evaluate": PackageResources.math_evaluate_txt,
    "math_short": PackageResources.math_short_txt,
    "math_train": PackageResources.math_train_txt,
    "mmlu_pro_evaluate": PackageResources.mmlu_pro_evaluate_txt,
    "mmlu_pro_short": PackageResources.mmlu_pro_short_txt,
    "mmlu_pro_train": PackageResources.mmlu_pro_train_txt,
  ]
}

/// A place in a template.
private enum TemplatePlace: String, CaseIterable {
  case prompt
  case question
  case options
  case category

  var marker: String { "{\(rawValue)}" }

  /// What stands in the place. A data set calls the problem's text `quiz`, `problem` or `prompt`;
  /// where `prompt` is a list of chat messages it is passed over.
  func value(in row: [String: JSONValue], for subject: String) throws -> String {
    switch self {
    case .prompt: return try row.text("quiz", "problem", "prompt", "question", for: subject)
    case .question: return try row.text("question", for: subject)
    case .category: return try row.text("category", for: subject)
    case .options:
      guard let options = row["options"]?.array?.compactMap(\.string) else {
        throw TaskError.missingColumn(
          subject: subject, columns: ["options"], present: Array(row.keys))
      }
      return MMLUProTask.list(options)
    }
  }
}
