import Foundation

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
  package static func text(scripts: [String]) -> String {
    let hashes = scripts.map { "'sha256-\(base64Digest(of: $0))'" }
    let rule = hashes.isEmpty ? "'none'" : hashes.joined(separator: " ")
    return "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src \(rule);"
      + " base-uri 'none'; form-action 'none'"
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
