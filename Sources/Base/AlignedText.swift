/// Text in columns, for terminals.
package enum AlignedText {
  /// Texts at the width of the widest, with blanks after them, or before them.
  package static func column(_ texts: [String], isRight: Bool = false) -> [String] {
    let width = texts.map(\.count).max() ?? 0
    return texts.map { padded($0, to: width, isRight: isRight) }
  }

  /// Rows of cells two blanks apart, without blanks at the end of a line.
  /// - Parameter isRight: which columns stand at the right, such as those of numbers.
  package static func lines(
    _ rows: [[String]], isRight: (Int) -> Bool = { _ in false }
  ) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, text in
        padded(text, to: widths[column], isRight: isRight(column))
      }
      let line = cells.joined(separator: "  ")
      let end = line.utf8.lastIndex { $0 != UInt8(ascii: " ") }
      return String(line[..<(end.map(line.utf8.index(after:)) ?? line.startIndex)])
    }
  }

  package static func padded(_ text: String, to width: Int, isRight: Bool = false) -> String {
    let blanks = String(repeating: " ", count: max(0, width - text.count))
    return isRight ? blanks + text : text + blanks
  }
}
