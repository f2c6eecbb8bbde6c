import Foundation
import TestSupport
import Testing

/// Links between the project's pages lead somewhere, and the index leads to every page.
@Suite struct DocumentationLinkTests {
  /// Pages by their path in the project.
  private static let pages: [String] = {
    let folder = ProjectFolder.documents.path
    let documents = (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String]) ?? []
    return ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
      + documents.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
  }()

  @Test(arguments: pages) func everyRelativeLinkLeadsSomewhere(page: String) throws {
    let file = ProjectFolder.root.appending(path: page)
    for target in Self.links(try Self.prose(of: file)) where !target.contains("://") {
      let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
      let linked =
        parts[0].isEmpty
        ? file : file.deletingLastPathComponent().appending(path: String(parts[0])).standardized
      #expect(FileManager.default.fileExists(atPath: linked.path), "\(page) links to \(target)")
      guard parts.count > 1, linked.pathExtension == "md" else { continue }
      let anchors = Self.anchors(try Self.prose(of: linked))
      #expect(anchors.contains(String(parts[1])), "\(page) links to \(target)")
    }
  }

  @Test func theIndexLeadsToEveryPage() throws {
    let index = ProjectFolder.documents.appending(path: "README.md")
    let linked = Set(Self.links(try Self.prose(of: index)))
    for page in Self.pages where page != "docs/README.md" {
      let path = page.hasPrefix("docs/") ? String(page.dropFirst(5)) : "../\(page)"
      #expect(linked.contains(path), "docs/README.md does not link to \(path)")
    }
  }

  @Test func anchorsAreThoseOfGitHub() {
    let page = "# A `b@1`: c, d\n## A `b@1`: c, d\n\n### [E](f.md) g_h-i …\n"
    #expect(Self.anchors(page) == ["a-b1-c-d", "a-b1-c-d-1", "e-g_h-i-"])
    let text = "[a](b.md#c) ![d](e.svg \"f\") [`g`](h/) `[i](j)`"
    #expect(Self.links(text) == ["b.md#c", "e.svg", "h/"])
  }

  /// A page without its blocks of code.
  private static func prose(of file: URL) throws -> String {
    let text = try String(contentsOf: file, encoding: .utf8)
    return text.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 0 }
      .map(\.element).joined()
  }

  /// Where links lead; what is written as code is none.
  private static func links(_ text: String) -> [String] {
    text.replacing(/`[^`\n]*`/, with: "").matches(of: /\]\(([^)\s]+)[^)]*\)/).map { String($0.1) }
  }

  /// The anchors of a page's headings, in order: lower case, blanks as hyphens, no punctuation, a
  /// number behind those that occur again.
  private static func anchors(_ text: String) -> [String] {
    var seen: [String: Int] = [:]
    return text.split(separator: "\n").compactMap { line in
      guard let heading = line.wholeMatch(of: /#{1,6} +(.*)/)?.1 else { return nil }
      let words = heading.replacing(/\]\([^)]*\)/, with: "").lowercased()
      let anchor = String(
        words.compactMap { character in
          if character == " " { return "-" }
          let stays = character.isLetter || character.isNumber || "-_".contains(character)
          return stays ? character : nil
        })
      seen[anchor, default: 0] += 1
      let count = seen[anchor] ?? 1
      return count == 1 ? anchor : "\(anchor)-\(count - 1)"
    }
  }
}
