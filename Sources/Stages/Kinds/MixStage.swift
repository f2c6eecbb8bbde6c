import Base
import Runner
import Tasks

/// The kind `mix`: joins problems, texts or traces by count or by weight.
package struct MixStage: Stage {
  package struct Parameters: ParameterSet {
    /// How many rows of each input.
    package var counts: [String: Int] = [:]
    /// Shares of each input, of whatever sum.
    package var weights: [String: Double] = [:]
    /// How many rows in all, with `weights`.
    package var count: Int?
    package var order = MixOrder.shuffled
    /// Whether rows are taken again where an input has too few.
    package var repeats = false
    package var seed = 0

    /// Everything of all inputs, shuffled.
    package init() {}

    package static var fields: [Field<Parameters>] {
      [
        Field("counts", \.counts, "how many rows of each input, by its name"),
        Field("weights", \.weights, "the share of each input, by its name; 'count' is divided"),
        Field("count", \.count, range: 1...10_000_000, "how many rows in all, with 'weights'"),
        Field(
          "order", \.order,
          "shuffled: random rows in random order; given: the first rows of each input, one input "
            + "after the other, by their names"),
        Field("repeat", \.repeats, "whether rows are taken again where an input has too few"),
        Field("seed", \.seed, range: .atLeast(0), "seed of the draw and the order"),
      ]
    }

    package var shares: MixShares {
      if let count, !weights.isEmpty { return .weights(weights, total: count) }
      return counts.isEmpty ? .everything : .counts(counts)
    }

    var mix: RowMix { RowMix(shares: shares, order: order, seed: seed, repeats: repeats) }

    /// Asks for one way of saying how many.
    package func check(
      positions: [String: SourcePosition], at position: SourcePosition,
      into sink: inout DiagnosticSink
    ) {
      func report(_ field: String, _ message: String) {
        sink.report(positions[field] ?? position, message)
      }
      if !counts.isEmpty, !weights.isEmpty {
        report("weights", "a mix has 'counts' or 'weights', not both")
      } else if !weights.isEmpty, count == nil {
        report("weights", "'weights' divide a number of rows: set 'count'")
      } else if weights.isEmpty, count != nil {
        report("count", "'count' goes with 'weights'; 'counts' says how many rows of each input")
      } else if repeats, counts.isEmpty, weights.isEmpty {
        report("repeat", "'repeat' means nothing where every row is taken once")
      }
      if Self.areUseless(counts.values.map(Double.init)) {
        report("counts", "'counts' must be 0 or more, and one of them more")
      }
      if Self.areUseless(Array(weights.values)) {
        report("weights", "'weights' must be 0 or more, and one of them more")
      }
    }

    private static func areUseless(_ numbers: [Double]) -> Bool {
      guard let least = numbers.min(), let most = numbers.max() else { return false }
      return least < 0 || most == 0
    }
  }

  package static let kind = "mix"
  package static let version = 1
  package static let isQuick = true
  package static let names = PublishedNames(values: ["rows"], facts: ["counts"])
  package static let summary = "Joins problems, texts or traces by count or by weight."
  package static let example = """
    both:
      kind: mix
      inputs: {ours: traces, theirs: their_traces}
      params: {weights: {ours: 0.8, theirs: 0.2}, count: 200, seed: 1}
    """
  package static let inputs: [StagePort] = []
  package static let openInputs: [ArtifactType] = [.problems, .texts, .traces]
  package static let outputs = [
    StagePort("rows", .asBound, "the rows, each with the input that it came from")
  ]

  package static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    try outputs.count("rows", as: "rows")
  }

  let parameters: Parameters

  package init(parameters: Parameters) { self.parameters = parameters }

  /// The task that all are of, and how many rows there will be.
  package func traits(of output: String, inputs: [String: Traits]) -> Traits {
    let all = inputs.values.map(\.rows)
    let sum = all.contains(nil) ? nil : all.compactMap(\.self).reduce(0, +)
    let rows = parameters.shares.total ?? sum
    let tasks = Set(inputs.values.map { $0.task?.name })
    guard tasks.count == 1, let task = tasks.first ?? nil else { return .rows(rows) }
    return .problems(ofTask: task, rows: rows)
  }

  package func mistakes(inputs: [String: Traits]) -> [BindingMistake] {
    let names = inputs.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var mistakes = unmatched(names)
    let known = names.compactMap { name in inputs[name]?.task.map { (name, $0.name) } }
    if let first = known.first {
      mistakes += known.filter { $0.1 != first.1 }.map {
        BindingMistake(
          .input($0.0), "\(MixError.otherTask($0.0, $0.1, than: first.0, first.1))")
      }
    }
    for name in names {
      guard let rows = inputs[name]?.rows else { continue }
      do {
        _ = try parameters.mix.count(of: name, having: rows)
      } catch {
        mistakes.append(BindingMistake(.input(name), "\(error)"))
      }
    }
    return mistakes
  }

  /// Names that only one of the inputs and the numbers have.
  private func unmatched(_ inputs: [String]) -> [BindingMistake] {
    guard let counts = parameters.shares.counts else { return [] }
    let field = parameters.counts.isEmpty ? "weights" : "counts"
    let unknown = counts.keys.filter { !inputs.contains($0) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let missing = inputs.filter { counts[$0] == nil }
    return unknown.map {
      BindingMistake(
        .parameter(field), "'\(field)' names no input '\($0)'\(suggestion(for: $0, among: inputs))")
    }
      + missing.map {
        BindingMistake(
          .parameter(field), "'\(field)' does not name the input '\($0)'; say 0 for none of it")
      }
  }

  package func run(_ context: StageContext) throws {
    let inputs = context.allInputs
    let tables = try inputs.map { ($0.name, try RowTable(contentsOf: $0.artifact.file)) }
    let isProblems = inputs.first?.artifact.type == .problems
    let mix = parameters.mix
    let table = try isProblems ? mix.problems(of: tables) : mix.table(of: tables)
    guard table.count > 0 else { throw StageError.failed("there are no rows to mix") }
    try table.write(to: context.output("rows"))
    context.publish(Double(table.count), as: "rows")
    let counts = try tables.map { name, table in
      (name, JSONValue.integer(try mix.count(of: name, having: table.count)))
    }
    context.publish(fact: .object(Dictionary(counts) { $1 }), as: "counts")
  }
}
