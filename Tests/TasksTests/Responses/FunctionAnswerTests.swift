import Tasks
import TestSupport
import Testing

@Suite struct FunctionAnswerTests {
  private static let code = "def f(x):\n    return x"
  private static let head =
    "from typing import List\nimport math\n\n\ndef f(x):\n    \"\"\"Doc.\"\"\"\n"
  private let function = FunctionAnswer(name: "f", prompt: head)

  @Test(arguments: [
    "```python\n\(code)\n```", "```py\n\(code)\n```", "```Python\n\(code)\n```",
    "```python3\n\(code)\n```", "``` python\n\(code)\n```",
    "```{.python title=\"f\"}\n\(code)\n```",
    "```\n\(code)\n```", "~~~\n\(code)\n~~~", "~~~python\n\(code)\n~~~~", "````py\n\(code)\n````",
    "````\n\(code)\n```", "  ```python\n  def f(x):\n      return x\n  ```",
    "1. So:\n\t```python\n\tdef f(x):\n\t    return x\n\t```", "Here: ```python\n\(code)\n```",
    "```python\r\ndef f(x):\r\n    return x\r\n```\r\n",
    "```python \(code)```", "```\(code)\n```", "```python\n\n\(code)\n\n```",
    // Never closed, or closed where the line goes on.
    "Here:\n```python\n\(code)\n", "```python\n\(code)```", "```python\n\(code)\n``` That is all.",
    "```python\n\(code)\n\n```text\nSo it is.\n```", "~~~\n\(code)",
    // Not the last block, but the last that defines the function and gives something.
    "```python\n\(code)\n```\nSummary:\n```\nIt returns f(x) = x\n```",
    "```python\n\(code)\n```\n```bash\nf 3\n```\n```python\nassert f(3) == 3\n```",
    "```python\ndef f(x):\n    return 0\n```\nBetter:\n```\n\(code)\n```",
    "```python\n\(code)\n```\nIn short:\n```python\ndef f(x):\n    ...\n```",
    "```python\nimport os\n``` ```python\n\(code)\n```",
    "```\nf\n``` or ```python\n\(code)\n```",
    "Between ``` and ``` or in ```python (code) ``` tags:\n```python\n\(code)\n```",
    "Inside ```python\nI put it:\n```python\n\(code)\n```",
    "````markdown\nSo:\n```python\n\(code)\n```\n````", "```\nf_1 = 2\n```\n\n~~~py\n\(code)\n~~~",
    "A `\"\"\"` opens:\n```\n\"\"\"\n```\n```python\n\(code)\n```",
    // No fence.
    code, "\n\n\(code)\n", "\r\n  def f(x):\r\n      return x\r\n",
  ])
  func oneFunctionInManyFences(_ text: String) {
    #expect(function.program(in: [text]) == Self.code)
  }

  /// Code that a careless reader ends too early.
  @Test(arguments: [
    "def f(x):\n    \"\"\"Use:\n    ```\n    f(1)\n    ```\n    \"\"\"\n    return x",
    "def f(x):\n    \"\"\"Use:\n```python\nf(1)\n```\n    \"\"\"\n    return x",
    "def f(x):\n    r'''One\n```\n    \\'''\n    and \"\"\" more'''\n    return x",
    "def f(x):\n    # don't write \"\"\" or ``` here\n    return x",
    "def f(x):\n    s = \"```\" + '\"\"\"' + 'it\\'s'\n    return x + s",
    "def f(x):\n    s = '''```'''\n    return \"\"\"\n```\n\"\"\"", "f = lambda x: x",
    "f: object = abs",
    "async def f(x):\n    return x",
    "import math\n\ndef g(x):\n    return x\n\ndef f (x):\n    return g(x)",
  ])
  func fencesInsideOfCode(_ code: String) {
    for text in [
      "```python\n\(code)\n```\nDone.", "~~~~\n\(code)\n~~~~\nDone.", "```\n\(code)\n", code,
    ] {
      #expect(function.program(in: [text]) == code)
    }
  }

  @Test(arguments: [
    ("    return x\n", "\(head)\n    return x"), ("\n\n\treturn x", "\(head)\n\treturn x"),
    ("```\n    return x\n```", "\(head)\n    return x"), ("return x", "return x"),
    ("def g(x):\n    return x", "def g(x):\n    return x"), ("f == 1", "f == 1"),
    ("def f2(x):\n    return x", "def f2(x):\n    return x"), ("```python\n```", nil),
    ("```\na\n```\n```\nb\n```", "b"), ("", nil), (" \n", nil),
  ])
  func withoutTheFunction(_ text: String, _ program: String?) {
    #expect(function.program(in: [text]) == program)
  }

  @Test(arguments: [
    (head, "from typing import List\nimport math"),
    ("\nimport math\n# a\nimport re", "import math"),
    ("def f(x):\n    import re\n", ""), ("importance = 1\nimport re\n", ""), ("", ""),
  ])
  func importsOfThePrompt(_ prompt: String, _ imports: String) {
    #expect(FunctionAnswer(name: "f", prompt: prompt).imports == imports)
  }

  /// What training and an evaluation run; nil where the format is broken or nothing is there.
  @Test(arguments: [
    ("x </think> <answer>```py\n\(code)\n```</answer>", code, code),
    ("x </think> <answer>\n\(code)\n</answer>", code, code),
    ("x </think> <answer> </answer>", nil, nil),
    ("```\n\(code)\n```</think> <answer>It is f.</answer>", "It is f.", "It is f."),
    ("```\n\(code)\n```</think> <answer> </answer>", nil, code),
    ("Inside <answer> here </answer>. </think> So:\n```\n\(code)\n```", nil, code),
    ("<answer>f = 1</answer> </think> <answer>```\n\(code)\n```", nil, code),
    ("<answer>\(code)</answer> </think> <answer>done</answer>", nil, code),
    ("```\nf = 1\n``` </think> So:\n```\n\(code)\n```", nil, code), ("", nil, nil),
  ])
  func places(_ completion: String, _ train: String?, _ evaluate: String?) {
    #expect(HumanEvalPlusTask.code(of: completion, use: .train, function).text == train)
    #expect(HumanEvalPlusTask.code(of: completion, use: .evaluate, function).text == evaluate)
  }

  /// Whatever a model babbles is read in time that grows with its length.
  @Test func babbleIsRead() {
    let scraps = [
      "```", "``` ", "```python\n", "~~~", "\n", "\"\"\"", "'", "\\", "#", "def f(x):", "é", "\r",
      "<answer>", "    ",
    ]
    var random = SystemRandomNumberGenerator()
    let texts =
      scraps.map { String(repeating: $0, count: 1000) }
      + (0..<300).map { _ in
        (0..<Int.random(in: 1...40, using: &random)).compactMap { _ in scraps.randomElement() }
          .joined()
      }
    let duration = processorTime {
      for text in texts {
        let code = HumanEvalPlusTask.code(of: text, use: .evaluate, function).text
        #expect(code?.isEmpty != true)
      }
    }
    #expect(duration < .seconds(60))
  }
}
