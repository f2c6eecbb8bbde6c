import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What a person in a hurry types, and what they read. After a change on purpose, write the new text to
  /// `Tests/Fixtures/snapshots`.
  @Suite struct ClumsyInputTests {
    /// What the program says to each of these, with the exit codes.
    private static let inputs: [[String]] = [
      ["kinds", "distil"], ["kinds", "RLVR2"], ["help", "nope"], ["cache", "lss"],
      ["engine", "chek", "trl"], ["plan", "tiny"], ["plan", "tiny.yml"], ["plan", "folder"],
      ["plan", "binary"], ["plan", "empty.yaml"], ["unpack", "tiny.yaml"],
      ["plan", "tiny.yaml", "--only", "seed=9"], ["plan", "tiny.yaml", "--threads", "-1"],
      ["run", "tiny.yaml", "--threads", "-1"], ["run", "tiny.yaml", "--page", "-1"],
      ["plan", "tiny.yaml", "--set", "=3"], ["plan", "tiny.yaml", "--set", "axes.seed=[1,"],
      ["plan", "tiny.yaml", "--set", "axes.seed=foo"],
      ["plan", "tiny.yaml", "--set", "stages.tuned.params.steps=2.5"],
      ["plan", "tiny.yaml", "--set", "stages.tuned.kind=RLVR"],
      ["plan", "tiny.yaml", "--set", "stages.tuned.kind=grpo"],
      ["plan", "tiny.yaml", "--site", "folder"], ["show", "tiny.yaml", "tuned[seed=9]"],
      ["show", "tiny.yaml", "puzzels"], ["pack", "tiny.yaml"],
      ["pack", "tiny.yaml", "-o", "nowhere/x.h5"], ["new", "sweep", "-o", "nowhere/x.yaml"],
      ["new", "sweep", "-o", "tiny.yaml"], ["compare", "tiny.yaml", "folder"],
      ["cache", "gc", "--days", "-1"], ["bench", "sample", "--model", "tiny.yaml"],
      ["plan", "indent.yaml"], ["plan", "colon.yaml"], ["plan", "bracket.yaml"],
      ["plan", "quote.yaml"], ["run", "tiny.yaml", "--allow-key", "sk-123"],
    ]

    private static let files = [
      "empty.yaml": "", "binary": "a\0b",
      "indent.yaml": "version: 1\nstages:\n  a:\n   kind: split\n    inputs: {}\n",
      "colon.yaml": "version: 1\nname x\nsummary: y\n",
      "bracket.yaml": "version: 1\nstages:\n  a: {kind: split\n  b: {kind: split}\n",
      "quote.yaml": "version: 1\nname: \"x\nsummary: y\n",
    ]

    @Test func everythingThatGoesWrongSaysWhatToDo() async throws {
      let folder = try ScratchFolder()
      defer { withExtendedLifetime(folder) {} }
      try FileManager.default.copyItem(at: Fixture.recipe("tiny"), to: folder.file("tiny.yaml"))
      try FileManager.default.createDirectory(
        at: folder.file("folder"), withIntermediateDirectories: true)
      for (name, text) in Self.files { _ = try folder.write(text, name) }
      var text = ""
      for input in Self.inputs {
        let ending = try await Program.run(input, in: folder.url) { _ in }
        #expect(ending.output.isEmpty, "\(input)")
        text +=
          "$ warmup \(input.joined(separator: " "))  # \(ending.code ?? -1)\n\(ending.messages)\n"
      }
      let place = folder.url.resolvingSymlinksInPath().path
      text = text.replacing(place, with: "FOLDER").replacing(folder.url.path, with: "FOLDER")
      #expect(text == (try Fixture.snapshot("clumsy-input")), "\(text)")
    }
  }
}
