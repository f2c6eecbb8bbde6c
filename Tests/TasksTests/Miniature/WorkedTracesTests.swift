import Base
import Foundation
import Tasks
import Testing

/// What is worked out is true line by line, leads to the right answer, and counts as working.
@Suite struct WorkedTracesTests {
  private static func traces(
    _ domain: MiniatureDomain, level: Int, _ style: TraceStyle = .short,
    most: Int
  ) throws -> (problems: [[String: JSONValue]], texts: [String]) {
    let all = domain.rows(level: level)
    let problems = stride(from: 0, to: all.count, by: all.count / most + 1).map { all[$0] }
    let traces = try TraceWriter(task: domain.task, style: style, seed: 1)
      .traces(for: problems) { _ in "" }
    return (problems, traces.rows.map { $0["completion"]?.string ?? "" })
  }

  /// The lines before the answer, and the answer; nil where the form is not kept.
  private static func parts(_ text: String) -> (lines: [String], answer: String)? {
    guard let match = text.wholeMatch(of: #/(?s)(.+) </think>\n<answer> (.+) </answer>/#) else {
      return nil
    }
    return (match.1.split(separator: "\n").map(String.init), String(match.2))
  }

  /// All problems of the small levels, and a part of the large ones.
  @Test(arguments: MiniatureDomain.allCases)
  func everyProblemIsWorkedOutTruly(domain: MiniatureDomain) throws {
    let definition = try TaskDefinitions.named(domain.task)
    for level in domain.levels {
      let (problems, texts) = try Self.traces(domain, level: level, most: 1800)
      let items = zip(problems, texts).map { GradingItem(row: $0, completion: $1, id: "") }
      let verdicts = try definition.grade(items, GradingRules(use: .train))
      for (index, text) in texts.enumerated() {
        let parts = try #require(Self.parts(text))
        let problem = problems[index]
        let isTrue = LineReader.isTrue(parts.lines, problem, answer: parts.answer)
        if !isTrue || verdicts[index].outcome != .correct || !definition.works(text, on: problem) {
          Issue.record("\(Problems.question(of: problem) ?? ""): \(text)")
        }
      }
    }
  }

  @Test(arguments: MiniatureDomain.allCases)
  func answersAtOnceAreNoWorking(domain: MiniatureDomain) throws {
    let definition = try TaskDefinitions.named(domain.task)
    for level in domain.levels {
      let (problems, texts) = try Self.traces(domain, level: level, .answer, most: 200)
      for (text, problem) in zip(texts, problems) where definition.works(text, on: problem) {
        Issue.record("\(Problems.question(of: problem) ?? ""): \(text)")
      }
    }
  }

  /// The reader itself tells false lines and answers apart from true ones.
  @Test(arguments: [
    ("Try 4 and 7: 12.\nTry 1 and 3: 4, one more: 5, yes.", "51"),
    ("Try 4 and 7: 11.\nTry 1 and 3: 4, yes.", "51"),
    ("Try 4 and 7: 11.\nTry 1 and 3: 4, one more: 5, yes.", "41"),
    ("Try 4 and 7: 11.\nTry 1 and 3: 4, one more: 5.", "51"),
    ("Try 4 and 7: 11.\nTry 2 and 2: 4, one more: 5, yes.", "51"), ("Let me answer.", "51"),
  ])
  func falseLinesAreFound(_ lines: String, _ answer: String) {
    let problem: [String: JSONValue] = ["problem": "What is 14 + 37?"]
    let right = "Try 4 and 7: 11.\nTry 1 and 3: 4, one more: 5, yes."
    func isTrue(_ lines: String, _ answer: String) -> Bool {
      LineReader.isTrue(
        lines.split(separator: "\n").map(String.init), problem, answer: "\\boxed{\(answer)}")
    }
    #expect(!isTrue(lines, answer))
    #expect(isTrue(right, "51"))
  }

  @Test func otherProblemsAreRefused() {
    let rows: [[String: JSONValue]] = [
      ["id": "a", "problem": "What is $x$?", "answer": "4"],
      ["id": "b", "problem": "What is 2 + 2?", "answer": "5"],
      ["id": "c", "problem": "What is 2 - 4?", "answer": "-2"],
    ]
    for row in rows {
      let writer = TraceWriter(task: "math", style: .short, seed: 0)
      #expect(throws: MiniatureError.self) { try writer.traces(for: [row]) { _ in "" } }
    }
    let row = MiniatureDomain.arithmetic.rows(level: 1)[0]
    #expect(throws: MiniatureError.self) {
      try TraceWriter(task: "math", style: .long, seed: 0).traces(for: [row]) { _ in "" }
    }
    #expect(throws: MiniatureError.self) {
      try TraceWriter(task: "humaneval_plus", style: .answer, seed: 0)
        .traces(for: [row]) { _ in "" }
    }
  }
}

/// Reads the lines of the short style and holds each against arithmetic.
private struct LineReader {
  /// The numbers that the lines come to, in order.
  private var results: [Int] = []
  private var carries = false
  /// The option that holds, where options are tried.
  private var option: String?
  private let options: [Int]
  private let question: String

  static func isTrue(_ lines: [String], _ problem: [String: JSONValue], answer: String) -> Bool {
    var reader = LineReader(problem)
    guard lines.allSatisfy({ reader.read($0) }), let last = lines.last else { return false }
    if let option = reader.option { return answer == "\\boxed{\(option)}" }
    return last.hasSuffix(", yes.") && answer == "\\boxed{\(reader.number)}"
  }

