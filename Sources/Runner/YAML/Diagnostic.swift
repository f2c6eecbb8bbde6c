import Base
import Foundation

/// Something wrong with a recipe, said in one sentence, with its place.
package struct Diagnostic: Hashable, Sendable {
  package let position: SourcePosition
  /// What is wrong and what to do about it, without a full stop.
  package let message: String

  package init(_ position: SourcePosition, _ message: String) {
    self.position = position
    self.message = message
  }
}

/// Collects diagnostics, so that all of a recipe's mistakes are reported at once.
package struct DiagnosticSink: Sendable {
  /// What has been found so far, in the order found.
  package private(set) var diagnostics: [Diagnostic] = []

  package init() {}

  package mutating func report(_ position: SourcePosition, _ message: String) {
    diagnostics.append(Diagnostic(position, message))
  }
}

/// Everything that is wrong with a recipe, ready to be shown.
package struct RecipeError: Error, Sendable, CustomStringConvertible {
  /// The recipe's file, as it was named.
  package let file: String
  /// The mistakes, sorted by place.
  package let diagnostics: [Diagnostic]

  private let sources: RecipeSources

  /// Sorts the mistakes and drops repetitions.
  init(_ diagnostics: [Diagnostic], sources: RecipeSources) {
    var seen: Set<Diagnostic> = []
    let distinct = diagnostics.filter { seen.insert($0).inserted }
    self.diagnostics = distinct.enumerated()
      .sorted { ($0.element.position, $0.offset) < ($1.element.position, $1.offset) }
      .map(\.element)
    self.sources = sources
    file = sources.file
  }

  /// How many mistakes are shown; a recipe that has more was made by a program.
  private static let greatestCount = 200

  /// `file:line:column: message` for each mistake, with the source line and a caret.
  package var description: String {
    let shown = diagnostics.prefix(Self.greatestCount).map(sources.render)
    let rest = diagnostics.count - shown.count
    return (shown + (rest > 0 ? ["and \(rest) more mistakes"] : [])).joined(separator: "\n")
  }
}

extension SourcePosition {
  /// Whether the place is on the command line.
  var isOverride: Bool { file?.hasPrefix(RecipeSources.override) ?? false }
}

/// The texts that a recipe was read from, for showing the lines that diagnostics point at.
struct RecipeSources: Sendable {
  /// With what the name of a text begins that stands on the command line.
  static let override = "--set "

  /// The recipe's file, as it was named.
  let file: String
  private var lines: [String: [String]] = [:]

  init(file: String) { self.file = file }

  /// Keeps the text of a file; nil stands for the recipe itself.
  mutating func add(_ text: String, of file: String?) {
    lines[file ?? self.file] = SourceLines.split(text)
  }

  /// SHA-256 of all texts with their names.
  var digest: String {
    let texts = lines.mapValues { lines in JSONValue.array(lines.map { .string($0) }) }
    return SHA256Digest.hex(of: Data(JSONValue.object(texts).text.utf8))
  }

  /// The message with its place, the source line and a caret.
  func render(_ diagnostic: Diagnostic) -> String {
    let position = diagnostic.position
    let name = position.file ?? file
    guard let lines = lines[name] else { return "\(name): \(diagnostic.message)".visible }
    let isOverride = name.hasPrefix(Self.override)
    let place = isOverride ? name : "\(name):\(position.line):\(position.column)"
    let message = "\(place): \(diagnostic.message)".visible
    guard lines.indices.contains(position.line - 1) else { return message }
    let line = lines[position.line - 1]
    if line.allSatisfy(\.isWhitespace) { return message }
    return message + "\n" + Self.excerpt(line, column: position.column)
  }

  /// The source line, cut around the column where it is long, over a line with a caret.
  private static func excerpt(_ line: String, column: Int) -> String {
    let width = 100
    let begin = column > width ? column - width / 2 : 0
    // No more of a line than is shown: it may be as long as the file.
    let scalars = line.unicodeScalars.prefix(begin + width + 1)
      .map { isShowable($0) ? $0 : "\u{FFFD}" }
    let shown = string(scalars.dropFirst(begin).prefix(width))
    let before =
      (begin > 0 ? "…" : "") + string(scalars.dropFirst(begin).prefix(column - 1 - begin))
    let text = (begin > 0 ? "…" : "") + shown + (scalars.count > begin + width ? "…" : "")
    let padding = String(before.map { $0 == "\t" ? "\t" : " " })
    return "  \(text)\n  \(padding)^"
  }

  private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  private static func isShowable(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\t" || String(scalar).isOneLine
  }
}

/// The lines of a text as YAML counts them.
package enum SourceLines {
  /// Splits a text where YAML breaks lines: at LF, CR, CR LF, NEL, LS and PS.
  package static func split(_ text: String) -> [String] {
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    var previous: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
      defer { previous = scalar }
      if scalar == "\n", previous == "\r" { continue }
      if isBreak(scalar) {
        lines.append(String(line))
        line = String.UnicodeScalarView()
      } else {
        line.append(scalar)
      }
    }
    return lines + [String(line)]
  }

  /// The line and column, from 1, of a byte of a text.
  package static func place(ofByte offset: Int, in text: String) -> (line: Int, column: Int) {
    let before = split(String(decoding: Array(text.utf8.prefix(offset)), as: UTF8.self))
    return (before.count, (before.last?.unicodeScalars.count ?? 0) + 1)
  }

  /// The place itself, or the end of the text where it lies behind that.
  package static func clamp(line: Int, column: Int, in text: String) -> (line: Int, column: Int) {
    let lines = split(text)
    if line <= lines.count { return (line, column) }
    return (lines.count, (lines.last?.unicodeScalars.count ?? 0) + 1)
  }

  private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
    default: false
    }
  }
}
