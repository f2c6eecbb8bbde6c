import Base
import Foundation
import Runner
import Stages
import Tasks
import Testing

@Suite struct MiniatureProblemsTests {
  private static func table(
    _ domain: MiniatureDomain, count: Int, levels: [Int] = [1, 2, 3, 4, 5], seed: Int = 0
  ) throws -> RowTable {
    var parameters = MiniatureProblemsStage.Parameters()
    parameters.domain = domain
    parameters.count = count
    parameters.levels = levels
    parameters.seed = seed
    return try MiniatureProblemsStage(parameters: parameters).table()
  }

  private static func value(of expression: Substring) -> Int {
    expression.split(separator: " + ").map { term in
      let factors = term.split(separator: " * ").map { factor in
        let parts = factor.split(separator: " - ").compactMap { Int($0) }
        return parts.dropFirst().reduce(parts[0], -)
      }
      return factors.reduce(1, *)
    }.reduce(0, +)
  }

  @Test func sumsAreRight() throws {
    let table = try Self.table(.arithmetic, count: 2000)
    for row in table.rows {
      let problem = try #require(row["problem"]?.string)
      let answer = try #require(row["answer"]?.string)
      #expect("\(Self.value(of: problem.dropFirst("What is ".count).dropLast()))" == answer)
      #expect(row["solution"]?.string?.hasSuffix("$\\boxed{\(answer)}$.") == true)
    }
    #expect(table.attributes["task"] == "math")
  }

  @Test(arguments: [MiniatureDomain.sums, .counting, .largest, .wordProblem])
  func numbersAreRight(domain: MiniatureDomain) throws {
    for level in domain.levels {
      let rows = try Self.table(domain, count: 200, levels: [level], seed: 5).rows
      for row in rows {
        let question = try #require(row["problem"]?.string)
        let answer = try #require(row["answer"]?.string)
        let numbers = question.split { !$0.isNumber }.compactMap { Int($0) }
        let words = question.dropLast().split(separator: " ")
        let range = level == 2 ? 20...79 : domain == .largest ? 10...99 : 1...19
        let right =
          switch domain {
          case .counting: words[11].count { String($0) == words[6] }
          case .largest: numbers.max() ?? 0
          default: numbers.reduce(0, +)
          }
        #expect(answer == "\(right)" && numbers.allSatisfy(range.contains))
        #expect(numbers.count == [.counting: 0, .largest: 4][domain] ?? 2)
        #expect(row["solution"]?.string?.hasSuffix("$\\boxed{\(answer)}$.") == true)
        #expect(row["id"]?.string?.hasPrefix("\(domain.rawValue)/\(level)/") == true)
      }
    }
  }

  /// SHA-256 over ids, questions and answers, so that problems stay what their ids say.
  @Test(arguments: [
    (
      MiniatureDomain.arithmetic, "46906eec84a5dc356f358a47a4ceda8c721ce06a887909fad3a242ca497f84f6"
    ), (.choice, "af7b27795aa599d54ef1b8cb6d866dc0ebaab41beae065bde8196afeac40ad1d"),
    (.sums, "4ed8aa6f8dc9f2655a9641d23c1adb3313ed333eff1f8f2e4b5894f9399fc8fe"),
    (.counting, "fed3af6ad107674d5cc5d67f6d25d39731a426ae55c66de88cdd3de4a211fe60"),
    (.largest, "7b0856d4d72e77bdc8764420ea84b1032045283e7ad835a264f0d2c10215970b"),
    (.wordProblem, "2f252dc46dd31c58408fb3998d7f80d400eef2d8bc4aae743efb74e4731fef2e"),
  ])
  func problemsNeverChange(domain: MiniatureDomain, digest: String) {
    let rows = domain.levels.flatMap { domain.rows(level: $0) }
    let lines = rows.map { JSONValue.object($0).text + "\n" }.joined()
    #expect(SHA256Digest.hex(of: Data(lines.utf8)) == digest)
  }

  @Test func levelsThatADomainDoesNotHaveAreRefusedWhereNamed() throws {
    func mistakes(_ entries: [(String, RecipeValue)]) -> [String] {
      let position = SourcePosition(line: 1, column: 1)
      var sink = DiagnosticSink()
      _ = MiniatureProblemsStage.Parameters.decode(
        entries.map {
          RecipeEntry(key: $0.0, keyPosition: position, node: RecipeNode($0.1, at: position))
        }, at: position, owner: "", into: &sink)
      return sink.diagnostics.map(\.message)
    }
    #expect(mistakes([("domain", .string("largest"))]).isEmpty)
    #expect(
      mistakes([("domain", .string("sums")), ("levels", .integer(3))])
        == ["the domain sums has no level 3, only 1 to 2"])
    #expect(try Self.table(.largest, count: 3, levels: [1, 2, 3]).count == 3)
  }

  @Test func choicesAreRight() throws {
    let table = try Self.table(.choice, count: 2000)
    for row in table.rows {
      let options = try #require(row["options"]?.array).compactMap { $0.string.flatMap { Int($0) } }
      let index = try #require(row["answer_index"]?.integer)
      #expect(row["answer"]?.string == ["A", "B", "C", "D"][index])
      #expect(Set(options).count == options.count && (3...4).contains(options.count))
      #expect(Self.right(row["question"]?.string ?? "", options) == options[index])
    }
    #expect(table.attributes["task"] == "mmlu_pro")
  }

  private static func right(_ question: String, _ options: [Int]) -> Int? {
    let numbers = question.split { !$0.isNumber }.compactMap { Int($0) }
    if question.contains("largest") { return options.max() }
    if question.contains("smallest") { return options.min() }
    if question.contains("right after") { return numbers[0] + 1 }
    return question.contains("even")
      ? options.first { $0.isMultiple(of: 2) } : numbers.reduce(0, +)
  }

  @Test(
    arguments: MiniatureDomain.allCases.flatMap { domain in domain.levels.map { (domain, $0) } })
  func problemsOfALevelDiffer(domain: MiniatureDomain, level: Int) {
    let rows = domain.rows(level: level)
    let texts = rows.map {
      ($0["problem"] ?? $0["question"] ?? .null).text + ($0["options"]?.text ?? "")
    }
    #expect(rows.count >= 100)
    #expect(Set(texts).count == rows.count)
    #expect(Set(rows.map { $0["id"] }).count == rows.count)
  }

  @Test func drawsDependOnTheSeedAlone() throws {
    let table = try Self.table(.arithmetic, count: 50, seed: 3)
    #expect(try Self.table(.arithmetic, count: 50, seed: 3) == table)
    #expect(try Self.table(.arithmetic, count: 50, seed: 4) != table)
    #expect(Set(try table.strings("id")).count == 50)
  }

  @Test func moreProblemsThanThereAreIsAnError() throws {
    #expect(try Self.table(.arithmetic, count: 100, levels: [1]).count == 100)
    #expect(throws: MiniatureError.self) { try Self.table(.arithmetic, count: 101, levels: [1]) }
    let position = SourcePosition(line: 1, column: 1)
    let entry = RecipeEntry(
      key: "count", keyPosition: position, node: RecipeNode(.integer(9_999_999), at: position))
    var sink = DiagnosticSink()
    _ = MiniatureProblemsStage.Parameters.decode([entry], at: position, owner: "", into: &sink)
    #expect(sink.diagnostics.first?.message.hasPrefix("'count' must be at most") == true)
  }
}
