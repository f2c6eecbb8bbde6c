import Base
import Foundation

/// Turns YAML text into a tree of values with places.
///
/// Stricter than YAML where leniency hides mistakes: one document, no duplicate keys, no merge
/// keys, only the core schema's tags.
package struct YAMLLoader {
  /// How deep values may nest.
  package static let depthLimit = 64
  /// How many values a text may stand for once its aliases are expanded.
  package static let sizeLimit = 100_000

  private let events: YAMLEventReader
  private let file: String?
  private var anchors: [String: (node: RecipeNode, size: Int)] = [:]
  private var size = 0
  private var diagnostics: [Diagnostic] = []

  private typealias Event = (event: YAMLEvent, line: Int, column: Int)

  /// Reads the one document of a text, reporting what is wrong with it.
  /// - Parameter file: the file's name in positions; nil for the recipe itself.
  /// - Returns: nil when there is nothing to go on with.
  package static func load(
    _ text: String, file: String? = nil, into sink: inout DiagnosticSink
  ) -> RecipeNode? {
    var loader = YAMLLoader(events: YAMLEventReader(text), file: file)
    defer { for found in loader.diagnostics { sink.report(found.position, found.message) } }
    do {
      return try loader.document()
    } catch {
      let position = SourcePosition(line: error.line, column: error.column, file: file)
      loader.report(position, error.message + hint(for: error, in: text))
      return nil
    }
  }

  private init(events: YAMLEventReader, file: String?) {
    self.events = events
    self.file = file
  }

  private mutating func document() throws(YAMLError) -> RecipeNode {
    let first = try events.next()
    guard case .documentStart = first.event else {
      throw YAMLError(message: "the file is empty", line: 1, column: 1)
    }
    let root = try node(try events.next(), depth: 0)
    let second = try events.next()
    guard case .streamEnd = second.event else {
      let message = "a second document begins here; a recipe is one document"
      throw YAMLError(message: message, line: second.line, column: second.column)
    }
    return root
  }

  private mutating func node(_ found: Event, depth: Int) throws(YAMLError) -> RecipeNode {
    let position = SourcePosition(line: found.line, column: found.column, file: file)
    let sizeBefore = size
    try count(1, at: found, depth: depth)
    let node: RecipeNode
    let properties: YAMLProperties
    switch found.event {
    case .scalar(let scalar, let its):
      properties = its
      node = RecipeNode(value(of: scalar, tag: its.tag, at: position), at: position)
    case .listStart(let its):
      properties = its
      check(its, mayBe: "seq", at: position)
      node = RecipeNode(.list(try elements(depth: depth + 1)), at: position)
    case .mapStart(let its):
      properties = its
      check(its, mayBe: "map", at: position)
      node = RecipeNode(.map(try entries(depth: depth + 1)), at: position)
    case .alias(let name):
      return try alias(name, found, at: position, depth: depth)
    case .documentStart, .listEnd, .mapEnd, .streamEnd:
      throw YAMLError(message: "expected a value", line: found.line, column: found.column)
    }
    if let anchor = properties.anchor { anchors[anchor] = (node, size - sizeBefore) }
    return node
  }

  private mutating func elements(depth: Int) throws(YAMLError) -> [RecipeNode] {
    var elements: [RecipeNode] = []
    while true {
      let found = try events.next()
      if case .listEnd = found.event { return elements }
      elements.append(try node(found, depth: depth))
    }
  }

  private mutating func entries(depth: Int) throws(YAMLError) -> [RecipeEntry] {
    var entries: [RecipeEntry] = []
    var places: [String: SourcePosition] = [:]
    while true {
      let found = try events.next()
      if case .mapEnd = found.event { return entries }
      let position = SourcePosition(line: found.line, column: found.column, file: file)
      let key = try key(found, at: position, depth: depth)
      let value = try node(try events.next(), depth: depth)
      guard let key else { continue }
      if let first = places[key] {
        report(position, "duplicate key '\(key)'; line \(first.line) has it already")
        continue
      }
      places[key] = position
      entries.append(RecipeEntry(key: key, keyPosition: position, node: value))
    }
  }

  /// The text of a key, NFC-normalised; nil where the key has been reported.
  private mutating func key(
    _ found: Event, at position: SourcePosition, depth: Int
  ) throws(YAMLError) -> String? {
    guard case .scalar(let scalar, _) = found.event else {
      _ = try node(found, depth: depth)
      report(position, "a key must be a name")
      return nil
    }
    if scalar.isPlain, scalar.text == "<<" {
      report(position, "merge keys (<<) are not supported; write the keys out")
      return nil
    }
    if scalar.text.isEmpty {
      report(position, "a key must be a name, not nothing")
      return nil
    }
    return scalar.text.precomposedStringWithCanonicalMapping
  }

  private mutating func alias(
    _ name: String, _ found: Event, at position: SourcePosition, depth: Int
  ) throws(YAMLError) -> RecipeNode {
    guard let target = anchors[name] else {
      report(
        position, "unknown alias '*\(name)'\(suggestion(for: name, among: anchors.keys.sorted()))")
      return RecipeNode(.null, at: position)
    }
    try count(target.size, at: found, depth: depth + target.node.depth)
    return RecipeNode(target.node.value, at: position)
  }

  private mutating func count(_ nodes: Int, at found: Event, depth: Int) throws(YAMLError) {
    size += nodes
    if size > Self.sizeLimit {
      let message = "a recipe may hold at most \(Self.sizeLimit) values, aliases written out"
      throw YAMLError(message: message, line: found.line, column: found.column)
    }
    if depth > Self.depthLimit {
      let message = "values nest more than \(Self.depthLimit) levels deep"
      throw YAMLError(message: message, line: found.line, column: found.column)
    }
  }

  private mutating func report(_ position: SourcePosition, _ message: String) {
    diagnostics.append(Diagnostic(position, message))
  }
}

