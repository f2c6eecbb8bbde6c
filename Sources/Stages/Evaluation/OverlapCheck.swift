import Foundation
import Runner

/// Finds problems that a model was trained on among those that it is to be measured on.
package enum OverlapCheck {
  /// The ids of the problems that also occur in `trained`, by id or by normalised question.
  package static func overlap(of problems: RowTable, with trained: RowTable) throws -> [String] {
    let trainedIDs = Set(try trained.strings("id").map { Array($0.utf8) })
    let trainedQuestions = Set(questions(of: trained))
    let ids = try problems.strings("id")
    return zip(ids, questions(of: problems)).compactMap { id, question in
      let isKnown = trainedIDs.contains(Array(id.utf8))
      return isKnown || trainedQuestions.contains(question) ? id : nil
    }
  }

  /// Each problem's question in lower case, with runs of white space as one blank.
  private static func questions(of table: RowTable) -> [String] {
    table.rows.map { row in
      let text = ["quiz", "problem", "question", "prompt"].lazy.compactMap { row[$0]?.string }
        .first
      let options = row["options"]?.text ?? ""
      return ((text ?? "") + options).lowercased().split(whereSeparator: \.isWhitespace)
        .joined(separator: " ")
    }
  }
}
