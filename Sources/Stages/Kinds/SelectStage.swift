import Base
import Foundation
import OrderedCollections
import Runner
import Tasks

/// Parameters of `select`.
package struct SelectParameters: ParameterSet {
  /// The value that an evaluation publishes and that is highest for the model chosen.
  package var best = "accuracy"
  package var onTest = false

  package init() {}

  package static var fields: [Field<Self>] {
    [
      Field("best", \.best, "the published value that is highest for the model chosen"),
      Field(
        "on_test", \.onTest,
        "choose on problems of the test, as papers do that report the best checkpoint; scores on "
          + "them then say so"),
    ]
  }
}

/// Chooses a model among those at all points of some axes, such as the steps of a training, by an
/// evaluation of each.
///
/// The model carries the problems that chose it, and `evaluate` refuses to measure it on them.
package struct SelectStage: Stage {
  package static let kind = "select"
  package static let version = 1
  package static let gathers = true
  package static let summary = "Chooses the model with the best scores among those along some axes."
  package static let example = """
    best:
      kind: select
      inputs: {model: tuned.at, scores: scores, on: math}
      over: step
      params: {best: accuracy}
    """
  package static let inputs = [
    StagePort("model", .model, "the models to choose from, along the axes in 'over'"),
    StagePort("scores", .scores, "an evaluation of each model"),
    StagePort("on", .problems, "the problems of that evaluation"),
  ]
  package static let outputs = [
    StagePort("model", .model, "the model chosen; of equally good ones the first")
  ]

  private let parameters: SelectParameters

  package init(parameters: SelectParameters) { self.parameters = parameters }

  /// A model with its score.
  private struct Candidate {
    let model: InputArtifact
    let value: Double
  }

  package func run(_ context: StageContext) throws {
    let candidates = try candidates(context)
    guard var chosen = candidates.first else {
      throw StageError.failed("there is no model to choose from")
    }
    for candidate in candidates where candidate.value > chosen.value { chosen = candidate }
    let problems = try RowTable(contentsOf: context.input("on").file)
    var model = try OpenedModel(contentsOf: chosen.model.file)
    model.selections.append(
      ModelSelection(
        best: parameters.best, candidates: candidates.count,
        problems: try ProblemFingerprints(of: problems), isOnTest: parameters.onTest))
    try model.write(to: context.output("model"))
    for (axis, value) in chosen.model.over {
      if let number = value.number {
        context.publish(number, as: axis)
      } else {
        context.publish(fact: value, as: axis)
      }
    }
    context.publish(chosen.value, as: parameters.best)
    context.publish(Double(candidates.count), as: "candidates")
    context.publish(Double(problems.count), as: "on_problems")
  }

  /// Every model with its score, in the order of their points.
  private func candidates(_ context: StageContext) throws -> [Candidate] {
    let scores = context.inputs(gatheredBy: "scores")
    let on = try context.input("on")
    let models = context.inputs(gatheredBy: "model")
    guard models.map(\.over) == scores.map(\.over) else {
      throw StageError.failed(
        "it needs one evaluation of each model, but the models lie along "
          + "\(Self.axes(models)) and the scores along \(Self.axes(scores))")
    }
    return try zip(models, scores).map { model, scores in
      guard scores.source("model")?.isSame(as: model) == true else {
        throw StageError.failed(
          "'\(scores.instance)' measured another model than '\(model.instance)'")
      }
      guard scores.source("problems")?.isSame(as: on) == true else {
        throw StageError.failed(
          "'\(scores.instance)' measured on other problems than '\(on.instance)'; bind those to 'on'"
        )
      }
      guard let value = scores.values[parameters.best]?.number else {
        let names = scores.values.filter { $0.value.number != nil }.keys.sorted()
        throw StageError.failed(
          "'\(scores.instance)' has no value '\(parameters.best)'"
            + "\(suggestion(for: parameters.best, among: names)); it has \(names.joined(separator: ", "))"
        )
      }
      return Candidate(model: model, value: value)
    }
  }

  private static func axes(_ inputs: [InputArtifact]) -> String {
    let names = inputs.first?.over.keys.joined(separator: ", ") ?? ""
    return names.isEmpty ? "no axis" : names
  }
}
