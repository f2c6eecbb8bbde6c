import Base
import Foundation
import Runner

/// What a report rests on: the key of every result that it was made from. The page carries it, so
/// that a later report can be weighed against it before it takes its place.
package struct ReportBasis: Sendable, Equatable {
  /// The key of each result, by its instance's name.
  package let keys: [String: String]

  package init(_ plan: Plan) {
    keys = Dictionary(plan.items.compactMap { item in item.artifact.map { (item.name, $0.key) } }) {
      $1
    }
  }

  /// Reads what the report in a folder rests on; nil where there is none.
  ///
  /// Pages of older versions do not say: they rest on no more than the recipe's lock has.
  /// - Parameter old: what such a page rests on, where the lock has changed since.
  /// - Throws: `CacheError.malformed` for a lock that cannot be read.
  package init?(reportIn folder: URL, since old: ReportBasis? = nil) throws {
    if let head = ReportFile.headOfPage(in: folder) {
      keys = try Self.keys(in: head) ?? old?.keys ?? RecipeLock(recipeFolder: folder).keys
    } else if let old {
      self = old
    } else if FileManager.default.fileExists(atPath: ReportFile.brief(in: folder).path) {
      keys = try RecipeLock(recipeFolder: folder).keys
    } else {
      return nil
    }
  }

  /// The results that a report on a plan would lack, in the order of the plan, then those of
  /// instances that the recipe no longer has.
  ///
  /// A report on all that a recipe asks for lacks nothing that is there under another key; one on a
  /// part of it does, for it would mix the new with what is missing. What gates stop is not missing.
  package func lost(by plan: Plan) -> [String] {
    let isComplete = plan.isComplete
    let kept = plan.items.filter {
      $0.state == .stopped || $0.isDone && (isComplete || $0.artifact?.key == keys[$0.name])
    }
    return ordered(Set(keys.keys).subtracting(kept.map(\.name)), as: plan)
  }

  /// The results that are no longer what the recipe asks for: those whose key is another now, those
  /// that gates stop, and those of instances that it no longer has.
  package func outdated(for plan: Plan) -> [String] {
    let same = plan.items.filter {
      $0.state != .stopped && ($0.key == nil || $0.key == keys[$0.name])
    }
    return ordered(Set(keys.keys).subtracting(same.map(\.name)), as: plan)
  }

  private func ordered(_ names: Set<String>, as plan: Plan) -> [String] {
    let planned = plan.items.map(\.name).filter(names.contains)
    return planned + names.subtracting(planned).sorted()
  }

  // MARK: In the page

  private static let start = "<meta name=\"warmup-results\" content=\""

  /// The element of the page's head that holds it.
  var markup: Markup {
    let json = JSONValue.object(keys.mapValues { .string($0) }).text
    return Markup(trusted: Self.start + Markup.escape(json) + "\">")
  }

  /// What models wrote is escaped in a page, so that the element is found in the head alone.
  private static func keys(in page: String) -> [String: String]? {
    let bytes = page.utf8
    guard let from = bytes.firstRange(of: start.utf8),
      let end = bytes[from.upperBound...].firstIndex(of: UInt8(ascii: "\""))
    else { return nil }
    let text = Markup.unescaped(bytes[from.upperBound..<end])
    return (try? JSONValue(parsing: Data(text)))?.object?.compactMapValues(\.string)
  }
}

/// The report on disk says that it is out of date while a newer one is not there yet.
extension ReportBasis {
  private static let pageMark = "<p class=\"warning\" id=\"out-of-date\">"
  private static let briefMark = "> **Warning:** "

  /// Marks the report in a folder as out of date, or takes the mark away where it is not.
  /// - Parameter plan: what the recipe asks for now.
  /// - Returns: what it says of itself; nil where nothing.
  /// - Throws: what reading and writing its files throws.
  @discardableResult
  package func mark(reportIn folder: URL, for plan: Plan) throws -> String? {
    let outdated = outdated(for: plan)
    let words = outdated.isEmpty ? nil : staleness(outdated)
    try Self.change(ReportFile.page(in: folder)) { markedPage($0, words) }
    try Self.change(ReportFile.brief(in: folder)) { Self.markedBrief($0, words) }
    return words
  }

