/// A piece of HTML or SVG. Text is escaped as it enters, so nothing that a model wrote can turn
/// into markup.
package struct Markup: Sendable, ExpressibleByStringLiteral {
  /// The markup.
  package private(set) var source: String

  /// Text, escaped.
  package init(_ text: String) { source = Self.escape(text) }

  /// Text, escaped.
  package init(stringLiteral value: String) { self.init(value) }

  /// Markup that this program wrote itself.
  package init(trusted source: String) { self.source = source }

  /// Nothing.
  package static let empty = Markup(trusted: "")

  /// One after another.
  package init(_ parts: [Markup], separator: String = "") {
    source = parts.map(\.source).joined(separator: separator)
  }

  /// An element with attributes, which are escaped, and children.
  package static func element(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: Markup...
  ) -> Markup {
    element(name, attributes, Markup(children))
  }

  /// An element around a list of children.
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
    Markup(trusted: first.source + second.source)
  }

  private static func element(
    _ name: String, _ attributes: KeyValuePairs<String, String>, _ content: Markup
  ) -> Markup {
    Markup(trusted: "<\(name)\(text(of: attributes))>\(content.source)</\(name)>")
  }

  private static func text(of attributes: KeyValuePairs<String, String>) -> String {
    attributes.map { " \($0.key)=\"\(escape($0.value))\"" }.joined()
  }

  /// Replaces what has a meaning in HTML and XML, and control characters that neither may hold.
  package static func escape(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out.append(contentsOf: "&amp;".unicodeScalars)
      case "<": out.append(contentsOf: "&lt;".unicodeScalars)
      case ">": out.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": out.append(contentsOf: "&quot;".unicodeScalars)
      case "'": out.append(contentsOf: "&#39;".unicodeScalars)
      case "\n", "\t": out.append(scalar)
      case "\r": out.append(contentsOf: "&#13;".unicodeScalars)
      case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value):
        out.append("\u{FFFD}")
      case "\u{FFFE}", "\u{FFFF}": out.append("\u{FFFD}")
      default: out.append(scalar)
      }
    }
    return String(out)
  }
}
