import Base
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
