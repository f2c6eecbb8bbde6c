import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Everything in docs/tutorial.md, in its order: files are saved, commands are run.
  @Suite struct TutorialTests {
    /// What makes the recipes small enough for a test. Each is in one of them.
    private static let smaller = [
      ("count: 1600", "count: 40"), ("test: 200", "test: 8"), ("count: 300", "count: 60"),
      ("hidden: 64", "hidden: 16"), ("intermediate: 192", "intermediate: 32"),
      ("epochs: 6", "epochs: 1"), ("epochs: 5", "epochs: 2"), ("max_tokens: 100", "max_tokens: 8"),
      ("steps: 40", "steps: 1"), ("group: 8", "group: 2"),
      ("problems_per_step: 8", "problems_per_step: 2"),
    ]

    @Test func everyCommandWorks() async throws {
      let folder = try ScratchFolder()
      let page = try String(
        contentsOf: ProjectFolder.documents.appending(path: "tutorial.md"), encoding: .utf8)
      var untried = Set(Self.smaller.map(\.0))
      var commands = 0
      /// What the last command said, where the page shows it.
      var shown: String?
      // Blocks are the odd parts.
      for block in page.components(separatedBy: "```").enumerated().filter({ $0.offset % 2 == 1 }) {
        let lines = block.element.components(separatedBy: "\n")
        switch lines[0] {
        case "yaml":
          var recipe = lines.dropFirst().joined(separator: "\n")
          for (size, less) in Self.smaller where recipe.contains(size) {
            untried.remove(size)
            recipe = recipe.replacing(size, with: less)
          }
          let name = try #require(lines[1].wholeMatch(of: /# ([a-z_]+\.yaml)/)).1
          try recipe.write(to: folder.file(String(name)), atomically: true, encoding: .utf8)
        case "sh":
          for line in lines.dropFirst() where !line.isEmpty {
            let parts = line.components(separatedBy: "   # exit code ")
            let words = parts[0].split(separator: " ").map { $0.filter { $0 != "'" } }
            #expect(words.first == "warmup")
            let ending = try await Program.run(Array(words.dropFirst()), in: folder.url) { _ in }
            #expect(
              ending.code == (parts.count > 1 ? Int32(parts[1]) : 0), "\(line): \(ending.messages)")
            shown = parts.count > 1 ? ending.messages : nil
            commands += 1
          }
        case "text":
          if let messages = shown { #expect(lines.dropFirst().joined(separator: "\n") == messages) }
          shown = nil
        default: continue
        }
      }
      #expect(commands > 15)
      #expect(untried.isEmpty)
      for result in ["results/with_rl/report.html", "unpacked/report.html", "adder/config.json"] {
        #expect(FileManager.default.fileExists(atPath: folder.file(result).path), "\(result)")
      }
    }
  }
}
