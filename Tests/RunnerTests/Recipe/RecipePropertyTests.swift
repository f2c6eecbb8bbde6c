import Base
import OrderedCollections
import Runner
import Testing

/// What holds for every recipe, tried on random ones.
@Suite struct RecipePropertyTests {
  @Test(arguments: 0..<60)
  func instancesOfRandomRecipes(seed: Int) throws {
    var random = RecipeRandom(seed: UInt64(seed))
    let model = RandomRecipe(&random)
    let recipe = try parse(model.text)
    for (index, instance) in recipe.instances.enumerated() {
      for input in instance.inputs {
        #expect(input.producer < index)
        let producer = recipe.instances[input.producer]
        for (axis, value) in producer.point { #expect(instance.point[axis] == value) }
      }
      #expect(Array(instance.point.keys) == recipe.axes.keys.filter { instance.point[$0] != nil })
    }
    for stage in model.stages {
      let instances = recipe.instances.filter { $0.stageName == stage.name }
      let size = stage.axes.reduce(1) { $0 * (recipe.axes[$1]?.count ?? 0) }
      #expect(instances.count == size)
      #expect(Set(instances.map(\.name)).count == size)
      #expect(instances.allSatisfy { Set($0.point.keys) == stage.axes })
      #expect(instances.allSatisfy { $0.inputs.count == stage.inputCount })
    }
  }

  @Test(arguments: 0..<40)
  func selectionsKeepProjections(seed: Int) throws {
    var random = RecipeRandom(seed: UInt64(seed) + 1000)
    let model = RandomRecipe(&random)
    let all = try parse(model.text)
    let selection = model.selection(&random)
    let empty = mistakes(model.text + selection)
    #expect(empty.allSatisfy { $0.message.contains("leave no point of") })
    guard empty.isEmpty else { return }
    let kept = try parse(model.text + selection)
    let names = Set(all.instances.map(\.name))
    for instance in kept.instances {
      #expect(names.contains(instance.name))
      #expect(
        instance.inputs.count == all.instances.first { $0.name == instance.name }?.inputs.count)
      for input in instance.inputs {
        for (axis, value) in kept.instances[input.producer].point {
          #expect(instance.point[axis] == value)
        }
      }
    }
  }
}

/// A random recipe with what its instances must come to.
struct RandomRecipe {
  struct Stage {
    let name: String
    let axes: Set<String>
    let inputCount: Int
  }

  let text: String
  private(set) var stages: [Stage] = []
  private let axes: [(name: String, values: [String])]

  init(_ random: inout RecipeRandom) {
    let axes = (0...random.below(3)).map { index in
      (name: "axis\(index)", values: (0...random.below(3)).map { "v\($0)" })
    }
    var lines: [String] = []
    let count = 3 + random.below(8)
    for index in 0..<count {
      let (line, stage) = Self.stage(index, axes, stages, &random)
      lines.append(line)
      stages.append(stage)
    }
    // Every axis must be used by some stage.
    let all = axes.map { "${\($0.name)}" }.joined()
    lines.append("  last: {kind: base, params: {source: \"\(all)\"}}")
    stages.append(Stage(name: "last", axes: Set(axes.map(\.name)), inputCount: 0))
    lines.shuffle(using: &random)
    let declared = axes.map { "\($0.name): [\($0.values.joined(separator: ", "))]" }
    text = """
      version: 1
      name: random
      axes: {\(declared.joined(separator: ", "))}
      stages:
        puzzles: {kind: puzzles}
      \(lines.joined(separator: "\n"))

      """
    self.axes = axes
  }

  /// A source that names some axes, or a stage trained from one or from two earlier ones.
  private static func stage(
    _ index: Int, _ axes: [(name: String, values: [String])], _ earlier: [Stage],
    _ random: inout RecipeRandom
  ) -> (line: String, stage: Stage) {
    let name = "stage\(index)"
    let named = axes.map(\.name).filter { _ in random.below(3) == 0 }
    let text = named.map { "${\($0)}" }.joined() + "x"
    guard let first = earlier.randomElement(using: &random),
      let second = earlier.randomElement(using: &random), random.below(4) > 0
    else {
      let line = "  \(name): {kind: base, params: {source: \"\(text)\"}}"
      return (line, Stage(name: name, axes: Set(named), inputCount: 0))
    }
    let line = """
        \(name): {kind: train, inputs: {teacher: \(second.name).model, model: \(first.name), \
      problems: puzzles}, params: {note: "\(text)"}}
      """
    return (
      line, Stage(name: name, axes: first.axes.union(second.axes).union(named), inputCount: 3)
    )
  }

  /// A random `include` or `exclude`.
  func selection(_ random: inout RecipeRandom) -> String {
    let entries = (0...random.below(2)).map { _ in
      let chosen = axes.filter { _ in random.below(2) == 0 }
      let named = (chosen.isEmpty ? Array(axes.prefix(1)) : chosen).map { axis in
        "\(axis.name): \(axis.values.randomElement(using: &random) ?? "")"
      }
      return "{\(named.joined(separator: ", "))}"
    }
    let key = random.below(2) == 0 ? "include" : "exclude"
    return "\(key): [\(entries.joined(separator: ", "))]\n"
  }
}

/// SplitMix64, so that a failing test fails again.
struct RecipeRandom: RandomNumberGenerator {
  private var generator: SplitMix64

  init(seed: UInt64) { generator = SplitMix64(state: seed) }

  mutating func next() -> UInt64 { generator.next() }

  /// A number from 0 to the bound, exclusive.
  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}
