import Base
import Runner
import Tasks

/// The kind `concat`: puts tables of one sort one after the other, with ids that stay apart.
package struct ConcatStage: Stage {
  package struct Parameters: ParameterSet {
    /// The inputs in order; by name where nothing is said.
    package var order: [String] = []

    /// The inputs by their names.
    package init() {}

    package static var fields: [Field<Parameters>] {
      [Field("order", \.order, "the names of the inputs in the order of their rows")]
    }
  }

  package static let kind = "concat"
  package static let version = 1
  package static let isQuick = true
  package static let names = PublishedNames(values: ["rows"])
  package static let summary = "Puts problems, texts or traces one after the other."
  package static let example = """
    all_traces:
      kind: concat
      inputs: {a: traces, b: their_traces}
    """
  package static let inputs: [StagePort] = []
  package static let openInputs: [ArtifactType] = [.problems, .texts, .traces]
  package static let outputs = [
    StagePort("rows", .asBound, "all rows, each with the input that it came from, also in its id")
  ]

  package static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    try outputs.count("rows", as: "rows")
  }

  let parameters: Parameters

  package init(parameters: Parameters) { self.parameters = parameters }

  /// The task that all are of, and how many rows there will be.
  package func traits(of output: String, inputs: [String: Traits]) -> Traits {
    let mix = MixStage(parameters: MixStage.Parameters())
    return mix.traits(of: output, inputs: inputs)
  }

  package func mistakes(inputs: [String: Traits]) -> [BindingMistake] {
    let names = inputs.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let other = MixStage(parameters: MixStage.Parameters()).mistakes(inputs: inputs)
    guard !parameters.order.isEmpty else { return other }
    let order = parameters.order
    if let twice = order.first(where: { name in order.count { $0 == name } > 1 }) {
      return other + [BindingMistake(.parameter("order"), "'order' names '\(twice)' twice")]
    }
    let unknown = order.filter { !names.contains($0) }.map {
      "'order' names no input '\($0)'\(suggestion(for: $0, among: names))"
    }
    let missing = names.filter { !order.contains($0) }.map {
      "'order' does not name the input '\($0)'"
    }
    return other + (unknown + missing).map { BindingMistake(.parameter("order"), $0) }
  }

  package func run(_ context: StageContext) throws {
    let inputs = context.allInputs
    let tables = try inputs.map { ($0.name, try RowTable(contentsOf: $0.artifact.file)) }
    let order = parameters.order.isEmpty ? inputs.map(\.name) : parameters.order
    let ordered = order.compactMap { name in tables.first { $0.0 == name } }
    let mix = RowMix(
      shares: .everything, order: .given, seed: 0, repeats: false, keepsIDsApart: true)
    let isProblems = inputs.first?.artifact.type == .problems
    let table = try isProblems ? mix.problems(of: ordered) : mix.table(of: ordered)
    guard table.count > 0 else { throw StageError.failed("there are no rows") }
    try table.write(to: context.output("rows"))
    context.publish(Double(table.count), as: "rows")
  }
}
