import Foundation

/// Tokenizers by the rules of model families, as `tokenizer.json` of a few hundred tokens.
package enum FamilyTokenizer {
  package static let folder = ProjectFolder.fixtures.appending(path: "tokenizers")

  /// A tokenizer.json, made of one of its kind and what is different. The model is taken as it is
  /// written, since Foundation makes one key of texts that Unicode calls equivalent.
  /// - Parameter name: a key of families.json, such as `llama3`.
  package static func file(_ name: String) throws -> Data {
    guard let family = try object("families.json")[name] as? [String: Any],
      let kind = family["kind"] as? String,
      let differences = family["differences"] as? [String: Any]
    else { throw MissingTokenizer(name: name) }
    var file = try object("\(kind).json")
    file.merge(differences) { $1 }
    file["model"] = nil
    let content = try Data(contentsOf: folder.appending(path: "\(kind).json"))
    let text = String(decoding: content, as: UTF8.self)
    guard let model = text.range(of: #""model": {"#) else { throw MissingTokenizer(name: kind) }
    let ignores = #""ignore_merges": "#
    let own = text[model.lowerBound...].replacingOccurrences(
      of: ignores + "false", with: ignores + "\(family["ignore_merges"] as? Bool ?? false)")
    let rest = String(
      decoding: try JSONSerialization.data(withJSONObject: file), as: UTF8.self)
    return Data("\(rest.dropLast()), \(own)".utf8)
  }

  private static func object(_ name: String) throws -> [String: Any] {
    let data = try Data(contentsOf: folder.appending(path: name))
    guard let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw MissingTokenizer(name: name)
    }
    return object
  }
}

/// The fixtures have no such tokenizer.
package struct MissingTokenizer: Error {
  let name: String
}
