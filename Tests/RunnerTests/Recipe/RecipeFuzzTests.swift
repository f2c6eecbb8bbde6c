import Foundation
import Runner
import Testing

/// Whatever the bytes, there comes a recipe or diagnostics, and no crash.
@Suite struct RecipeFuzzTests {
  private static let good = """
    # a comment with é and 😀
    version: 1
    name: good
    axes: &axes {start: [base, "warm"], seed: [1, 2]}
    exclude: [{start: warm, seed: [2]}]
    stages:
      base: {kind: base, params: {source: 'pip:x==1'}}
      puzzles: {kind: puzzles, params: &puzzles {people: [3, 4], count: 0x10}}
      warm:
        kind: train
        inputs: {model: base, problems: puzzles}
        params:
          learning_rate: 1e-6
          note: |
            text
              and more
      tuned:
        kind: train
        inputs: {model: "${start}.model", problems: puzzles.problems}
        params: {seed: "${seed}", loss: {clip: .3}, weights: {a: 1}}
    tables: {main: {value: tuned.reward, rows: start, over: seed}}
    figures: {f: {line: tuned.reward, series: [start], band: seed}}
    """

  /// Loads the bytes as a file; renders what is wrong, for that must not crash either.
  private func load(_ bytes: [UInt8], in folder: URL) throws {
    let file = folder.appending(path: "x.yaml")
    try Data(bytes).write(to: file)
    do throws(RecipeError) {
      let recipe = try Recipe.load(file, registry: RecipeKinds.registry)
      #expect(!recipe.instances.isEmpty)
    } catch {
      #expect(!error.diagnostics.isEmpty)
      #expect(error.description.contains("x.yaml"))
      let last = SourceLines.split(String(decoding: bytes, as: UTF8.self)).count
      #expect(error.diagnostics.allSatisfy { 1...last ~= $0.position.line })
    }
  }

  private func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  @Test func theGoodRecipeIsGood() throws {
    #expect(try parse(Self.good).instances.map(\.stageName).filter { $0 == "tuned" }.count == 3)
  }

  @Test func truncations() throws {
    let bytes = Array(Self.good.utf8)
    try inFolder { folder in
      for count in 0..<bytes.count { try load(Array(bytes.prefix(count)), in: folder) }
    }
  }

  @Test func missingPieces() throws {
    let lines = Self.good.split(separator: "\n", omittingEmptySubsequences: false)
    try inFolder { folder in
      for index in lines.indices {
        var fewer = lines
        fewer.remove(at: index)
        try load(Array(fewer.joined(separator: "\n").utf8), in: folder)
      }
    }
  }

  @Test(arguments: 0..<4)
  func mutations(seed: Int) throws {
    var random = RecipeRandom(seed: UInt64(seed))
    let alphabet = Array("{}[],:&*!|>'\"%@`#-?$ \n\t~0a\u{0}".utf8) + [0xC3, 0xFF, 0x85]
    try inFolder { folder in
      for _ in 0..<60 {
        var bytes = Array(Self.good.utf8)
        for _ in 0...random.below(6) {
          let place = random.below(bytes.count)
          let byte = alphabet[random.below(alphabet.count)]
          if random.below(2) == 0 { bytes[place] = byte } else { bytes.insert(byte, at: place) }
        }
        try load(bytes, in: folder)
      }
    }
  }

  @Test(arguments: 0..<4)
  func randomBytes(seed: Int) throws {
    var random = RecipeRandom(seed: UInt64(seed))
    let alphabet = Array("{}[],:&*!|>'\"#-?$\n ab1".utf8)
    try inFolder { folder in
      for _ in 0..<100 {
        let bytes = (0..<random.below(60)).map { _ in
          random.below(8) == 0 ? UInt8(random.below(256)) : alphabet[random.below(alphabet.count)]
        }
        try load(bytes, in: folder)
      }
    }
  }
}
