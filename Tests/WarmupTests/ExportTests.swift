import Foundation
import Testing

extension EndToEnd {
  /// `warmup export`.
  @Suite struct ExportTests {
    @Test func aModelBecomesAHuggingFaceFolder() async throws {
      let results = try await FinishedRun.tiny.value.results
      let folder = FileManager.default.temporaryDirectory
        .appending(path: "export-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      let ending = try await results.run("export", "warmed", folder.path)
      #expect(ending.code == 0)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(
        files.sorted() == [
          "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
          "tokenizer_config.json",
        ])
    }

    @Test func whatIsNoModelIsASentence() async throws {
      let results = try await FinishedRun.tiny.value.results
      let ending = try await results.run("export", "puzzles", "/nonexistent/folder")
      #expect(ending.code == 1)
      #expect(ending.messages.contains("'puzzles' makes no model"))
    }
  }
}
