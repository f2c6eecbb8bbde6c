import Base
import Foundation
import Tasks
import TestSupport
import Testing

@Suite struct MathVerifierTests {
  @Test(arguments: [
    ("0.5", #"\frac12"#), (#"\frac{1}{2}"#, #"\dfrac{1}{2}"#), ("1/2", "0.5"), (".5", "0.50"),
    (#"\frac 59"#, "5/9"), (#"\frac9{19}"#, "9/19"), (#"\frac{270}7\text{ degrees}"#, "270/7"),
    (#"1\frac{4}{5}"#, "1.8"), (#"1\frac{4}{5}"#, "9/5"), (#"137 \frac{1}{2}"#, "137.5"),
    ("1 4/5", "9/5"), (#"-1\frac12"#, "-1.5"), (#"2\frac{x}{3}"#, "2x/3"),
    (#"10\%"#, "0.1"), (#"10\%"#, "10"), (#"10\%"#, "10%"), ("50 percent", "50"),
    (#"3\sqrt{13}"#, #"\sqrt{117}"#), (#"11\sqrt2"#, "11 sqrt(2)"), (#"\sqrt[3]{8}"#, "2"),
    (#"\frac{\sqrt{3}}{3}"#, #"\frac{1}{\sqrt{3}}"#), (#"12\pi"#, "12*pi"), ("12π", #"12\pi"#),
    (#"2^{10}"#, "1024"), ("2^10", "1024"), (#"10^{-3}"#, "0.001"), ("4!", "24"),
    (#"\binom{5}{2}"#, "10"), (#"|-3|"#, "3"), (#"\lfloor 2.7 \rfloor"#, "2"),
  ])
  func sameNumber(_ a: String, _ b: String) { expectSame(a, b) }

  @Test(arguments: [
    ("x^2+2x+1", "(x+1)^2"), ("(a+5)(b+2)", "ab+2a+5b+10"), ("6r^2-4r-24", "2(3r^2-2r-12)"),
    (#"\frac{11+9a}{20}"#, #"0.45a+0.55"#), (#"\sin^2 x + \cos^2 x"#, "1"),
    (#"\cot x"#, #"\frac{\cos x}{\sin x}"#), (#"\log_2 8"#, "3"), (#"e^{i\pi}"#, "-1"),
    ("6 - 5i", "-5i+6"), ("-2 + 7i", "7i - 2"), ("x_1+x_2", "x_2 + x_1"),
    ("x=5", "5"), ("5", "x = 5"), ("y = 2x + 3", "2x+3"), ("y = 2x + 3", "2x - y + 3 = 0"),
    ("5x - 7y + 11z + 4 = 0", "-5x+7y-11z-4=0"), (#"x \approx 3"#, "3"),
  ])
  func sameExpression(_ a: String, _ b: String) { expectSame(a, b) }

  @Test(arguments: [
    ("(2,4)", "( 2, 4 )"), (#"\left( 3, \frac{\pi}{2} \right)"#, #"(3, 0.5\pi)"#),
    (#"(2,\infty)"#, "x > 2"), (#"[-2,7]"#, #"x \in [-2,7]"#), (#"[-2,7]"#, #"-2 \le x \le 7"#),
    (#"(-\infty, 0]"#, #"x \leq 0"#), (#"(0,9) \cup (9,36)"#, #"(9,36)\cup(0,9)"#),
    ("3, 5, 7", "7,5,3"), (#"\{1,2\}"#, "2, 1"), ("1,-2", #"x=1 \text{ or } x=-2"#),
    (#"1 \pm \sqrt{19}"#, #"1+\sqrt{19}, 1-\sqrt{19}"#),
    (#"\{1\pm\sqrt{5},-2\}"#, #"-2, 1\pm\sqrt5"#),
    (
      #"\begin{pmatrix} -1 & 0 \\ 0 & -1 \end{pmatrix}"#,
      #"\begin{bmatrix}-1&0\\0&-1\end{bmatrix}"#
    ),
    (
      #"\begin{pmatrix} 1/5 \\ -18/5 \end{pmatrix}"#,
      #"\begin{pmatrix} 0.2 \\ -3.6 \end{pmatrix}"#
    ),
    (#"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"#, #"\begin{pmatrix} 1 \\ 2 \\ \end{pmatrix}"#),
  ])
  func sameStructure(_ a: String, _ b: String) { expectSame(a, b) }

  @Test(arguments: [
    (#"5.4 \text{ cents}"#, "5.4"), (#"15\mbox{ cm}^2"#, "15"), ("864 square inches", "864"),
    (#"90^\circ"#, "90"), ("90°", #"90^{\circ}"#), (#"\$18.90"#, "18.9"), (#"\$32,\!348"#, "32348"),
    ("58,500", "58500"), (#"11,\! 111,\! 111,\! 100"#, "11111111100"), ("32{,}348", "32348"),
    (#"6.72 \times 10^{-5}"#, ".0000672"), ("6.72e-5", ".0000672"),
    (#"\text{(C)}"#, "C"), (#"\text{(C)}"#, "(C)"), (#"\text{C}"#, #"\textbf{(C)}"#),
    (#"\text{even}"#, "Even"), (#"\text{Navin}"#, "Navin"), ("52_8", "52_{8}"),
    ("1/3", "0.333333"), (#"\frac{1}{2}."#, "0.5"), ("−3", "-3"), (#"\tfrac{3}{4}"#, "0.75"),
    (#"\(7\)"#, "$7$"), ("99999999999999999999999999", "99999999999999999999999999.0"),
    ("170!/169!", "170"),
  ])
  func sameInOtherDress(_ a: String, _ b: String) { expectSame(a, b) }

  private func expectSame(_ a: String, _ b: String) {
    #expect(MathVerifier.isEquivalent(a, to: b))
    #expect(MathVerifier.isEquivalent(b, to: a))
  }

  @Test(arguments: [
    ("0.5", "0.51"), ("1/3", "0.33"), ("1/3", "0.3333"), ("-3", "3"), ("12", "1,2"),
    ("(1,2)", "(2,1)"), ("(1,2)", "[1,2]"), ("(3,4]", "(3,4)"), ("1,2", "1,2,3"), ("1,2", "1"),
    ("x=5", "y=6"), ("x=5", "6"), ("2x+3", "2x-3"), ("2k+2", "2n+2"), (#"\sqrt{2}"#, "1.41"),
    (#"1 \pm \sqrt{19}"#, #"1+\sqrt{19}"#), ("52_8", "52_9"), ("52_8", "52"),
    (".0000672", ".0000671"), (#"\text{even}"#, #"\text{odd}"#), (#"\text{(C)}"#, "(D)"),
    (#"\infty"#, #"-\infty"#), (#"(2,\infty)"#, #"[2,\infty)"#), ("x > 2", #"x \ge 2"#),
    ("5=6", "5"), ("10%", "100"), ("", "0"), ("0", ""), ("Evelyn", "Zoey"), ("1/0", "2/0"),
    ("1,234", "1, 235"), ("11", "1 1"), (#"2\pi"#, "2"), ("i", "1"), ("x^2", "x^3"),
    (#"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"#, #"\begin{pmatrix} 2 \\ 1 \end{pmatrix}"#),
    (#"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"#, #"\begin{pmatrix} 1 \\ 3 \end{pmatrix}"#),
    ("100000000000000000000", "100000000000000000001"), ("listen", "silent"),
    ("1/171!", "0"),
  ])
  func otherMeaning(_ a: String, _ b: String) {
    #expect(!MathVerifier.isEquivalent(a, to: b))
    #expect(!MathVerifier.isEquivalent(b, to: a))
  }

  @Test(arguments: [
    (#"so \boxed{7}"#, "7"), (#"\boxed{1} then \boxed{2}"#, "2"), (#"\boxed 2$ is"#, "2"),
    (#"\boxed{\frac{1}{2}}"#, #"\frac{1}{2}"#), (#"\fbox{3}"#, "3"), (#"\boxed {4}"#, "4"),
    (#"\boxed{\{1,2\}}"#, #"\{1,2\}"#), (#"\boxed{5} and \boxed{6"#, "5"),
  ])
  func lastBox(_ text: String, _ expected: String) {
    #expect(BoxedAnswer.last(in: text) == expected)
  }

  @Test(arguments: [
    ("The answer is 42.", "42"), ("The answer is $\\frac{1}{2}$.", "\\frac{1}{2}"),
    ("we get 3, then -1,234.5", "-1,234.5"), ("it is 5/8 of it", "5/8"), ("15% then", "15%"),
    ("3-4", "4"), ("no digits", nil), ("<answer> 12 </answer> in 2 steps", "12"),
  ])
  func unboxedAnswer(_ text: String, _ expected: String?) {
    #expect(FinalAnswer.find(in: text) == expected)
  }
}

@Suite struct MathVerifierRobustnessTests {
  private static let pieces = [
    "\\frac", "{", "}", "(", ")", "[", "]", "\\left", "\\right", "^", "_", "\\sqrt", "12", "3.5",
    "x", "\\pi", ",", "=", "<", "\\le", "\\pm", "|", "\\text{", "\\begin{pmatrix}", "\\\\", "&",
    "\\end{pmatrix}", "%", "!", "-", "+", "/", "\\cup", "\\infty", "\\boxed{", "e9", " ",
    "\u{301}", "\\", "$", "\\in", "sin", "log", "\\binom", "9999999999999999999", "é", "\u{0}",
  ]

  @Test func survivesRandomTexts() {
    var state: UInt64 = 7
    func random(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    func text() -> String {
      (0..<random(14)).map { _ in Self.pieces[random(Self.pieces.count)] }.joined()
    }
    for _ in 0..<600 {
      let sample = text()
      _ = MathVerifier.isEquivalent(sample, to: text())
      _ = FinalAnswer.find(in: sample)
    }
  }

  @Test(arguments: pieces) func endsSoonOnLongTexts(_ piece: String) {
    let duration = processorTime {
      for count in [10, 100, 1900 / max(1, piece.utf8.count)] {
        let long = String(repeating: piece, count: count)
        _ = MathVerifier.isEquivalent(long, to: "1")
        _ = MathVerifier.isEquivalent(long + "1", to: long + "2")
        _ = FinalAnswer.find(in: long)
      }
    }
    #expect(duration < .seconds(5))
  }
}

/// The 500 problems of MATH-500, which lie beside the project where its makers work.
@Suite(.enabled(if: SharedData.exists("data/math/math500_test.jsonl"), "needs ../shared"))
struct Math500Tests {
  @Test func everyAnswerAgreesWithItself() throws {
    for row in try SharedData.rows("data/math/math500_test.jsonl") {
      let answer = try #require(row["answer"]?.string)
      let solution = try #require(row["solution"]?.string)
      #expect(MathVerifier.isEquivalent(answer, to: answer), "\(answer)")
      let box = try #require(BoxedAnswer.last(in: solution))
      #expect(MathVerifier.isEquivalent(box, to: answer), "\(box) and \(answer)")
      #expect(MathVerifier.canParse(answer), "\(answer)")
    }
  }

  @Test func otherAnswersDoNotAgree() throws {
    let rows = try SharedData.rows("data/math/math500_test.jsonl")
    let answers = rows.compactMap { $0["answer"]?.string }
    let pairs = zip(answers, answers.dropFirst()).filter { $0 != $1 }
    let agreeing = pairs.filter { MathVerifier.isEquivalent($0, to: $1) }
    #expect(pairs.count > 450)
    // One neighbour says "5" and the other "x=5", which mean the same.
    #expect(agreeing.map { [$0, $1] } == [["5", "x=5"]])
  }
}
