import Base
import Foundation
import Tasks
import Testing

@Suite struct PromptTemplateTests {
  /// Hashes of the texts that `dataset_loader.py` and the authors' evaluation loaders format, made
  /// by formatting them with Python.
  @Test(arguments: [
    (
      "knights_and_knaves_paper", "dd0187dffe8bd5b8214fb1028cddb8855b0e16e77a5a665815bc9f823f579e14"
    ), ("math_train", "1355216345aab18c6b844f5c3464d5a09c39b5cdf1d924487aafaf2375f6c1de"),
    ("math_evaluate", "554420b3aab4d1d67baa376377af666a3427bed1a27ee8cbf6f3a8fa93a835f0"),
    ("humaneval_plus_train", "348de85990cbd7f79c6f11bd2a89b05a036c6681e66adc121cb1bdf79d31c2af"),
    ("humaneval_plus_evaluate", "68a5787a741037e697643adfd0cfe99d6e15f279f8e49840e358fe7e5d9ad68c"),
    ("mmlu_pro_train", "9e2fce416cab09c0dce46ee23ae85cb82e0934cf6d24eb3bffb8627bae0c0afc"),
    ("mmlu_pro_evaluate", "7a2b67ea82af478e5b7a50bdc4003084a19e1e632b43d82cbe73e4e9176c91dd"),
  ])
  func paperPromptsAreExact(_ name: String, _ hash: String) throws {
    let row: [String: JSONValue] = [
      "prompt": "What is $\\boxed{x}$?", "question": "Why {options}?", "category": "physics",
      "options": ["first", "N/A", "second {prompt}"],
    ]
    let prompt = try PromptTemplate.named(name).render(row)
    #expect(SHA256Digest.hex(of: Data(prompt.utf8)) == hash)
  }

  /// A changed template gives other scores, so no change goes unseen.
  @Test(arguments: [
    (
      "humaneval_plus_evaluate", "e174cbb7983670fa819820a1b320954eebb2ae40ce3737d97c96cdc56821020c"
    ), ("humaneval_plus_train", "4480b9acab6c34b9caab96e550707e09e7204e28e2d398b6f7d86a9a40c02a9e"),
    (
      "knights_and_knaves_paper", "5db8ec4f70ec3f0e4a7a5fd1ad10bd61ee6e756c8272f8d04c9fd9393ddad077"
    ), ("math_evaluate", "2f287efe7b81f15b82876d24225752202619c550cf6fc4df5168f56c1561380a"),
    ("math_train", "142ee24809b17584749eee64e1e0e9f59af82f6490dec0597e38667f54a111a6"),
    ("mmlu_pro_evaluate", "fc276a3f5c98ea6fcfef9e2f125b4b6d2b3d25f8a02749beee94d33134401512"),
    ("mmlu_pro_train", "95f906e2cb3260cd7d9e95116666bc94e190ed73785ea02beefc0eb3ee96e4a9"),
  ])
  func paperTemplatesKeepTheirHashes(_ name: String, _ hash: String) throws {
    #expect(try PromptTemplate.named(name).sha256 == hash)
  }

  @Test(arguments: PromptTemplate.names)
  func endsWhereThinkingBegins(_ name: String) throws {
    let row: [String: JSONValue] = [
      "prompt": "P", "question": "Q", "category": "C", "options": ["one", "two"],
    ]
    let prompt = try PromptTemplate.named(name).render(row)
    #expect(prompt.trimmingCharacters(in: .whitespacesAndNewlines).hasSuffix("<think>"))
    #expect(!prompt.contains("{prompt}") && !prompt.contains("{question}"))
  }

  @Test func insertsOnceAndKeepsOtherBraces() throws {
    let row: [String: JSONValue] = ["problem": "{prompt} {x} {category}"]
    #expect(
      try PromptTemplate.named("math_short").render(row) == "Q: {prompt} {x} {category}\nA: <think>"
    )
    let long = try PromptTemplate.named("math_train").render(row)
    #expect(long.contains("inside \\boxed{} tag"))
  }

  @Test func takesThePuzzleRatherThanChatMessages() throws {
    let row: [String: JSONValue] = ["quiz": "Who?", "prompt": [["role": "user", "content": "no"]]]
    #expect(
      try PromptTemplate.named("knights_and_knaves_short").render(row) == "Q: Who?\nA: <think>")
  }

  @Test func saysWhatIsMissing() throws {
    #expect(throws: TaskError.self) { try PromptTemplate.named("math_shrt") }
    let failure = #expect(throws: TaskError.self) {
      try PromptTemplate.named("mmlu_pro_train").render(["question": "Q", "category": "C"])
    }
    #expect(failure?.description.contains("needs the column 'options'") == true)
    do {
      _ = try PromptTemplate.named("math_shrt")
    } catch {
      #expect("\(error)" == "unknown prompt template 'math_shrt'; did you mean 'math_short'?")
    }
  }

  @Test func hashIsThatOfTheText() throws {
    let template = try PromptTemplate.named("math_short")
    #expect(template.sha256 == SHA256Digest.hex(of: Data("Q: {prompt}\nA: <think>".utf8)))
    #expect(
      SHA256Digest.hex(of: Data("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
