import Base
import Foundation

/// A piece of HTML or SVG. Text is escaped as it enters, so nothing that a model wrote can turn
/// into markup.
package struct Markup: Sendable, ExpressibleByStringLiteral {
  /// The source, cut anywhere: a page of megabytes is not copied into every element around it.
  package private(set) var pieces: [String] = []

  private static let pieceBytes = 16_384

  package var source: String { pieces.count == 1 ? pieces[0] : pieces.joined() }

  package var isEmpty: Bool { pieces.isEmpty }

  /// Text, escaped.
  package init(_ text: String) { append(Self.escape(text)) }

  /// Text, escaped.
  package init(stringLiteral value: String) { self.init(value) }

  /// Markup that this program wrote itself.
  package init(trusted source: String) { append(source) }

  package static let empty = Markup(trusted: "")

  package init(_ parts: [Markup], separator: String = "") {
    for (index, part) in parts.enumerated() {
      if index > 0 { append(separator) }
      append(part)
    }
  }

  private mutating func append(_ text: String) {
    if text.isEmpty { return }
    guard let last = pieces.indices.last,
      pieces[last].utf8.count + text.utf8.count <= Self.pieceBytes
    else { return pieces.append(text) }
    pieces[last] += text
  }

  private mutating func append(_ other: Markup) {
    for piece in other.pieces { append(piece) }
  }

  /// An element with attributes, which are escaped, and children.
  package static func element(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: Markup...
  ) -> Markup {
    element(name, attributes, Markup(children))
  }

  package static func element(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: [Markup]
  ) -> Markup {
    element(name, attributes, Markup(children))
  }

  /// An element without an end tag in SVG, such as `<path d="…"/>`.
  package static func leaf(_ name: String, _ attributes: KeyValuePairs<String, String>) -> Markup {
    Markup(trusted: "<\(name)\(text(of: attributes))/>")
  }

  /// Writes one after another.
  package static func + (first: Markup, second: Markup) -> Markup {
    var both = first
    both.append(second)
    return both
  }

  private static func element(
    _ name: String, _ attributes: KeyValuePairs<String, String>, _ content: Markup
  ) -> Markup {
    var element = Markup(trusted: "<\(name)\(text(of: attributes))>")
    element.append(content)
    element.append("</\(name)>")
    return element
  }

  private static func text(of attributes: KeyValuePairs<String, String>) -> String {
    attributes.map { " \($0.key)=\"\(escape($0.value))\"" }.joined()
  }

  /// Replaces what has a meaning in HTML and XML, and control characters that neither may hold.
  package static func escape(_ text: String) -> String {
    // Bytes, because a page may hold millions.
    var out: [UInt8] = []
    out.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;".utf8
      case "<": out += "&lt;".utf8
      case ">": out += "&gt;".utf8
      case "\"": out += "&quot;".utf8
      case "'": out += "&#39;".utf8
      case "\r": out += "&#13;".utf8
      case "\n", "\t", " "..."~": out.append(UInt8(truncatingIfNeeded: scalar.value))
      case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value),
        // Explicit formatting characters would turn around what stands behind them.
        _
      where (0x202A...0x202E).contains(scalar.value)
        || (0x2066...0x2069).contains(scalar.value):
        out += "\u{FFFD}".utf8
      case "\u{FFFE}", "\u{FFFF}": out += "\u{FFFD}".utf8
      default: out += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}

extension Markup {
  private static let references: [(name: [UInt8], byte: UInt8)] = [
    (Array("&quot;".utf8), UInt8(ascii: "\"")), (Array("&#39;".utf8), UInt8(ascii: "'")),
    (Array("&lt;".utf8), UInt8(ascii: "<")), (Array("&gt;".utf8), UInt8(ascii: ">")),
    (Array("&amp;".utf8), UInt8(ascii: "&")),
  ]

  /// The bytes that were escaped. A page may rest on thousands of results.
  package static func unescaped(_ text: some Collection<UInt8>) -> [UInt8] {
    var rest = Array(text)[...]
    var out: [UInt8] = []
    out.reserveCapacity(rest.count)
    while let mark = rest.firstIndex(of: UInt8(ascii: "&")) {
      out += rest[..<mark]
      let found = references.first { rest[mark...].starts(with: $0.name) }
      out.append(found?.byte ?? UInt8(ascii: "&"))
      rest = rest[(mark + (found?.name.count ?? 1))...]
    }
    return out + rest
  }
}

/// JSON inside a `<script>` element, where only what cannot end the element may stand.
package enum EmbeddedJSON {
  /// The text of a value with all that has a meaning to HTML or to old JavaScript escaped.
  ///
  /// JSON may write any character of a string as `\u….`, and outside strings none of these occur,
  /// so the value stays the same.
  package static func text(_ value: JSONValue) -> String {
    let text = value.text
    var out = ""
    out.reserveCapacity(text.utf8.count)
    var start = text.startIndex
    for index in text.unicodeScalars.indices {
      let scalar = text.unicodeScalars[index].value
      switch scalar {
      case 0x3C, 0x3E, 0x26, 0x2028, 0x2029, 0x7F..<0xA0, 0xFEFF, 0xFFFE, 0xFFFF:
        let digits = String(scalar, radix: 16)
        out += text[start..<index]
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        start = text.unicodeScalars.index(after: index)
      default: break
      }
    }
    return out + text[start...]
  }
}

/// What a page may load and run: nothing from elsewhere, and only the script whose digest is named.
package enum ContentPolicy {
  /// The policy for a page with inline styles and the scripts given, for a `<meta>` element.
  /// - Parameter asksItsServer: whether the scripts may ask whoever sent the page, and nobody else.
  package static func text(scripts: [String], asksItsServer: Bool = false) -> String {
    let hashes = scripts.map { "'sha256-\(base64Digest(of: $0))'" }
    let rule = hashes.isEmpty ? "'none'" : hashes.joined(separator: " ")
    return "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src \(rule);"
      + " base-uri 'none'; form-action 'none'" + (asksItsServer ? "; connect-src 'self'" : "")
  }

  /// SHA-256 of a text's bytes in Base64, as the policy wants it.
  static func base64Digest(of text: String) -> String {
    let digits = Array(SHA256Digest.hex(of: Data(text.utf8)))
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(digits[$0...$0 + 1]), radix: 16)
    }
    return Data(bytes).base64EncodedString()
  }
}
