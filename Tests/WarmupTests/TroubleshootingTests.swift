import Foundation
import TestSupport
import Testing

/// The messages of docs/troubleshooting.md are those of the program.
@Suite struct TroubleshootingTests {
  @Test func everyMessageIsInTheSources() throws {
    let sources = try Self.sources()
    let page = try String(
      contentsOf: ProjectFolder.documents.appending(path: "troubleshooting.md"), encoding: .utf8)
    let messages = page.matches(of: /(?m)^### `(.*)`$/).map { String($0.1) }
    #expect(messages.count > 25)
    for message in messages {
      // What differs is an ellipsis on the page, and an interpolation in the source.
      for part in message.split(separator: "…") {
        #expect(sources.contains(part), "'\(part)' of '\(message)'")
      }
    }
  }

  /// All Swift sources, with literals that are continued joined.
  private static func sources() throws -> String {
    let folder = ProjectFolder.root.appending(path: "Sources")
    let files = (FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String]) ?? []
    return try files.filter { $0.hasSuffix(".swift") }.map {
      try String(contentsOf: folder.appending(path: $0), encoding: .utf8)
        .replacing(/"\s*\+\s*"|\\\n\s*/, with: "").replacing("\\\"", with: "\"")
    }.joined(separator: "\n")
  }
}
