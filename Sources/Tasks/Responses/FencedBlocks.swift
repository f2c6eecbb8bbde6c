/// Blocks of Python between fences of three or more back quotes or tildes, whatever language a
/// fence names.
///
/// A text that begins with Python is an open block already. Otherwise a fence opens a block at the
/// beginning of a line, or at its end with at most one word after it. The block closes where Python
/// could not go on: back quotes are no part of the language, so those inside a string or a comment
/// belong to the code, and all others end it. What is left open reaches to the end of the text.
struct FencedBlocks {
  /// The blocks, in order, each with the white space that it begins with.
  private(set) var blocks: [String] = []
  private let bytes: [UInt8]
  private var position = 0

  init(in text: String) {
    bytes = Array(text.utf8)
    let start = Opening(mark: .backQuote, inside: 0)
    var opening = bytes[...].beginsPython ? start : nextOpening()
    while let current = opening {
      let (end, next) = closing(of: current)
      blocks.append(bytes[current.inside..<end].text)
      position = next
      opening = nextOpening()
    }
  }

  private struct Opening {
    let mark: UInt8
    let inside: Int
  }

  private mutating func nextOpening() -> Opening? {
    while position < bytes.count {
      let start = position
      let length = fenceLength(at: start)
      position += max(1, length)
      guard length > 0 else { continue }
      let mark = bytes[start]
      let rest = bytes[position..<endOfLine(from: position)]
      if mark == .backQuote, rest.firstIndex(of: "```") != nil {
        return Opening(mark: mark, inside: afterLanguage(rest))
      }
      let startsLine = isBlankBefore(start)
      if startsLine, mark == .backQuote, rest[afterLanguage(rest)...].beginsPython {
        return Opening(mark: mark, inside: afterLanguage(rest))
      }
      let isOneWord = !rest.text.stripped.unicodeScalars.contains(where: \.isPythonSpace)
      if startsLine || mark == .backQuote && isOneWord && !rest.endsSentence {
        return Opening(mark: mark, inside: min(bytes.count, rest.endIndex + 1))
      }
    }
    return nil
  }

  /// Where a block ends and where to look for the next one.
  private func closing(of opening: Opening) -> (end: Int, next: Int) {
    var closings = PythonScanner(bytes, from: opening.inside)
    var insideString: (end: Int, next: Int)?
    while let place = closings.advance() {
      let length = fenceLength(at: place)
      guard length > 0, bytes[place] == opening.mark else { continue }
      let after = place + length
      let rest = bytes[after..<endOfLine(from: after)]
      let startsLine = isBlankBefore(place)
      guard startsLine || opening.mark == .backQuote else { continue }
      if closings.isInsideLongString {
        if startsLine, rest.text.isBlank, insideString == nil { insideString = (place, after) }
        continue
      }
      guard startsLine || !closings.isInsideLine else { continue }
      // ```` ```python ```` opens the next block, where this one was never closed.
      return (place, startsLine && rest.first?.isLetter == true ? place : after)
    }
    if closings.isInsideLongString, let insideString { return insideString }
    return (bytes.count - trailingFence(opening), bytes.count)
  }

  /// The length of a fence that ends the text after a comment, white space included.
  private func trailingFence(_ opening: Opening) -> Int {
    let text = bytes[opening.inside...].reversed()
    let blank = text.prefix { $0.isBlank || $0 == .lineFeed }
    let fence = text.dropFirst(blank.count).prefix { $0 == opening.mark }
    return fence.count < 3 ? 0 : blank.count + fence.count
  }

  /// The length of the fence that begins at a place; zero where none does.
  private func fenceLength(at place: Int) -> Int {
    guard bytes[place] == .backQuote || bytes[place] == .tilde else { return 0 }
    let length = bytes[place...].prefix { $0 == bytes[place] }.count
    return length < 3 ? 0 : length
  }

  /// Where the line ends, looked for within reach: no fence opens a line of thousands of bytes.
  private func endOfLine(from place: Int) -> Int {
    let limit = min(bytes.count, place + 1000)
    return bytes[place..<limit].firstIndex(of: .lineFeed) ?? limit
  }

  private func isBlankBefore(_ place: Int) -> Bool {
    let before = bytes[..<place].reversed().first { !$0.isBlank }
    return before == nil || before == .lineFeed
  }

  /// Where code begins that stands on the line of its opening fence.
  private func afterLanguage(_ rest: ArraySlice<UInt8>) -> Int {
    let word = rest.prefix { !$0.isBlank && $0 != .backQuote }
    guard ["python", "python3", "py", "py3"].contains(word.text.lowercased()) else {
      return rest.startIndex
    }
    return word.endIndex + rest[word.endIndex...].prefix(while: \.isBlank).count
  }
}

/// Walks through Python byte by byte and knows where strings and comments are.
private struct PythonScanner {
  private let bytes: [UInt8]
  private var next: Int
  /// The quote of the string, and whether it stands three times.
  private var string: (quote: UInt8, isLong: Bool)?
  private var isInsideComment = false

  init(_ bytes: [UInt8], from start: Int) {
    self.bytes = bytes
    next = start
  }

  var isInsideLongString: Bool { string?.isLong == true }
  /// Whether the place lies in something that ends with its line.
  var isInsideLine: Bool { isInsideComment || string?.isLong == false }

  /// The next place that may begin a fence; the state is that of this place.
  mutating func advance() -> Int? {
    while next < bytes.count {
      let place = next
      let byte = bytes[place]
      if byte == .backQuote || byte == .tilde {
        next += bytes[place...].prefix { $0 == byte }.count
        return place
      }
      step(over: byte)
    }
    return nil
  }

  private mutating func step(over byte: UInt8) {
    next += 1
    if byte == .lineFeed {
      isInsideComment = false
      if isInsideLine { string = nil }
    } else if isInsideComment {
      return
    } else if let (quote, isLong) = string {
      if byte == .backslash {
        next += 1
      } else if byte == quote, !isLong || isTripled(byte) {
        if isLong { next += 2 }
        string = nil
      }
    } else if byte == .numberSign {
      isInsideComment = true
    } else if byte == .doubleQuote || byte == .singleQuote {
      let isLong = isTripled(byte)
      if isLong { next += 2 }
      string = (byte, isLong)
    }
  }

  /// Whether the byte just passed is followed by two of its kind.
  private func isTripled(_ byte: UInt8) -> Bool {
    next + 2 <= bytes.count && bytes[next] == byte && bytes[next + 1] == byte
  }
}

extension UInt8 {
  fileprivate static let lineFeed = UInt8(ascii: "\n")
  fileprivate static let backQuote = UInt8(ascii: "`")
  fileprivate static let tilde = UInt8(ascii: "~")
  fileprivate static let backslash = UInt8(ascii: "\\")
  fileprivate static let numberSign = UInt8(ascii: "#")
  fileprivate static let doubleQuote = UInt8(ascii: "\"")
  fileprivate static let singleQuote = UInt8(ascii: "'")

  /// Whether it leaves a line as blank as it was.
  fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
  fileprivate var isLetter: Bool { Unicode.Scalar(self).properties.isAlphabetic && self < 0x80 }
}

extension ArraySlice<UInt8> {
  /// Whether a statement begins here with which functions are written.
  fileprivate var beginsPython: Bool {
    let text = text.stripped
    return ["def ", "async def ", "from ", "import ", "class ", "@"].contains(where: text.hasPrefix)
  }

  /// Whether a word after a fence is the end of a sentence about fences.
  fileprivate var endsSentence: Bool {
    [".", ",", ":", ";", ")"].contains(where: text.stripped.hasSuffix)
  }
}
