import Foundation
import Runner
import TestSupport
import Testing

/// The examples of `docs/figures.md`.
@Suite struct FigureDocumentationTests {
  private static func text() throws -> String {
    let document = ProjectFolder.documents.appending(path: "figures.md")
    return try String(contentsOf: document, encoding: .utf8)
  }

  @Test func examplesAreFigures() throws {
    let blocks = try Self.text().components(separatedBy: "```yaml\n").dropFirst()
      .map { $0.components(separatedBy: "```")[0] }
    var count = 0
    for block in blocks {
      var sink = DiagnosticSink()
      let node = try #require(YAMLLoader.load(block, into: &sink))
      guard case .map(let parts) = node.value, case .map(let figures) = parts[0].node.value else {
        Issue.record("no figures in \(block)")
        continue
      }
      for figure in figures {
        #expect(FigureSpecification.decode(figure.node, into: &sink) != nil, "\(figure.key)")
        count += 1
      }
      #expect(sink.diagnostics.isEmpty, "\(sink.diagnostics)")
    }
    #expect(count == 8)
  }

  @Test func everyKeyIsDescribed() throws {
    let text = try Self.text()
    for field in FigureSpecification.fields {
      #expect(text.contains("`\(field.name)`"), "\(field.name)")
    }
  }

  @Test func everyPictureIsThere() throws {
    let names = try Self.text().matches(of: /\(images\/([a-z-]+\.svg)\)/).map { String($0.1) }
    #expect(names.count == 6)
    let folder = ProjectFolder.documents.appending(path: "images")
    for name in names {
      let picture = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
      #expect(picture.hasPrefix("<svg") && picture.contains("<title "), "\(name)")
    }
  }
}
