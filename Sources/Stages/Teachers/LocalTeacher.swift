import Runner

/// The teacher behind `teacher: model`.
struct LocalTeacher {
  private let parameters: WriteTracesParameters

  init(_ parameters: WriteTracesParameters) { self.parameters = parameters }

  /// `samples` completions of each problem. They are an artifact of their own, so that another
  /// `accept` samples nothing anew, and a killed run goes on where it was.
  func completions(_ problems: RowTable, _ context: StageContext) throws -> [WrittenCompletion] {
    guard context.optionalInput("model") != nil else {
      throw StageError.failed("'teacher: model' needs a model; bind one to the input 'model'")
    }
    let part = CompletionsPart(
      problems: problems, template: try PromptTemplate.named(parameters.prompt),
      stopStrings: parameters.sampling.stop, samples: parameters.samples, seed: parameters.seed,
      sampling: sampling)
    let table = try part.sampled(in: context)
    let (problem, sample) = (try table.integers("problem"), try table.integers("sample"))
    let (texts, truncated) = (try table.strings("completion"), try table.booleans("truncated"))
    return (0..<table.count).map {
      WrittenCompletion(
        problem: problem[$0], sample: sample[$0], text: texts[$0], isTruncated: truncated[$0],
        refusal: nil)
    }
  }

  private var sampling: SamplingParameters {
    var sampling = SamplingParameters()
    sampling.temperature = parameters.sampling.temperature
    sampling.topP = parameters.sampling.topP
    sampling.topK = parameters.sampling.topK
    sampling.maxTokens = parameters.sampling.maxTokens
    sampling.batchSize = parameters.batchSize
    return sampling
  }
}