  private func staleness(_ outdated: [String]) -> String {
    "This report is out of date: of the \(keys.count) results that it rests on, \(outdated.count)"
      + " are no longer what the recipe asks for (\(NameList.text(outdated))). It is kept because a"
      + " newer one would rest on less."
  }

  private func markedPage(_ page: String, _ words: String?) -> String {
    var page = page
    if let from = page.range(of: Self.pageMark, options: .literal),
      let end = page.range(of: "</p>", range: from.upperBound..<page.endIndex)
    {
      page.removeSubrange(from.lowerBound..<end.upperBound)
    }
    guard let words, let header = page.range(of: "<header>", options: .literal) else { return page }
    page.insert(
      contentsOf: Self.pageMark + Markup(words).source + "</p>", at: header.upperBound)
    // The lock, from which older pages are judged, goes on with the runs; so the page says it now.
    if Self.keys(in: page) == nil, let head = page.range(of: "</head>", options: .literal) {
      page.insert(contentsOf: markup.source, at: head.lowerBound)
    }
    return page
  }

  private static func markedBrief(_ text: String, _ words: String?) -> String {
    var text = text
    if text.hasPrefix(briefMark), let end = text.range(of: "\n\n") {
      text.removeSubrange(..<end.upperBound)
    }
    return (words.map { briefMark + $0 + "\n\n" } ?? "") + text
  }

  private static func change(_ file: URL, _ change: (String) -> String) throws {
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    let old = try String(contentsOf: file, encoding: .utf8)
    let new = change(old)
    if new != old { try AtomicFile.write(new, to: file) }
  }
}

/// The files of a report that are looked at before another takes their place.
private enum ReportFile {
  static func page(in folder: URL) -> URL { folder.appending(path: "report.html") }
  static func brief(in folder: URL) -> URL { folder.appending(path: "report.md") }

  /// The page up to the end of its head; nil where it cannot be read. The rest may be long.
  static func headOfPage(in folder: URL) -> String? {
    guard let file = try? FileHandle(forReadingFrom: page(in: folder)) else { return nil }
    defer { try? file.close() }
    let end = Data("</head>".utf8)
    var head = Data()
    do {
      while let piece = try file.read(upToCount: 1 << 18), !piece.isEmpty {
        let searched = max(0, head.count - end.count)
        head += piece
        if let found = head.range(of: end, in: searched..<head.count) {
          return String(bytes: head[..<found.upperBound], encoding: .utf8)
        }
      }
    } catch { return nil }
    return String(bytes: head, encoding: .utf8)
  }
}

/// Why a report was not written: the one that is there rests on more.
package struct ReportKeptError: Error, CustomStringConvertible {
  /// The page that stays.
  private let page: URL
  private let total: Int
  private let lost: [String]
  private let outdated: Int
  /// Whether a run would make all that a new report would lack.
  private let isMakeable: Bool
  private let recipe: String?

  /// Weighs a report on a plan against the one that is there; nil where it may take its place.
  /// - Parameter recipe: what would make the results, for people; nil where nothing does.
  package init?(_ basis: ReportBasis?, against plan: Plan, in folder: URL, recipe: String?) {
    guard let basis else { return nil }
    lost = basis.lost(by: plan)
    if lost.isEmpty { return nil }
    page = ReportFile.page(in: folder)
    total = basis.keys.count
    outdated = basis.outdated(for: plan).count
    isMakeable = Set(lost).isSubset(of: plan.items.map(\.name))
    self.recipe = recipe
  }

  package var description: String {
    let results = total == 1 ? "1 result" : "\(total) results"
    let run = recipe.map { "'warmup run \($0)' makes what is missing, and " } ?? ""
    let changed =
      outdated == 0
      ? "" : "; \(outdated) of them are no longer what the recipe and this program ask for"
    return "\(page.relativePath) rests on \(results), of which a new report would lack"
      + " \(lost.count) (\(NameList.text(lost)))\(changed). It was left as it is; "
      + (isMakeable ? run : "")
      + "--overwrite replaces it all the same"
  }
}

/// Names for a sentence: the first three, and how many more.
enum NameList {
  static func text(_ names: [String]) -> String {
    let more = names.count - 3
    return names.prefix(3).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }
}
