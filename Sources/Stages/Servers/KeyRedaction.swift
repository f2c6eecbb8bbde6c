import Base
import Foundation

/// Takes a key out of what a server sends back, so that nothing prints, keeps or shares it.
struct KeyRedaction: Sendable {
  /// What stands in the key's place.
  static let mark = "[key]"
  /// Below so many characters a key is also a word that completions may have, such as `EMPTY`.
  static let shortestInCompletions = 8

  private let key: String?

  init(_ key: String?) { self.key = key }

  /// A message without the key.
  func message(_ text: String) -> String {
    guard let key else { return text }
    return text.replacingOccurrences(of: key, with: Self.mark, options: .caseInsensitive)
  }

  /// An answer without the key, unless that is too short to tell it from words.
  func value(_ value: JSONValue) -> JSONValue {
    guard let key, key.utf8.count >= Self.shortestInCompletions else { return value }
    return everywhere(in: value)
  }

  /// A value without the key in any of its texts.
  func everywhere(in value: JSONValue) -> JSONValue {
    switch value {
    case .string(let text): .string(message(text))
    case .array(let values): .array(values.map(everywhere))
    case .object(let members):
      .object(Dictionary(members.map { (message($0), everywhere(in: $1)) }) { $1 })
    default: value
    }
  }
}
