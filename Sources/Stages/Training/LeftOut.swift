import Base
import Runner
import Tasks

/// One problem or trace that a training goes without: where a step would have come to it, the step is
/// that much smaller, and everything else keeps its place and its random numbers. So two trainings that
/// differ in nothing else show what it was worth.
enum LeftOut {
  static func field<Parameters>(
    _ path: WritableKeyPath<Parameters, Int>, _ what: String
  ) -> Field<Parameters> {
    Field(
      "leave_out", path, range: 0...100_000_000, later: true,
      "the number of a \(what), from 1 among those trained on, that training goes without, all else as it "
        + "was; 0 for none")
  }

  /// The row that is left out, from 0; nil for none.
  /// - Throws: `StageError.failed` where there is no such row, or no other.
  static func row(_ number: Int, of count: Int, _ what: String) throws -> Int? {
    if number == 0 { return nil }
    guard number <= count else {
      throw StageError.failed("leave_out is \(number), but there are \(count) \(what)s")
    }
    guard count > 1 else { throw StageError.failed("leave_out leaves no \(what) to train on") }
    return number - 1
  }
}

/// What a training can leave out one by one, as it is numbered.
package enum TrainingRows {
  /// The port that problems or traces come through; nil for a kind that can leave nothing out.
  package static func port(of kind: String) -> String? {
    switch kind {
    case RLVRStage.kind: "problems"
    case DistillStage.kind: "traces"
    default: nil
    }
  }

  /// The ids of what a training that is done learned from, in the order of their numbers.
  /// - Throws: what reading them throws.
  package static func ids(of training: PlannedInstance, in plan: Plan) throws -> [String] {
    guard let port = port(of: training.kind.name),
      let input = training.instance.inputs.first(where: { $0.port == port }),
      let artifact = plan.items[input.producer].artifact
    else { return [] }
    let table = try RowTable(contentsOf: artifact.wholeOutput(input.output))
    guard let distill = training.instance.stage as? DistillStage else {
      return try Problems(table).ids
    }
    let traces = Traces(table)
    return zip(try traces.ids, try traces.accepted)
      .filter { $1 || distill.parameters.includeRejected }.map(\.0)
  }
}
