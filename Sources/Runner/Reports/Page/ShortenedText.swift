/// A text whose middle is left out where it is long: beginnings and ends tell most.
package struct ShortenedText: Sendable, Equatable {
  /// The beginning, or all of it.
  package let head: String
  /// The end, where something was left out.
  package let tail: String
  /// How many characters (Unicode scalars) were left out.
  package let omitted: Int

  /// Shortens a text to about so many bytes, three fifths of them at the beginning.
  package init(_ text: String, limit: Int) {
    let bytes = text.utf8.count
    guard bytes > limit else {
      (head, tail, omitted) = (text, "", 0)
      return
    }
    let scalars = text.unicodeScalars
    // Positions in UTF-8 are rounded down to where a scalar begins.
    func boundary(_ offset: Int) -> String.Index {
      var index = text.utf8.index(text.utf8.startIndex, offsetBy: offset)
      while index > text.startIndex, index.samePosition(in: scalars) == nil {
        index = text.utf8.index(before: index)
      }
      return index
    }
    let end = boundary(limit * 3 / 5)
    let start = boundary(bytes - limit * 2 / 5)
    head = String(scalars[..<end])
    tail = String(scalars[start...])
    omitted = scalars[end..<start].count
  }
}
