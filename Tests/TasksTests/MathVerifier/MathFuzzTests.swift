import Foundation
import Tasks
import TestSupport
import Testing

/// No input may crash a verifier or keep it for a second. `WARMUP_FUZZ` says how many inputs of
/// each family are tried.
@Suite struct MathFuzzTests {
  private static let count =
    ProcessInfo.processInfo.environment["WARMUP_FUZZ"].flatMap(Int.init) ?? 150

  private static let answers = [
    "\\frac{1}{2}", "1\\frac{4}{5}", "(-\\infty, 3] \\cup (4, 5)", "\\{1, -2, \\sqrt{3}\\}",
    "15\\%",
    "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "x^2 - 2xy + y^2", "3 \\pm 2\\sqrt{5}",
    "1.5 \\times 10^{-3}", "52_8", "\\text{Sunday}", "\\text{(C)}", "2x + 3y = 5", "0 < x \\le 3",
    "\\left( \\frac{3}{5}, -\\frac{8}{3} \\right)", "\\log_2 8", "\\sin^{-1} \\frac12", "|-4|",
    "\\binom{10}{3}", "7!", "45^\\circ", "\\$18,\\!000", "3.5\\text{ cm}^2", "e^{i\\pi} + 1",
  ]

  private func judge(_ answer: String, _ reference: String) {
    let ours = processorTime {
      _ = MathVerifier.isEquivalent(answer, to: reference)
      _ = FinalAnswer.find(in: answer)
    }
    #expect(ours < .seconds(1), "\(answer.prefix(300))")
    let theirs = processorTime {
      _ = MathAnswers.isEquivalent(answer, to: reference)
      _ = AnswerFinder.find(answer)
    }
    #expect(theirs < .seconds(1), "\(answer.prefix(300))")
  }

  @Test func randomBytes() {
    var random = Dice(seed: 1)
    for _ in 0..<Self.count {
      let bytes = (0..<random.below(80)).map { _ in UInt8(random.below(256)) }
      judge(String(decoding: bytes, as: UTF8.self), random.pick(Self.answers))
    }
  }

  @Test func randomGrammar() {
    var random = Dice(seed: 2)
    for _ in 0..<Self.count {
      let answer = Self.expression(&random, depth: 5)
      judge(answer, random.pick(Self.answers))
      judge("\\boxed{\(answer)}", Self.expression(&random, depth: 4))
      #expect(MathVerifier.isEquivalent(answer, to: answer), "\(answer)")
      #expect(MathAnswers.isEquivalent(answer, to: answer), "\(answer)")
    }
  }

  @Test func mutatedAnswers() {
    var random = Dice(seed: 3)
    for _ in 0..<Self.count {
      var bytes = Array(random.pick(Self.answers).utf8)
      for _ in 0...random.below(4) where !bytes.isEmpty {
        let place = random.below(bytes.count)
        switch random.below(4) {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(UInt8(random.below(256)), at: place)
        case 2: bytes.insert(contentsOf: bytes[place...], at: place)
        default: bytes.insert(contentsOf: random.pick(Self.answers).utf8, at: place)
        }
      }
      judge(String(decoding: bytes.prefix(2100), as: UTF8.self), random.pick(Self.answers))
    }
  }

  /// Each is repeated to the greatest length that is still parsed.
  @Test(arguments: [
    ("{", "}"), ("(", ")"), ("\\{", "\\}"), ("\\sqrt{", "}"), ("\\frac{1}{", "}"), ("9^{", "}"),
    ("-", ""), ("|", "|"), ("\\sin ", ""), ("\\text{", "}"), ("(1,\\{2,", "\\})"), ("\\pm ", ""),
    ("\\left(", "\\right)"), ("2^", ""), ("\\begin{pmatrix}", "\\end{pmatrix}"), ("!", ""),
    ("1,", ""), ("x=", ""), ("x<", ""), ("\\cup[1,2]", ""), ("\\lfloor ", "\\rfloor "),
  ])
  func deepNests(_ open: String, _ close: String) {
    for count in [3, 12, 39, 41, 150, 900] {
      let nest =
        String(repeating: open, count: count) + "1" + String(repeating: close, count: count)
      judge(nest, nest)
      judge(nest, "1")
      judge("\\boxed{" + nest, nest + "+1")
    }
  }

  @Test(arguments: [
    "10^{1000000000}", "9^{9^{9^9}}", "1e999999999", "1e-999999999", "2^{-99999999999999999999}",
    "0^{0}", "0^{-1}", "(99999!)!", "\\binom{1000000000}{500000000}", "\\binom{-1}{2}", "170!!",
    "99999999999999999999999999999999999999999999999999",
    "0.\(String(repeating: "0", count: 900))1",
    "\\sqrt[0]{5}", "\\log_1 5", "\\log_0 0", "\\frac{\\infty}{\\infty}", "\\infty - \\infty",
    "i^i",
    "1/0", "\\tan \\frac{\\pi}{2}", "\\arcsin 5", "\\ln(-1)", "\\ln 0", "(-8)^{1/3}", "12_", "_",
    "^",
  ])
  func extremeValues(_ answer: String) {
    judge(answer, "7")
    judge("7", answer)
    judge(answer, answer + " + 1")
    #expect(!MathVerifier.isEquivalent(answer, to: "7"), "\(answer)")
    #expect(!MathAnswers.isEquivalent(answer, to: "7"), "\(answer)")
  }

  private static func expression(_ random: inout Dice, depth: Int) -> String {
    func inside() -> String { expression(&random, depth: depth - 1) }
    guard depth > 0 else { return random.pick(["1", "23", "0.5", "x", "y", "\\pi", "-4", "a_1"]) }
    switch random.below(16) {
    case 0: return "\\frac{\(inside())}{\(inside())}"
    case 1: return "\\sqrt{\(inside())}"
    case 2: return "(\(inside()), \(inside()))"
    case 3: return "\\{\(inside()), \(inside())\\}"
    case 4: return "\(inside()) + \(inside())"
    case 5: return "\(inside()) - \(inside())"
    case 6: return "\(inside()) \\cdot \(inside())"
    case 7: return "{\(inside())}^{\(inside())}"
    case 8: return "\\left| \(inside()) \\right|"
    case 9: return "[\(inside()), \(inside()))"
    case 10: return "\\begin{bmatrix} \(inside()) & \(inside()) \\end{bmatrix}"
    case 11: return "\\sin \(inside())"
    case 12: return "\(inside()) = \(inside())"
    case 13: return "\(inside()) \\pm \(inside())"
    case 14: return "\(inside())\\%"
    default: return random.pick(["7", "12.5", "z", "\\infty", "\\text{no}", "e", "i"])
    }
  }
}

/// A small generator of its own, so that a failure comes again.
private struct Dice {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func below(_ count: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return count > 0 ? Int(state >> 33) % count : 0
  }

  mutating func pick(_ texts: [String]) -> String { texts[below(texts.count)] }
}
