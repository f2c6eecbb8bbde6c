import Runner

/// Finds problems that a model was trained on among those that it is to be measured on.
package enum OverlapCheck {
  /// The ids of the problems that also occur in `trained`, by id or by normalised question.
  /// - Throws: `DatasetError.noQuestion` for a row that asks nothing.
  package static func overlap(of problems: RowTable, with trained: RowTable) throws -> [String] {
    let trainedIDs = Set(try trained.strings("id").map { Array($0.utf8) })
    let trainedQuestions = Set(try trained.rows.map(NormalisedPrompt.bytes))
    return try zip(try problems.strings("id"), problems.rows).compactMap { id, row in
      let isKnown = trainedIDs.contains(Array(id.utf8))
      return try isKnown || trainedQuestions.contains(NormalisedPrompt.bytes(of: row)) ? id : nil
    }
  }
}
