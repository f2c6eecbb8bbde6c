import Base
import Runner
import Testing

/// `resources` in recipes.
@Suite struct ResourcesTests {
  private func recipe(_ resources: String) -> String {
    """
    version: 1
    name: test
    stages:
      puzzles: {kind: puzzles}
      base: {kind: base, params: {source: a}}
      tuned:
        kind: train
        inputs: {model: base, problems: puzzles}
        resources: \(resources)
    """
  }

  @Test func amountsAreRead() throws {
    let asked = try parse(recipe("{gpus: 2, cpus: 8, memory: 1.5 GB, time: 90 min}"))
      .instances[2].resources
    #expect((asked.gpus, asked.cpus) == (2, 8))
    #expect((asked.memory?.bytes, asked.time?.seconds) == (1_500_000_000, 5400))
    #expect(asked.words == "2 GPUs, 8 CPUs, 1.5 GB, 90 min")
    let nothing = try parse(recipe("")).instances[2].resources
    #expect(nothing.isEmpty && nothing.words == "")
    #expect(
      try parse(recipe("{time: 2 d, memory: 500MB}")).instances[2].resources.words == "500MB, 2 d")
  }

  @Test func theyChangeNoKey() throws {
    func identities(_ resources: String) throws -> [JSONValue] {
      try parse(recipe(resources)).instances.map(\.identity)
    }
    #expect(try identities("{gpus: 2, time: 1 h}") == identities(""))
  }

  @Test(arguments: [
    ("{gpu: 1}", "unknown key 'gpu'; did you mean 'gpus'?"), ("{gpus: -1}", "'gpus' must be"),
    ("{cpus: 0}", "'cpus' must be"), ("{memory: 16}", "expected an amount of memory"),
    ("{memory: 16 KB}", "expected an amount of memory"), ("{memory: -1 GB}", "expected an amount"),
    ("{time: 12}", "expected a time with its unit"), ("{time: 0 h}", "expected a time"),
    ("{time: 1:30:00}", "expected a time"), ("4", "expected a mapping"),
  ])
  func mistakesHaveTheirPlace(resources: String, words: String) throws {
    let error = #expect(throws: RecipeError.self) { try parse(recipe(resources)) }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    #expect(error?.description.contains(":9:") == true, "\(String(describing: error))")
  }
}
