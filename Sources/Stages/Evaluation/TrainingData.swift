import Base
import Foundation
import Runner
import Tasks

/// What a model was trained on, as far as stages trained it: the problems and traces that were bound
/// to them, back to the model from outside or from nothing. Plain texts are not among them.
struct TrainingData {
  private let artifacts: [InputArtifact]

  /// - Parameter more: what the recipe names beside it, such as what a model from outside has seen.
  init(of model: InputArtifact, and more: InputArtifact?) {
    var seen: Set<String> = []
    artifacts = (Self.data(behind: model) + [more].compactMap(\.self))
      .filter { seen.insert("\($0.key).\($0.output)").inserted }
  }

  /// A stage makes a model from a model; whatever else it is given, it learns. One that is given
  /// scores chooses among models and learns nothing; its problems are the selection's business.
  private static func data(behind model: InputArtifact) -> [InputArtifact] {
    let chooses = model.sources.contains { $0.artifact.type == .scores }
    return model.sources.flatMap { _, source -> [InputArtifact] in
      switch source.type {
      case .model: data(behind: source)
      case .problems, .traces: chooses ? [] : [source]
      default: []
      }
    }
  }

  /// The ids of the problems that are among it, in the problems' order, and where they were found.
  func overlap(with problems: Problems) throws -> (ids: [String], places: String) {
    var found: Set<[UInt8]> = []
    var places: [String] = []
    for artifact in artifacts {
      let ids =
        artifact.type == .traces
        ? try OverlapCheck.overlap(of: problems.table, with: Self.learned(artifact.file))
        : try OverlapCheck.overlap(of: problems.table, with: RowTable(contentsOf: artifact.file))
      if ids.isEmpty { continue }
      found.formUnion(ids.map { Array($0.utf8) })
      places.append("'\(artifact.instance)'")
    }
    return (
      try problems.ids.filter { found.contains(Array($0.utf8)) }, places.joined(separator: ", ")
    )
  }

  /// What tells which problems traces are about. The completions, which are long, are read only where
  /// some have no prompt.
  private static func learned(_ file: URL) throws -> Traces {
    let traces = try Traces(contentsOf: file, columns: [.problemID, .prompt])
    guard try traces.prompts.contains("") else { return traces }
    return try Traces(contentsOf: file, columns: [.problemID, .prompt, .completion])
  }
}
