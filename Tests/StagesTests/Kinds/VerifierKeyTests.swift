import Base
import Foundation
import Runner
import Stages
import Tasks
import TestSupport
import Testing

/// What keys say of the verifier that a recipe names or leaves to the task.
@Suite(.ownThread) struct VerifierKeyTests {
  private static let digest = String(repeating: "ab", count: 32)

  /// Stages that make problems, by the task that is known of them beforehand.
  private static func problems(_ task: String) -> String {
    switch task {
    case "knights_and_knaves": "problems: {kind: knights_and_knaves, params: {people: 2, count: 8}}"
    case "choice": "problems: {kind: miniature_problems, params: {domain: choice}}"
    case "arithmetic": "problems: {kind: miniature_problems, params: {count: 8}}"
    case "unknown": "problems: {kind: short_problems, inputs: {problems: some}}"
    default:
      "problems: {kind: dataset, params: {task: \(task), source: x.jsonl, sha256: \(digest)}}"
    }
  }

  /// Every kind that judges, on problems as they are and on a side of a split of a split.
  private func recipe(
    task: String, params: String = "", evaluation: String = ""
  ) throws -> Recipe {
    let judges = ["problems", "split.train"].map { source in
      let suffix = source == "problems" ? "" : "_split"
      return """
          evaluated\(suffix): {kind: evaluate, inputs: {model: scratch, problems: \(source)}, params: {\(params)\(evaluation)}}
          trained\(suffix): {kind: rlvr, inputs: {model: scratch, problems: \(source)}, params: {\(params)}}
        """
    }
    let text = """
      version: 1
      name: keys
      stages:
        some: {kind: miniature_problems}
        \(Self.problems(task))
        first: {kind: split, inputs: {problems: problems}, params: {test: 2}}
        split: {kind: split, inputs: {problems: first.test}, params: {test: 1}}
        texts: {kind: write_texts}
        scratch: {kind: scratch_model, inputs: {texts: texts}}
        taught: {kind: write_traces, inputs: {problems: problems, model: scratch}, params: {teacher: model}}
        told: {kind: knights_and_knaves}
        written: {kind: write_traces, inputs: {problems: told}}
      \(judges.joined(separator: "\n"))
      """
    return try Recipe.parse(text, file: URL(filePath: "/nowhere/x.yaml"), registry: Self.registry)
  }

  private static let registry = KindRegistry([
    KnightsAndKnavesStage.self, MiniatureProblemsStage.self, DatasetStage.self, SplitStage.self,
    WriteTextsStage.self, ScratchModelStage.self, WriteTracesStage.self, EvaluateStage.self,
    RLVRStage.self, ShortProblemsStage.self,
  ])

  private func verifiers(_ recipe: Recipe, _ stages: String...) -> [JSONValue?] {
    recipe.instances.filter { stages.contains($0.stageName) }.map { $0.identity["verifier"] }
  }

  private static let judges = ["evaluated", "trained", "evaluated_split", "trained_split"]

  /// What was made before names were resolved still counts.
  @Test(arguments: ["knights_and_knaves", "mmlu_pro", "choice", "unknown"])
  func thePapersDefaultsGoUnnamed(task: String) throws {
    let recipe = try recipe(task: task)
    let judging = recipe.instances.filter { Self.judges.contains($0.stageName) }
    #expect(judging.count == 4)
    for instance in judging {
      let own =
        instance.kind.name == "rlvr" ? RLVRParameters().identity : EvaluateParameters().identity
      #expect(instance.identity == own)
      #expect(instance.identity["verifier"] == .null)
    }
    #expect(verifiers(recipe, "taught", "written") == [nil, nil])
  }

