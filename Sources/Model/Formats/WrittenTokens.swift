import Foundation

/// The tokens of a vocabulary with their ids, as a JSON object writes them.
///
/// `JSONDecoder` makes one key of texts that Unicode calls equivalent, such as `é` and `e` with an
/// accent behind it; a vocabulary has both.
struct WrittenTokens {
  private(set) var entries: [(text: [UInt8], id: Int32)] = []
  /// The ids by UTF-8 texts.
  private(set) var ids: [[UInt8]: Int32] = [:]

  /// Reads the object that lies under keys in valid JSON. Nil where there is none, or one with other
  /// values than integers.
  init?(_ json: Data, at path: [String] = []) {
    var scanner = JSONObjectScanner(json)
    for key in path {
      guard scanner.enter(key: Array(key.utf8)) else { return nil }
    }
    guard let entries = scanner.integers() else { return nil }
    self.entries = entries
    ids = Dictionary(entries.map { ($0.text, $0.id) }) { first, _ in first }
  }
}

/// Finds its way through JSON that is known to be valid.
private struct JSONObjectScanner {
  private let bytes: [UInt8]
  private var position = 0

  init(_ json: Data) {
    bytes = Array(json)
    // A byte order mark.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  private mutating func skipBlanks() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
      position += 1
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// Goes to the value of a key of the object that comes next.
  mutating func enter(key: [UInt8]) -> Bool {
    guard take("{") else { return false }
    while let found = string(), take(":") {
      if found == key { return true }
      guard skipValue(), take(",") else { return false }
    }
    return false
  }

  /// The entries of the object that comes next.
  mutating func integers() -> [(text: [UInt8], id: Int32)]? {
    var entries: [(text: [UInt8], id: Int32)] = []
    guard take("{") else { return nil }
    if take("}") { return entries }
    while let text = string(), take(":"), let id = integer() {
      entries.append((text, id))
      if take("}") { return entries }
      guard take(",") else { return nil }
    }
    return nil
  }

  private mutating func integer() -> Int32? {
    skipBlanks()
    let start = position
    while position < bytes.count, bytes[position] == 0x2D || (0x30...0x39).contains(bytes[position])
    {
      position += 1
    }
    return Int32(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  /// The UTF-8 text of a string.
  private mutating func string() -> [UInt8]? {
    guard take("\"") else { return nil }
    let start = position
    var isPlain = true
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      if bytes[position] == UInt8(ascii: "\\") {
        isPlain = false
        position += 1
      }
      position += 1
    }
    guard position < bytes.count else { return nil }
    let text = bytes[start..<position]
    position += 1
    if isPlain { return Array(text) }
    let quoted = Data([0x5B, 0x22] + text + [0x22, 0x5D])
    return (try? JSONDecoder().decode([String].self, from: quoted))?.first.map { Array($0.utf8) }
  }

  private mutating func skipValue() -> Bool {
    skipBlanks()
    var depth = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        guard string() != nil else { return false }
        if depth == 0 { return true }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return true }
        depth -= 1
        if depth == 0 {
          position += 1
          return true
        }
      case UInt8(ascii: ",") where depth == 0: return true
      default: break
      }
      position += 1
    }
    return false
  }
}
