import Foundation
import Model
import Runner

extension KnightsAndKnavesStage: ForeseeableStage {
  /// So many puzzles of each size.
  package func foresight(_ inputs: ForeseenInputs) -> Foresight {
    .output("problems", ForeseenContent(rows: parameters.people.count * parameters.count))
  }
}

extension MiniatureProblemsStage: ForeseeableStage {
  /// So many problems.
  package func foresight(_ inputs: ForeseenInputs) -> Foresight {
    .output("problems", ForeseenContent(rows: parameters.count))
  }
}

extension DatasetStage: ForeseeableStage {
  /// The rows of the file where it is at hand, else those that are asked for, else those that the
  /// published file has, which is too many where a recipe takes only some of its values.
  package func foresight(_ inputs: ForeseenInputs) -> Foresight {
    .output("problems", ForeseenContent(rows: rows(in: inputs.environment)))
  }

  private func rows(in environment: StageEnvironment) -> Int? {
    if let take = parameters.take, parameters.each == nil { return take }
    if let source = try? DataSource(parsing: parameters.source),
      let file = source.fileAtHand(in: environment), let table = try? table(from: file)
    {
      return table.count
    }
    return BenchmarkFile.at(parameters.source)?.rows
  }
}

extension SplitStage: ForeseeableStage {
  /// The side whose number is given, and the rest.
  package func foresight(_ inputs: ForeseenInputs) -> Foresight {
    let all = inputs["problems"].rows
    let listed = parameters.testIDs.isEmpty ? nil : parameters.testIDs.count
    let isEach = parameters.each != nil
    let test = isEach ? nil : parameters.test ?? listed
    let train = isEach ? nil : parameters.train
    func rest(_ side: Int?) -> Int? { side.flatMap { side in all.map { max(0, $0 - side) } } }
    var foresight = Foresight()
    foresight.outputs["train"] = ForeseenContent(rows: train ?? rest(test) ?? all)
    foresight.outputs["test"] = ForeseenContent(rows: test ?? rest(train) ?? all)
    return foresight
  }
}

extension WriteTextsStage: ForeseeableStage {
  /// So many texts.
  package func foresight(_ inputs: ForeseenInputs) -> Foresight {
    .output("texts", ForeseenContent(rows: parameters.count))
  }
}

extension ReadTracesStage: ForeseeableStage {
  /// The rows of the file where it is at hand, else those that are asked for.
  package func foresight(_ inputs: ForeseenInputs) -> Foresight {
    let file = (try? DataSource(parsing: parameters.source))?.fileAtHand(in: inputs.environment)
    let rows = file.flatMap { try? table(from: $0).count } ?? parameters.take
    return .output("traces", ForeseenContent(rows: rows))
  }
}

extension PretrainedModelStage: ForeseeableStage {
  /// The sizes in the folder's config.json, else those that are known of a published model.
  package func foresight(_ inputs: ForeseenInputs) -> Foresight {
    let folder = (try? DataSource(parsing: parameters.source))?.fileAtHand(in: inputs.environment)
    let config = folder.flatMap { try? Data(contentsOf: $0.appending(path: "config.json")) }
    let model =
      config.flatMap { try? ModelConfiguration(huggingFaceConfig: $0) }
      ?? PublishedModel.at(parameters.source)?.configuration
    return .output("model", ForeseenContent(model: model))
  }
}

extension ScratchModelStage: ForeseeableStage {
  /// The sizes that are asked for; the vocabulary can only become smaller.
  package func foresight(_ inputs: ForeseenInputs) -> Foresight {
    let model = ModelConfiguration(
      architecture: .llama, vocabularySize: parameters.vocabulary, hiddenSize: parameters.hidden,
      intermediateSize: parameters.intermediate, layerCount: parameters.layers,
      headCount: parameters.heads, keyValueHeadCount: parameters.keyValueHeads,
      headSize: parameters.hidden / parameters.heads, contextLength: parameters.context,
      ropeTheta: 10_000, normEpsilon: 1e-6, tiedEmbeddings: true, attentionBias: false)
    return .output("model", ForeseenContent(model: model))
  }
}

extension DataSource {
  /// The file or folder, where it is on this machine already.
  func fileAtHand(in environment: StageEnvironment) -> URL? {
    if case .path(let path) = self { return try? Self.locate(path, in: environment) }
    let file = downloadedFile(in: environment)
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
  }
}
