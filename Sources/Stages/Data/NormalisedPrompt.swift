import Foundation
import Runner

/// Prompts with what does not change their meaning taken away, for telling whether two are one.
enum NormalisedPrompt {
  /// NFC, lower case, every run of white space one blank, none at the ends.
  static func text(of prompt: String) -> String {
    prompt.precomposedStringWithCanonicalMapping.lowercased()
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// What a problem asks, options included, as bytes to compare.
  /// - Throws: `DatasetError.noQuestion`.
  static func bytes(of row: [String: JSONValue]) throws -> [UInt8] {
    guard let question = DatasetTask.question(of: row) else {
      throw DatasetError.noQuestion(id: row["id"]?.string ?? "?")
    }
    return Array(text(of: question).utf8)
  }
}
