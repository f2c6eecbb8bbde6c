import Base
import OrderedCollections
import Runner
import Stages

/// The kind `short_problems`: keeps problems whose question is short.
package struct ShortProblemsStage: Stage {
  package struct Parameters: ParameterSet {
    package var characters = 400
    package var column = "problem"

    package init() {}

    package static var fields: [Field<Parameters>] {
      [
        Field("characters", \.characters, range: .atLeast(1), "most characters of a question"),
        Field("column", \.column, "column that holds the question"),
      ]
    }
  }

  package static let kind = "short_problems"
  package static let version = 1
  package static let names = PublishedNames(values: ["problems"])
  package static let summary = "Keeps the problems whose question is short."
  package static let example = """
    short:
      kind: short_problems
      inputs: {problems: puzzles}
      params: {characters: 200}
    """
  package static let inputs = [StagePort("problems", .problems, "problems to choose from")]
  package static let outputs = [StagePort("problems", .problems, "problems that are kept")]

  private let parameters: Parameters

  package init(parameters: Parameters) { self.parameters = parameters }

  package func run(_ context: StageContext) throws {
    let table = try RowTable(contentsOf: context.input("problems").file)
    let questions = try table.strings(parameters.column)
    let kept = (0..<table.count).filter { questions[$0].count <= parameters.characters }
    guard !kept.isEmpty else {
      throw StageError.failed("no question is that short; raise 'characters'")
    }
    let rows = kept.map { table.row($0) }
    try RowTable(rows: rows, order: Array(table.columns.keys), attributes: table.attributes)
      .write(to: context.output("problems"))
    context.publish(Double(kept.count), as: "problems")
  }
}