extension YAMLLoader {
  private static let tagPrefix = "tag:yaml.org,2002:"

  private mutating func check(
    _ properties: YAMLProperties, mayBe name: String, at position: SourcePosition
  ) {
    guard let tag = properties.tag, tag != "!", tag != Self.tagPrefix + name else { return }
    report(position, "the tag \(Self.short(tag)) is not supported here; leave it out")
  }

  private mutating func value(
    of scalar: YAMLScalar, tag: String?, at position: SourcePosition
  ) -> RecipeValue {
    guard let tag else {
      return scalar.isPlain ? resolve(scalar.text, at: position) : .string(scalar.text)
    }
    let name = tag.hasPrefix(Self.tagPrefix) ? String(tag.dropFirst(Self.tagPrefix.count)) : tag
    if name == "!" || name == "str" { return .string(scalar.text) }
    let value = resolve(scalar.text, at: position)
    switch (name, value) {
    case ("int", .integer), ("float", .number), ("bool", .boolean), ("null", .null): return value
    case ("float", .integer(let value)): return .number(Double(value))
    case ("int", _), ("float", _), ("bool", _), ("null", _):
      report(position, "'\(scalar.text)' is not what its tag \(Self.short(tag)) says")
    default:
      report(position, "the tag \(Self.short(tag)) is not supported; leave it out")
    }
    return value
  }

  private mutating func resolve(_ text: String, at position: SourcePosition) -> RecipeValue {
    do {
      return try YAMLScalarResolver.resolve(text)
    } catch {
      report(position, error.description)
      return .string(text)
    }
  }

  private static func short(_ tag: String) -> String {
    tag.hasPrefix(tagPrefix) ? "!!" + tag.dropFirst(tagPrefix.count) : tag
  }

