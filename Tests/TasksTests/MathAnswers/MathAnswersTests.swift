import Base
import Foundation
import Tasks
import TestSupport
import Testing

/// `math@2` on answers of every kind, each with the verdict that a careful person gives it.
@Suite struct MathAnswersTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let gold: String
    let answer: String
    let isRight: Bool
    var testDescription: String { "\(answer) for \(gold)" }
  }

  private static let cases: [Case] = {
    let file = ProjectFolder.fixtures.appending(path: "verifiers/math_answers.jsonl")
    let lines = (try? Data(contentsOf: file))?.split(separator: 0x0A) ?? []
    return lines.compactMap { line in
      guard let json = try? JSONValue(parsing: line), let gold = json["gold"]?.string,
        let answer = json["answer"]?.string, let verdict = json["verdict"]?.string
      else { return nil }
      return Case(gold: gold, answer: answer, isRight: verdict == "correct")
    }
  }()

  @Test func everyAnswerGetsItsVerdict() {
    #expect(Self.cases.count > 500)
    for one in Self.cases {
      let isRight = MathAnswers.isEquivalent(one.answer, to: one.gold)
      #expect(isRight == one.isRight, "\(one.testDescription)")
    }
  }

  @Test func everythingEqualsItself() {
    for one in Self.cases where !one.answer.isEmpty {
      #expect(MathAnswers.isEquivalent(one.answer, to: one.answer), "\(one.answer)")
      #expect(MathAnswers.isEquivalent(one.gold, to: one.gold), "\(one.gold)")
    }
  }

  /// A style says nothing, so an answer in it is the same answer.
  @Test(arguments: [
    ("\\text{", "}"), ("\\mathbf{", "}"), ("\\mathrm{", "}"), ("\\textbf{", "}"), ("{\\bf ", "}"),
    ("\\textcolor{blue}{", "}"), ("\\underline{", "}"), ("\\boxed{", "}"), ("\\color{red}", ""),
    ("\\displaystyle ", ""), ("\\left(", "\\right)"), ("\\large ", ""), ("$", "$"), ("\\,", "\\,"),
    ("\\text{The answer is } ", ""), ("{", "}"), ("\\ensuremath{", "}"), ("\\hspace{1em}", "."),
  ])
  func stylesAreTransparent(_ open: String, _ close: String) {
    for gold in ["42", "-10", "0", "2340"] {
      #expect(MathAnswers.isEquivalent(open + gold + close, to: gold), "\(open + gold + close)")
      #expect(!MathAnswers.isEquivalent(open + gold + "1" + close, to: gold))
    }
  }

  /// Whatever else stands beside a right value, an answer with it is another one.
  @Test(arguments: [
    "not", "less than", "about", "approximately", "at most", "almost", "nearly", "minus",
    "negative", "half of", "twice", "never", "anything but", "maybe", "either", "no",
  ])
  func wordsBeforeAValueAreNotDropped(_ words: String) {
    for answer in ["\\text{\(words) } 5", "\\text{\(words) 5}", "\(words) 5"] {
      #expect(!MathAnswers.isEquivalent(answer, to: "5"), "\(answer)")
    }
  }

  @Test(arguments: [
    "million", "or 6", "or more", "percent off", "tenths", "halves", "squared", "factorial", "less",
    "more", "is wrong", "(or 8)", "mod 3", "times 10", "to 6", "plus 1", "point 5", "dozen",
    "and 6",
    "and a half", "thousandths",
  ])
  func wordsBehindAValueAreNotDropped(_ words: String) {
    for answer in ["5 \\text{ \(words)}", "\\text{5 \(words)}", "5 \(words)"] {
      #expect(!MathAnswers.isEquivalent(answer, to: "5"), "\(answer)")
    }
  }

  @Test(arguments: [
    ("so \\boxed{7}", "7"), ("\\boxed{1} then \\boxed{2}", "2"), ("\\boxed 2$ is", "2"),
    ("\\fbox{3}", "3"), ("\\boxed {4}", "4"), ("\\boxed{\\{1,2\\}}", "\\{1,2\\}"),
    ("\\boxed{5} and \\boxed{6", "5"), ("It is \\boxed{5}. As asked: \\boxed{}", "5"),
    ("$\\boxed{1}$ or $\\boxed{2}$", "1, 2"),
    ("$x = \\boxed{1}$ or $x = \\boxed{2}$", "x = 1, x = 2"),
    ("\\boxed{1}, \\boxed{2}, and \\boxed{3}", "1, 2, 3"),
    ("\\boxed{\\text{first } \\boxed{8}}", "\\text{first } \\boxed{8}"),
    ("First \\boxed{1}.\n\nSo \\boxed{2}.", "2"), ("\\boxedx{1} \\boxed{2}", "2"),
  ])
  func boxesAreFound(_ text: String, _ answer: String) {
    #expect(AnswerFinder.boxed(text) == answer)
  }

  @Test(arguments: [
    ("The answer is 42.", "42"), ("The answer is $\\frac{1}{2}$.", "\\frac{1}{2}"),
    ("I think the answer: 5 is wrong.\nAnswer: 10", "10"), ("so it is -3", "-3"),
    ("the total is $29.00.", "29.00"), ("First I compute step 1 and then in step 2", nil),
    ("\u{7b54}\u{6848}\u{662f}\u{ff1a}5\u{3002}", "5"), ("**Answer:** 12", "12"),
    ("Answer: \\frac{1}{2}", "\\frac{1}{2}"),
    ("The answer is Evelyn.", "Evelyn"), ("so it is \\frac{1}{2}", nil), ("thus x^2", nil),
    ("he came 2nd", nil), ("at 3:45", nil), ("the final answer is 12 apples.", "12 apples"),
    ("Nothing.", nil),
  ])
  func answersWithoutABoxAreFound(_ text: String, _ answer: String?) {
    #expect(AnswerFinder.find(text) == answer)
  }
}
