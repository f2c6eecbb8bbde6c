import Model
import Runner

extension WriteTracesStage: ForeseeableStage {
  /// Sampling where a model writes; a server's work is its own.
  package func foresight(_ inputs: ForeseenInputs) -> Foresight {
    let problems = inputs["problems"].rows
    guard parameters.teacher != .symbolic else {
      return .output("traces", ForeseenContent(rows: problems.map { $0 * parameters.copies }))
    }
    let tokens = inputs.tokens(limit: parameters.sampling.maxTokens)
    let completions = problems.map { $0 * parameters.samples }
    let content = ForeseenContent(rows: completions, completionTokens: tokens)
    guard parameters.teacher == .model else { return .output("traces", content) }
    guard let problems, let completions, let model = inputs["model"].model else {
      return .output("traces", content, unknown: inputs.missing("problems"))
    }
    var foresight = Foresight.output("traces", content)
    var work = Work()
    work.sample(model, prompts: problems, completions: completions, tokens: tokens)
    foresight.work = work
    return foresight
  }
}

extension PretrainStage: ForeseeableStage {
  /// Training on texts that fill the context, the longest that there may be.
  package func foresight(_ inputs: ForeseenInputs) -> Foresight {
    let model = ForeseenContent(model: inputs["model"].model)
    guard let configuration = model.model, let rows = inputs["texts"].rows else {
      return .output("model", model, unknown: inputs.missing("texts"))
    }
    let length = inputs.tokens(limit: configuration.contextLength)
    return .training(configuration, tokens: parameters.epochs * rows * length, length: length)
  }
}

extension DistillStage: ForeseeableStage {
  /// Training on traces that are as long as they may be.
  package func foresight(_ inputs: ForeseenInputs) -> Foresight {
    let model = ForeseenContent(model: inputs["model"].model)
    guard let configuration = model.model, let rows = inputs["traces"].rows else {
      return .output("model", model, unknown: inputs.missing("traces"))
    }
    let limit = min(parameters.maxTokens, configuration.contextLength)
    let completion = inputs["traces"].completionTokens ?? inputs.tokens(limit: limit)
    let length = min(limit, Work.promptTokens + completion)
    return .training(configuration, tokens: parameters.epochs * rows * length, length: length)
  }
}

extension ReinforceStage: ForeseeableStage {
  /// Sampling of every step's groups, and training on them; each prompt is computed once a group.
  package func foresight(_ inputs: ForeseenInputs) -> Foresight {
    let model = ForeseenContent(model: inputs["model"].model)
    guard let configuration = model.model else {
      return .output("model", model, unknown: inputs.missing("model"))
    }
    let prompts = parameters.steps * parameters.problemsPerStep
    let completions = prompts * parameters.group
    let tokens = inputs.tokens(limit: parameters.sampling.maxTokens)
    let trained = prompts * Work.promptTokens + completions * tokens
    var foresight = Foresight.training(
      configuration, tokens: parameters.updatesPerBatch * trained,
      length: Work.promptTokens + tokens)
    foresight.work?.sample(
      configuration, prompts: prompts, completions: completions, tokens: tokens)
    return foresight
  }
}

extension EvaluateStage: ForeseeableStage {
  /// Sampling.
  package func foresight(_ inputs: ForeseenInputs) -> Foresight {
    guard let problems = inputs["problems"].rows, let model = inputs["model"].model else {
      return .output("scores", ForeseenContent(), unknown: inputs.missing("problems"))
    }
    var work = Work()
    work.sample(
      model, prompts: problems, completions: problems * parameters.samples,
      tokens: inputs.tokens(limit: parameters.sampling.maxTokens))
    var foresight = Foresight()
    foresight.work = work
    return foresight
  }
}

extension Foresight {
  /// A trained model and the work of training it.
  fileprivate static func training(
    _ model: ModelConfiguration, tokens: Int, length: Int
  ) -> Foresight {
    var foresight = output("model", ForeseenContent(model: model))
    var work = Work()
    work.train(model, tokens: tokens, length: length)
    foresight.work = work
    return foresight
  }
}

extension ForeseenInputs {
  /// What keeps the work from being foreseen: the model's size, or how many rows a port has.
  fileprivate func missing(_ port: String) -> String {
    self["model"].model == nil ? "how large the model is" : "how many \(port) there are"
  }
}
