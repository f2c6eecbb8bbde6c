import Model
import Runner

/// The memory that an instance takes, in bytes.
package struct EstimatedMemory: Sendable, Equatable {
  /// Whatever its texts are: the model with all that belongs to its parameters.
  package let least: Int
  /// Where prompts have `Work.promptTokens` tokens, and completions or examples as many as they may.
  package let most: Int
}

extension EstimateInputs {
  /// The memory of work with the model that is bound; nil where its size is not known.
  /// - Parameter lora: The adapters that are trained, if any are.
  private func use(_ lora: LoRA? = nil) -> MemoryUse? {
    self["model"].model.map { MemoryUse($0, threads: threads, lora: lora) }
  }

  /// The tokens of a prompt and the most of its completions.
  private func lengths(tokens: Int) -> (prompt: Int, completion: Int) {
    let context = self["model"].model?.contextLength ?? 0
    let prompt = min(Work.promptTokens, context / 2)
    return (prompt, min(tokens, context - prompt))
  }

  /// Handing a model on, from a file to an artifact: the largest tensor, or of large ones a piece of
  /// it.
  static func memory(ofHandingOn model: ModelConfiguration?, _ precision: Precision)
    -> EstimatedMemory?
  {
    model.map { model in
      let counts = ParameterLayout(model).entries.map(\.count)
      let largest = counts.max() ?? 0
      let count = OpenedModel.isSharded(model, precision) ? min(largest, tensorPieceCount) : largest
      return EstimatedMemory(least: 4 * count, most: 4 * count)
    }
  }

  /// Training on examples of at most so many tokens.
  func memory(
    ofExamples length: Int, inStepsOf count: Int, _ precision: Precision, _ lora: LoRA?
  ) -> EstimatedMemory? {
    use(lora).map { use in
      func bytes(_ batch: MemoryUse.Batch) -> Int {
        use.weights + use.training(batch, precision)
      }
      return EstimatedMemory(
        least: bytes(.none), most: bytes(.supervised(longest: length, count: count)))
    }
  }

  /// Completions of the problems that are bound, of at most so many tokens.
  func memory(
    of sampling: SamplingParameters, samples: Int, tokens: Int
  ) -> EstimatedMemory? {
    use().map { use in
      let completions = self["problems"].rows.map { max(1, $0 * samples) }
      func bytes(_ length: (prompt: Int, completion: Int)) -> Int {
        use.weights
          + use.sampling(
            batch: min(sampling.batchSize, completions ?? .max), group: samples,
            promptTokens: length.prompt, tokens: length.completion, sampling.precision)
      }
      return EstimatedMemory(least: bytes((0, 0)), most: bytes(lengths(tokens: tokens)))
    }
  }

  /// Reinforcement learning: model and optimiser, the sampler, a copy as reference where the loss has
  /// one and all weights are trained, and on top of these what completions leave that are as long as they may be.
  func memory(of parameters: RLVRParameters, tokens: Int) -> EstimatedMemory? {
    use(parameters.lora).map { use in
      let needsCopy = parameters.loss.kl != 0 && parameters.lora == nil
      let batch = min(
        parameters.sampling.batchSize, parameters.problemsPerStep * parameters.group)
      func bytes(_ length: (prompt: Int, completion: Int)) -> Int {
        let work = MemoryUse.Batch.group(
          prompt: length.prompt, completions: parameters.group, tokens: length.completion)
        return use.weights + use.training(work, parameters.optimiser.precision)
          + use.sampling(
            batch: batch, group: parameters.group, promptTokens: length.prompt,
            tokens: length.completion, parameters.sampling.precision)
          + (needsCopy ? use.scoring(work) : 0)
      }
      return EstimatedMemory(least: bytes((0, 0)), most: bytes(lengths(tokens: tokens)))
    }
  }
}
