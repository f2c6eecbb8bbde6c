import CLibYAML

/// What libyaml finds in a text, piece by piece.
enum YAMLEvent {
  case documentStart
  case alias(String)
  case scalar(YAMLScalar, YAMLProperties)
  case listStart(YAMLProperties)
  case listEnd
  case mapStart(YAMLProperties)
  case mapEnd
  case streamEnd
}

/// The anchor and the tag that may stand before a node.
struct YAMLProperties {
  let anchor: String?
  let tag: String?
}

/// The text of a scalar, and whether it stands there without quotes.
struct YAMLScalar {
  let text: String
  let isPlain: Bool
}

/// Why a text is no YAML, and where. Lines and columns count from 1.
struct YAMLError: Error {
  let message: String
  let line: Int
  let column: Int
}

/// Reads a text's events through libyaml.
final class YAMLEventReader {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let input: UnsafeMutableBufferPointer<UInt8>
  private let text: String

  init(_ text: String) {
    self.text = text
    let bytes = Array(text.utf8)
    input = .allocate(capacity: bytes.count)
    _ = input.initialize(from: bytes)
    parser = .allocate(capacity: 1)
    precondition(yaml_parser_initialize(parser) == 1, "out of memory")
    yaml_parser_set_input_string(parser, input.baseAddress, input.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    input.deallocate()
  }

  /// The next event that carries something, with the line and column, from 1, where it begins.
  func next() throws(YAMLError) -> (event: YAMLEvent, line: Int, column: Int) {
    while true {
      var raw = yaml_event_t()
      guard yaml_parser_parse(parser, &raw) == 1 else { throw problem() }
      defer { yaml_event_delete(&raw) }
      if let event = Self.event(raw) {
        return (event, Int(raw.start_mark.line) + 1, Int(raw.start_mark.column) + 1)
      }
    }
  }

  private static func event(_ raw: yaml_event_t) -> YAMLEvent? {
    switch raw.type {
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_ALIAS_EVENT: return .alias(string(raw.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT: return scalar(raw)
    case YAML_SEQUENCE_START_EVENT:
      let start = raw.data.sequence_start
      return .listStart(properties(start.anchor, start.tag))
    case YAML_SEQUENCE_END_EVENT: return .listEnd
    case YAML_MAPPING_START_EVENT:
      let start = raw.data.mapping_start
      return .mapStart(properties(start.anchor, start.tag))
    case YAML_MAPPING_END_EVENT: return .mapEnd
    case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return .streamEnd
    default: return nil
    }
  }

  private static func scalar(_ raw: yaml_event_t) -> YAMLEvent {
    let found = raw.data.scalar
    let bytes = UnsafeBufferPointer(start: found.value, count: found.length)
    let scalar = YAMLScalar(
      text: String(decoding: bytes, as: UTF8.self), isPlain: found.style == YAML_PLAIN_SCALAR_STYLE)
    return .scalar(scalar, properties(found.anchor, found.tag))
  }

  private static func properties(
    _ anchor: UnsafePointer<yaml_char_t>?, _ tag: UnsafePointer<yaml_char_t>?
  ) -> YAMLProperties {
    YAMLProperties(anchor: string(anchor), tag: string(tag))
  }

  private static func string(_ bytes: UnsafePointer<yaml_char_t>?) -> String? {
    bytes.map { String(cString: $0) }
  }

  private func problem() -> YAMLError {
    let state = parser.pointee
    let what = state.problem.map { String(cString: $0) } ?? "libyaml ran out of memory"
    if state.error == YAML_READER_ERROR {
      let (line, column) = SourceLines.place(ofByte: state.problem_offset, in: text)
      return YAMLError(message: what, line: line, column: column)
    }
    let (line, column) = SourceLines.clamp(
      line: Int(state.problem_mark.line) + 1, column: Int(state.problem_mark.column) + 1, in: text)
    let context = state.context.map { String(cString: $0) }
    let begin = Int(state.context_mark.line) + 1
    let message =
      Self.words(for: what, context, begin: begin)
      ?? "not valid YAML: \(what)" + (context.map { " \($0)" } ?? "")
      + (context != nil && begin != line ? " that begins in line \(begin)" : "")
    return YAMLError(message: message, line: line, column: column)
  }

  /// What libyaml's commonest complaints mean to people who write recipes.
  /// - Parameter begin: the line where what they are about begins.
  private static func words(for what: String, _ context: String?, begin: Int) -> String? {
    switch (what, context) {
    case ("did not find expected ',' or '}'", _):
      "',' or '}' is missing in the {…} that begins in line \(begin)"
    case ("did not find expected ',' or ']'", _):
      "',' or ']' is missing in the […] that begins in line \(begin)"
    case ("did not find expected node content", "while parsing a flow node"):
      "a value or a closing bracket is missing"
    case ("could not find expected ':'", _):
      "':' is missing after the key in line \(begin), as in 'key: value'"
    case ("mapping values are not allowed in this context", _):
      "':' is not expected here; check the indentation of this line and the one above, and put a text with ': ' in quotes"
    case ("did not find expected key", _):
      "this line does not line up with the block that begins in line \(begin); check the indentation"
    case ("did not find expected '-' indicator", _):
      "this line does not line up with the list that begins in line \(begin); check the indentation"
    case ("found character that cannot start any token", _):
      "a value cannot begin with this character unless it is in quotes"
    case ("found unexpected end of stream", "while scanning a quoted scalar"):
      "the quote that opens in line \(begin) is not closed"
    default: nil
    }
  }
}

/// The library that reads recipes.
package enum YAMLLibrary {
  /// The version of libyaml in use, such as `0.2.5`.
  package static var version: String { String(cString: yaml_get_version_string()) }
}