  private init(_ problem: [String: JSONValue]) {
    options = Problems.options(of: problem).compactMap { Int($0) }
    question = Problems.question(of: problem) ?? ""
  }

  private mutating func read(_ line: String) -> Bool {
    if question.hasPrefix("Which number is the largest: ") { return readLargest(line) }
    if question.hasPrefix("How many times") { return readLetter(line) }
    if options.isEmpty { return readNumbers(line) }
    if let sum = line.wholeMatch(of: #/Try (\d+) and (\d+): (\d+)\./#) {
      results = [Int(sum.3)!]
      return Int(sum.1)! + Int(sum.2)! == Int(sum.3)! && question.contains(sum.1)
    }
    return readOptions(line)
  }

  /// A column of a sum, a difference, a product.
  private mutating func readNumbers(_ line: String) -> Bool {
    if let sum = line.wholeMatch(of: #/Try (\d) and (\d): (\d+)(, one more: (\d+))?(, yes)?\./#) {
      let (a, b) = addends
      let place = (0..<results.count).reduce(1) { power, _ in power * 10 }
      let value = Int(sum.1)! + Int(sum.2)! + (carries ? 1 : 0)
      guard Int(sum.1) == a / place % 10, Int(sum.2) == b / place % 10,
        Int(sum.1)! + Int(sum.2)! == Int(sum.3), carries == (sum.4 != nil),
        sum.5.map({ Int($0) == value }) ?? true
      else { return false }
      carries = value >= 10
      results.append(value)
      return true
    }
    let pattern = #/Try (\d+) (less|times) (\d+): (\d+)(, (\d+) left)?(, yes)?\./#
    guard let step = line.wholeMatch(of: pattern) else { return false }
    let (a, b, value) = (Int(step.1)!, Int(step.3)!, Int(step.4)!)
    results = []
    last = value
    return value == (step.2 == "less" ? a - b : a * b) && step.6.map { $0 != "0" } ?? true
  }

  /// The last difference or product.
  private var last: Int?

  /// What the columns of a sum must be those of: a product and the question's last number, or else
  /// the question's numbers.
  private var addends: (Int, Int) {
    let numbers = question.split { !$0.isNumber }.compactMap { Int($0) }
    return (last ?? numbers[0], numbers[numbers.count - 1])
  }

  /// What the columns say, read from the right, or the last line's result.
  private var number: Int {
    guard !results.isEmpty else { return last ?? -1 }
    return results.enumerated().reduce(0) { sum, column in
      let isTop = column.offset == results.count - 1
      let digit = isTop ? column.element : column.element % 10
      return sum + digit * (0..<column.offset).reduce(1) { power, _ in power * 10 }
    }
  }

  /// The largest so far against the next number of the question; the last line comes to the last.
  private mutating func readLargest(_ line: String) -> Bool {
    let numbers = question.split { !$0.isNumber }.compactMap { Int($0) }
    lines += 1
    guard let pair = line.wholeMatch(of: #/Try (\d+) and (\d+): (\d+)(, yes)?\./#), lines < 4,
      Int(pair.1) == numbers[..<lines].max(), Int(pair.2) == numbers[lines]
    else { return false }
    last = max(Int(pair.1)!, Int(pair.2)!)
    return last == Int(pair.3) && (pair.4 != nil) == (lines == 3)
  }

  /// A letter of the word with how often the one asked for came so far.
  private mutating func readLetter(_ line: String) -> Bool {
    let words = question.dropLast().split(separator: " ")
    let word = Array(words[11])
    guard let step = line.wholeMatch(of: #/Try (\d+) ([abc]): (\d+)(, yes)?\./#),
      Int(step.1) == lines + 1, lines < word.count, step.2 == String(word[lines])
    else { return false }
    lines += 1
    last = word[..<lines].count { String($0) == words[6] }
    return last == Int(step.3) && (step.4 != nil) == (lines == word.count)
  }

  /// How many lines were read, where each belongs to a place in the question.
  private var lines = 0

  private mutating func readOptions(_ line: String) -> Bool {
    let letters = ["A", "B", "C", "D"]
    func value(_ letter: Substring) -> Int? {
      letters.firstIndex(of: String(letter)).flatMap { $0 < options.count ? options[$0] : nil }
    }
    if let pair = line.wholeMatch(of: #/Try (\w) (\d+) and (\w) (\d+): (yes|no)\./#) {
      guard let a = value(pair.1), let b = value(pair.3), a == Int(pair.2), b == Int(pair.4),
        option == nil || option == String(pair.1)
      else { return false }
      let holds = question.contains("largest") ? a > b : a < b
      option = String(holds ? pair.1 : pair.3)
      return holds == (pair.5 == "yes")
    }
    if let half = line.wholeMatch(of: #/Try (\w) (\d+): (\d+) and (\d+), (yes|no)\./#) {
      let (a, b) = (Int(half.3)!, Int(half.4)!)
      if half.5 == "yes" { option = String(half.1) }
      return value(half.1) == Int(half.2) && a + b == Int(half.2)! && abs(a - b) < 2
        && (a == b) == (half.5 == "yes")
    }
    guard let tried = line.wholeMatch(of: #/Try (\w) (\d+): (yes|no)\./#) else { return false }
    let holds = value(tried.1) == results.last
    if holds { option = String(tried.1) }
    return value(tried.1) == Int(tried.2) && holds == (tried.3 == "yes")
  }
}
