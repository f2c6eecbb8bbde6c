import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// The commands of docs/sharing.md, in its order: those of Ana in one folder, those of Ben in
  /// another, which gets the packed file and nothing else.
  @Suite struct SharingPageTests {
    private struct Line {
      let person: String
      let arguments: [String]
    }

    @Test func everyCommandWorks() async throws {
      let home = try ResultsFolder("tiny")
      let finished = try await FinishedRun.tiny.value.results
      let folders = ["Ana": "ana", "Ben": "ben"].mapValues { home.url.appending(path: $0) }
      let ana = try #require(folders["Ana"])
      let ben = try #require(folders["Ben"])
      for folder in [ana, ben] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      }
      try FileManager.default.copyItem(at: home.recipe, to: ana.appending(path: "tiny.yaml"))
      try FileManager.default.copyItem(at: finished.url, to: ana.appending(path: "results"))
      let lines = try Self.lines()
      #expect(lines.count >= 10)
      #expect(Set(lines.map(\.person)) == ["Ana", "Ben"])
      let packed = ben.appending(path: "tiny.warmup.h5")
      for line in lines {
        if line.person == "Ben", !FileManager.default.fileExists(atPath: packed.path) {
          try FileManager.default.copyItem(at: ana.appending(path: "tiny.warmup.h5"), to: packed)
        }
        let ending = try await Program.run(line.arguments, in: folders[line.person]) { _ in }
        #expect(ending.code == 0, "\(line.arguments.joined(separator: " ")): \(ending.messages)")
      }
    }

    /// The lines of the blocks that begin with a person's name.
    private static func lines() throws -> [Line] {
      let page = ProjectFolder.documents.appending(path: "sharing.md")
      let blocks = try String(contentsOf: page, encoding: .utf8).split(separator: "```")
      return blocks.flatMap { block -> [Line] in
        var lines = block.split(separator: "\n")
        guard lines.first == "sh", lines.count > 1 else { return [] }
        let person = lines[1].drop { "# ".contains($0) }
        lines.removeFirst(2)
        return lines.map { line in
          let words = line.split(separator: " ").map { $0.filter { $0 != "'" } }
          #expect(words.first == "warmup")
          return Line(person: String(person), arguments: Array(words.dropFirst()))
        }
      }
    }
  }
}
