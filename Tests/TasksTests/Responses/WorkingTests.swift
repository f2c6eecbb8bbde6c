import Base
import Tasks
import Testing

/// The tasks' rules for `worked`: what is reasoning before an answer, and what only looks like it.
@Suite struct WorkingTests {
  private static let sum: [String: JSONValue] = [
    "problem": "If $x + 2 = 9$, what is $2x$?", "answer": "14",
  ]
  private static let question: [String: JSONValue] = [
    "question": "Which organelle of a plant cell makes sugar from light?",
    "options": ["nucleus", "chloroplast", "mitochondrion", "N/A"], "answer": "B",
  ]
  private static let program: [String: JSONValue] = [
    "prompt":
      "def double(numbers):\n    \"\"\"Return every number of the list twice as large.\"\"\"\n"
  ]
  private static let puzzle: [String: JSONValue] = [
    "quiz": """
    Zoey said, "If Oliver is a knave then Zoey is a knight". Oliver said, "Zoey is a knave". \
    So who is a knight and who is a knave?
    """,
    "solution_text_format": "(1) Zoey is a knight\n(2) Oliver is a knave",
  ]

  @Test(arguments: [
    ("7 + 7 = 14, so </think>\n<answer> \\boxed{14} </answer>", true),
    ("So $x = 7$ and $2x = 14$. The answer is \\boxed{14}.", true),
    ("$x=9-2$ </think> <answer>\\boxed{14}</answer>", true),
    ("We get x = \\frac{14}{2} = 7. \\boxed{14}", true),
    ("7×2=14 </think> <answer>\\boxed{14}</answer>", true),
    ("Try 7 and 7: 14, yes. </think> <answer>\\boxed{14}</answer>", true),
    ("Try 1 a: 1.\nTry 2 b: 1. </think> <answer>\\boxed{14}</answer>", true),
    ("The answer to problem 3 is: 14. </think> <answer>14</answer>", false),
    ("Answer: 14. Answer 14: yes. Final answer: 14. \\boxed{14}", false),
    // Nothing, filler, the answer itself, the problem again, reasoning behind the answer.
    ("</think>\n<answer> \\boxed{14} </answer>", false),
    ("I think I know. </think>\n<answer> \\boxed{14} </answer>", false),
    ("I think I know. I think I know. Let me answer. </think> <answer>14</answer>", false),
    ("The answer is x = 14. </think> <answer>14</answer>", false),
    ("If $x + 2 = 9$, what is $2x$? x + 2 = 9 </think> <answer>14</answer>", false),
    ("</think> <answer>14</answer> because 7 + 7 = 14", false),
    ("\\boxed{14}, for 7 + 7 = 14", false), ("14", false), ("", false),
    // Somebody else's reasoning.
    ("Suppose Zoey is a knight. Then Oliver is a knave. </think> <answer>14</answer>", false),
  ])
  func mathematicsWorksSomethingOut(_ completion: String, _ expected: Bool) {
    #expect(MathTask().works(completion, on: Self.sum) == expected)
  }

  @Test(arguments: [
    (
      "Photosynthesis takes place in the chloroplast of a plant, not in its nucleus. \\boxed{B}",
      true
    ),
    ("Light becomes sugar by photosynthesis, which needs chlorophyll, so the answer is B", true),
    ("Try A 5 and B 8: no.\nTry B 8 and C 4: yes. </think> <answer>B</answer>", true),
    ("Try A 5 and B 8: no.\nTry A 5 and B 8: no. </think> <answer>B</answer>", false),
    ("Is it A: no. Is it B: yes. </think> <answer>B</answer>", false),
    ("</think> <answer> \\boxed{B} </answer>", false),
    ("I think I know. Let me answer. I guess so. </think> <answer> \\boxed{B} </answer>", false),
    ("It is B B B B B B B B B B B B B B </think> <answer> \\boxed{B} </answer>", false),
    ("Which organelle of a plant cell makes sugar from light? </think> <answer>B</answer>", false),
    ("A. nucleus\nB. chloroplast\nC. mitochondrion </think> <answer>B</answer>", false),
    ("The answer is B because photosynthesis, which makes sugar of light, is there", false),
    ("If Zoey tells the truth then she is a knight and so Oliver is one too. \\boxed{B}", false),
  ])
  func choicesSpeakOfTheQuestion(_ completion: String, _ expected: Bool) {
    #expect(MMLUProTask().works(completion, on: Self.question) == expected)
  }

  @Test(arguments: [
    (
      "We go through the list and multiply each of its numbers by two; then we return it. ```python\nx\n```",
      true
    ),
    ("```python\ndef double(numbers):\n  return [2 * number for number in numbers]\n```", false),
    (
      "def double(numbers):\n    # every number of this list is to be twice as large as it was\n",
      false
    ),
    ("```\nx\n```\nIt goes through the list and multiplies each of its numbers by two.", false),
    ("Sure, here is a short and simple program that does just what you ask. ```x```", false),
    ("</think> <answer>```python\nx\n```</answer>", false),
  ])
  func programsAreExplainedFirst(_ completion: String, _ expected: Bool) {
    #expect(HumanEvalPlusTask().works(completion, on: Self.program) == expected)
  }

  @Test(arguments: [
    ("Try Zoey knight, Oliver knight.\nOliver knight says Zoey knave false, no. </think>", true),
    ("Suppose ZOEY lies. Oliver is then right. </think> <answer>(1) Zoey …</answer>", true),
    ("</think> <answer> (1) Zoey is a knight\n(2) Oliver is a knave </answer>", false),
    (
      "Let me answer. </think> <answer> (1) Zoey is a knight\n(2) Oliver is a knave </answer>",
      false
    ),
    ("(1) Zoey is a knight\n(2) Oliver is a knave </think> <answer>x</answer>", false),
    (
      "Zoey said, \"If Oliver is a knave then Zoey is a knight\". </think> <answer>x</answer>",
      false
    ),
    // Another puzzle's trace.
    ("Try Emma knight, Oliver knight.\nOliver knight says Emma knave false, no. </think>", false),
  ])
  func puzzlesNameEverybody(_ completion: String, _ expected: Bool) {
    #expect(KnightsAndKnavesTask().works(completion, on: Self.puzzle) == expected)
  }

  @Test func chancesFollowFromTheAnswersThatThereAre() {
    #expect(MMLUProTask().chance(of: Self.question) == 1.0 / 3, "N/A is not an option")
    #expect(MMLUProTask().chance(of: ["question": "?"]) == nil)
    #expect(KnightsAndKnavesTask().chance(of: Self.puzzle) == 0.25)
    #expect(KnightsAndKnavesTask().chance(of: ["quiz": "?"]) == nil)
    #expect(MathTask().chance(of: Self.sum) == nil)
    #expect(HumanEvalPlusTask().chance(of: Self.program) == nil)
    let miniature = MiniatureDomain.choice.rows(level: 1)[0]
    #expect(MMLUProTask().chance(of: miniature) == 1.0 / 3)
  }
}