  @Test(arguments: [
    ("math", "math"), ("arithmetic", "math"), ("humaneval_plus", "humaneval_plus"),
  ])
  func otherDefaultsAreNamed(problems: String, task: String) throws {
    let name = try TaskDefinitions.named(task).verifier(named: nil)
    let recipe = try recipe(task: problems)
    for judge in Self.judges { #expect(verifiers(recipe, judge) == [.string(name)]) }
    #expect(verifiers(recipe, "taught") == [.string(name)])
    #expect(verifiers(recipe, "written", "problems", "split", "scratch") == [nil, nil, nil, nil])
    let evaluated = try #require(recipe.instances.first { $0.stageName == "evaluated" })
    #expect(evaluated.parameters["verifier"] == .null, "it is shown as the recipe has it")
  }

  /// Without words, the first verifier by what follows the task's name.
  @Test(arguments: [
    ("knights_and_knaves", "strict"), ("mmlu_pro", "strict"), ("choice", "strict"), ("math", nil),
    ("humaneval_plus", nil),
  ])
  func aChoiceIsNamedInFull(problems: String, words: String?) throws {
    let task = try TaskDefinitions.named(problems == "choice" ? "mmlu_pro" : problems)
    let choice = words ?? String(task.verifiers[0].dropFirst(task.name.count + 1))
    let name = try task.verifier(named: choice)
    #expect(name != choice)
    let recipe = try recipe(task: problems, params: "verifier: '\(choice)'")
    for judge in Self.judges { #expect(verifiers(recipe, judge) == [.string(name)]) }
  }

  /// The paper's verifiers never change; a name that does not exist is for the run to refuse.
  @Test(arguments: [
    ("math", "paper"), ("math", "paper_reversed"), ("knights_and_knaves", "paper"),
    ("mmlu_pro", "mmlu_pro@paper"), ("math", "lenient"), ("unknown", "strict"),
  ])
  func otherChoicesStayAsWritten(problems: String, choice: String) throws {
    let recipe = try recipe(task: problems, params: "verifier: '\(choice)'")
    for judge in Self.judges { #expect(verifiers(recipe, judge) == [.string(choice)]) }
  }

  @Test func aTaskMayVaryAlongAnAxis() throws {
    let text = EvaluateTests.recipe(
      axes: "seed: [1], benchmark: [puzzles, sums]",
      scores: #"inputs: {model: scratch, problems: "${benchmark}"}"#
    ).replacing("  texts:", with: "  sums: {kind: miniature_problems}\n  texts:")
    let recipe = try Recipe.parse(
      text, file: URL(filePath: "/nowhere/x.yaml"), registry: .standard)
    #expect(
      verifiers(recipe, "scores") == [.null, .string(try MathTask().verifier(named: nil))])
  }

  /// The key of scores that are published with the project.
  @Test func goldenKey() throws {
    let recipe = try recipe(
      task: "knights_and_knaves", evaluation: "max_tokens: 320, samples: 1, seed: 1")
    let evaluated = try #require(recipe.instances.first { $0.stageName == "evaluated" })
    let inputs: [String: KeyFields.Input] = [
      "model": .init(
        key: "9ee995ceffab4a09ba9ca8a4b061964b26c065a89a3fafc821ff5544a08959e0", output: "model"),
      "problems": .init(
        key: "484d3a3f93c96a7c7bee0d24ecd6fddf9340bef44e55e3e035e26ef2f0c38fa6",
        output: "problems"),
      "trained_on": .init(
        key: "38110fd77351ad16555eab5aa2a13958c19fbd2d4d76077b46c9db1bf8869fc4",
        output: "problems"),
    ]
    let fields = KeyFields(
      kind: "evaluate", kindVersion: 3, identity: evaluated.identity, inputs: inputs)
    let key = try fields.key()
    #expect(key == "649dd1c12238e78b485ad593763eab46baa4366dba384b092a71e4e6a129b98a")
  }

  /// A default and its name are one result; the completions know of neither.
  @Test func completionsAreKeyedWithoutTheVerifier() throws {
    let name = try MathTask().verifier(named: nil)
    let text = EvaluateTests.recipe().replacing(
      "{kind: knights_and_knaves, params: {people: 2, count: 3, seed: 1}}",
      with: "{kind: miniature_problems, params: {count: 3}}"
    ).replacing("knights_and_knaves_short", with: "math_short")
    let scores = try #require(text.range(of: "  scores:"))
    let named = text[scores.lowerBound...].replacing("  scores:", with: "  named:")
      .replacing(#""${seed}""#, with: #""${seed}", verifier: "\#(name)""#)
    let run = try RecipeRun(text + "\n" + named)
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let items = run.summary.plan.items.filter { $0.instance.kind.name == "evaluate" }
    #expect(items.count == 2 && items[0].key == items[1].key)
    let part = try #require(run.parts("evaluate/completions").first)
    let fields = try ArtifactRecord(contentsOf: part.appending(path: "record.json")).fields
    let identity: JSONValue = [
      "template": .string(try PromptTemplate.named("math_short").sha256), "samples": 2, "seed": 1,
      "stop": ["Question:", "Assistant:", "User:"],
      "sampling": ["max_tokens": 8, "temperature": 0.7, "top_k": 0, "top_p": 0.95],
    ]
    let before = KeyFields(
      kind: "evaluate/completions", kindVersion: 1, identity: identity, inputs: fields.inputs)
    #expect(try before.key() == part.lastPathComponent)
  }
}