  /// What to do about the most common slips.
  private static func hint(for problem: YAMLError, in text: String) -> String {
    let lines = SourceLines.split(text)
    guard lines.indices.contains(problem.line - 1) else { return "" }
    let scalars = lines[problem.line - 1].unicodeScalars
    if scalars.dropFirst(problem.column - 1).first == "\t" {
      return "; indent with spaces, not with tabs"
    }
    return lines[problem.line - 1].contains("${") ? "; put \"${…}\" in quotes" : ""
  }
}

extension RecipeNode {
  /// How many levels lie below the node.
  fileprivate var depth: Int {
    switch value {
    case .list(let nodes): 1 + (nodes.map(\.depth).max() ?? 0)
    case .map(let entries): 1 + (entries.map(\.node.depth).max() ?? 0)
    default: 0
    }
  }
}

/// Gives a scalar without quotes its type, by the YAML 1.2 core schema.
///
/// `010` is ten, `1:30`, `no` and `2024-01-02` are strings, `0x1F` and `0o17` are integers.
/// Source: YAML 1.2.2, section 10.3.2.
package enum YAMLScalarResolver {
  /// Reads a scalar without quotes.
  /// - Throws: `YAMLNumberError` for a number that no integer or double can hold.
  package static func resolve(_ text: String) throws(YAMLNumberError) -> RecipeValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .boolean(true)
    case "false", "False", "FALSE": return .boolean(false)
    case ".nan", ".NaN", ".NAN": return .number(.nan)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .number(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
    default: break
    }
    let bytes = Array(text.utf8)
    if let (digits, radix) = integer(bytes) {
      guard let value = Int(digits, radix: radix) else { throw .integer(text) }
      return .integer(value)
    }
    guard isFloat(bytes) else { return .string(text) }
    guard let value = Double(text), value.isFinite else { throw .number(text) }
    return .number(value)
  }

  /// The digits and the radix of `[-+]?[0-9]+`, `0o[0-7]+` or `0x[0-9a-fA-F]+`.
  private static func integer(_ bytes: [UInt8]) -> (digits: String, radix: Int)? {
    let text = String(decoding: bytes, as: UTF8.self)
    for (prefix, radix) in [("0o", 8), ("0x", 16)] where text.hasPrefix(prefix) {
      let digits = bytes.dropFirst(2)
      let allowed = digits.allSatisfy { digit in
        radix == 8 ? (0x30...0x37).contains(digit) : isHexadecimal(digit)
      }
      return digits.isEmpty || !allowed ? nil : (String(text.dropFirst(2)), radix)
    }
    let digits = bytes.drop(while: isSign)
    guard bytes.count - digits.count <= 1, !digits.isEmpty, digits.allSatisfy(isDigit) else {
      return nil
    }
    return (text, 10)
  }

  /// Whether the text is `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`.
  private static func isFloat(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    if let first = rest.first, isSign(first) { rest.removeFirst() }
    let whole = rest.prefix(while: isDigit).count
    rest.removeFirst(whole)
    var fraction = 0
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      fraction = rest.prefix(while: isDigit).count
      rest.removeFirst(fraction)
    }
    if whole + fraction == 0 { return false }
    guard let mark = rest.first else { return true }
    guard mark | 0x20 == UInt8(ascii: "e") else { return false }
    rest.removeFirst()
    if let first = rest.first, isSign(first) { rest.removeFirst() }
    return !rest.isEmpty && rest.allSatisfy(isDigit)
  }

  private static func isSign(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x61...0x66).contains(byte | 0x20)
  }
}

/// A number that cannot be held.
package enum YAMLNumberError: Error, CustomStringConvertible {
  /// An integer of more than 64 bits.
  case integer(String)
  /// A number beyond the range of a double.
  case number(String)

  package var description: String {
    switch self {
    case .integer(let text):
      "the integer \(text) does not fit into 64 bits; put it in quotes if it is a name"
    case .number(let text):
      "the number \(text) is beyond what a double can hold; put it in quotes if it is a name"
    }
  }
}
