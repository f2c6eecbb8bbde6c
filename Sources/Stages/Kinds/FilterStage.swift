import Base
import Runner
import Tasks

/// The kind `filter`: keeps rows by their columns and by a model's pass rate.
package struct FilterStage: Stage {
  /// Both ends are kept.
  package struct Rates: ParameterSet {
    package var atLeast = 0.0
    package var atMost = 1.0

    /// Any rate.
    package init() {}

    package static var fields: [Field<Rates>] {
      [
        Field("at_least", \.atLeast, range: 0...1, "least share of right completions"),
        Field("at_most", \.atMost, range: 0...1, "greatest share of right completions"),
      ]
    }
  }

  package struct Parameters: ParameterSet {
    package var conditions: [String: ColumnCondition] = [:]
    package var passRate: Rates?
    package var unmeasured = UnmeasuredRows.refuse

    /// Keeps everything: a recipe must set `where` or `pass_rate`.
    package init() {}

    package static var fields: [Field<Parameters>] {
      [
        Field("where", \.conditions, "what columns must hold, by their names"),
        Field(
          "pass_rate", \.passRate,
          "how often the model of 'scores' or 'rollouts' must solve a problem"),
        Field(
          "unmeasured", \.unmeasured,
          "what becomes of rows whose problem has no completion there: refuse, keep or drop"),
      ]
    }

    package func check(
      positions: [String: SourcePosition], at position: SourcePosition,
      into sink: inout DiagnosticSink
    ) {
      if conditions.isEmpty, passRate == nil {
        sink.report(position, "a filter needs 'where' or 'pass_rate'")
      }
      if let empty = conditions.keys.sorted().first(where: { conditions[$0]?.isEmpty == true }) {
        sink.report(
          positions["where"] ?? position,
          "'where' demands nothing of '\(empty)'; say equals, in, at_least, at_most or contains")
      }
      if let passRate, passRate.atLeast > passRate.atMost {
        sink.report(positions["pass_rate"] ?? position, "'at_least' is greater than 'at_most'")
      }
    }
  }

  package static let kind = "filter"
  package static let version = 1
  package static let isQuick = true
  package static let names = PublishedNames(values: ["rows", "removed"])
  package static let summary =
    "Keeps problems, texts or traces by column or by a model's pass rate."
  package static let example = """
    useful:
      kind: filter
      inputs: {rows: math, scores: first_scores}
      params: {pass_rate: {at_least: 0.1, at_most: 0.9}}
    first_scores:
      kind: evaluate
      inputs: {model: base, problems: math}
      params: {samples: 4, max_tokens: 512}
    """
  package static let inputs = [
    StagePort("scores", .scores, optional: true, "an evaluation of the problems, for 'pass_rate'"),
    StagePort(
      "rollouts", .rollouts, optional: true, "a training's completions, for 'pass_rate'"),
  ]
  package static let openInputs: [ArtifactType] = [.problems, .texts, .traces]
  package static let outputs = [
    StagePort("rows", .asBound, "the rows that are kept, in their order")
  ]

  /// All but how many rows were left out, which those that are kept do not say.
  package static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    try outputs.count("rows", as: "rows")
  }

  let parameters: Parameters

  package init(parameters: Parameters) { self.parameters = parameters }

  package func traits(of output: String, inputs: [String: Traits]) -> Traits {
    Self.rows(of: inputs).first.map { $0.value.with(rows: nil) } ?? [:]
  }

  package func mistakes(inputs: [String: Traits]) -> [BindingMistake] {
    let rows = Self.rows(of: inputs).keys.sorted()
    var mistakes = rows.dropFirst().map {
      BindingMistake(
        .input($0), "a filter takes one input of rows, and '\(rows[0])' is one already")
    }
    let measured = ["scores", "rollouts"].filter { inputs[$0] != nil }
    if rows.isEmpty, let first = measured.first {
      mistakes.append(BindingMistake(.input(first), "a filter needs an input of rows beside it"))
    }
    if measured.count == 2 {
      mistakes.append(
        BindingMistake(.input("rollouts"), "a filter takes 'scores' or 'rollouts', not both"))
    }
    if parameters.passRate != nil, measured.isEmpty {
      mistakes.append(
        BindingMistake(
          .parameter("pass_rate"), "'pass_rate' needs the input 'scores' or 'rollouts'"))
    } else if parameters.passRate == nil, let first = measured.first {
      mistakes.append(BindingMistake(.input(first), "'\(first)' goes with 'pass_rate'"))
    }
    return mistakes
  }

  private static func rows(of inputs: [String: Traits]) -> [String: Traits] {
    inputs.filter { name, _ in !Self.inputs.contains { $0.name == name } }
  }

  package func run(_ context: StageContext) throws {
    let names = Self.inputs.map(\.name)
    guard let input = context.allInputs.first(where: { !names.contains($0.name) })?.artifact else {
      throw StageError.failed("there are no rows to filter")
    }
    let table = try RowTable(contentsOf: input.file)
    let filter = RowFilter(
      conditions: parameters.conditions,
      rates: parameters.passRate.map { $0.atLeast...$0.atMost }, unmeasured: parameters.unmeasured)
    let kept = try filter.kept(
      of: table, ids: input.type == .traces ? .problemID : .id, try measured(context))
    guard !kept.isEmpty else {
      throw StageError.failed("none of the \(table.count) rows is kept; demand less")
    }
    try table.selecting(kept).write(to: context.output("rows"))
    context.publish(Double(kept.count), as: "rows")
    context.publish(Double(table.count - kept.count), as: "removed")
  }

  private func measured(_ context: StageContext) throws -> PassRates? {
    if let scores = context.optionalInput("scores") {
      let table = try Scores(contentsOf: scores.file, columns: [.problemID, .outcome])
      return PassRates(problemIDs: try table.problemIDs, outcomes: try table.outcomes)
    }
    return try context.optionalInput("rollouts").map { rollouts in
      let table = try Rollouts(contentsOf: rollouts.file, columns: [.problemID, .outcome])
      return PassRates(problemIDs: try table.problemIDs, outcomes: try table.outcomes)
    }
  }
}

extension UnmeasuredRows: ParameterChoice {}

extension ColumnCondition: ParameterSet {
  package static var fields: [Field<ColumnCondition>] {
    [
      Field("equals", \.equals, "the value, as a text"),
      Field("in", \.among, "one of these, as texts"),
      Field("at_least", \.atLeast, "a number not smaller than this"),
      Field("at_most", \.atMost, "a number not greater than this"),
      Field("contains", \.contains, "a part of the text, or an element of the list"),
    ]
  }
}
