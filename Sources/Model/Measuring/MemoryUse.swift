/// The memory that work with a model takes, in bytes, from the sizes of what the engine allocates.
///
/// Counted is what grows with the model, the batch and the threads. The program itself, texts, logs
/// and the matrix library's own memory are not; they take some tens of megabytes.
package struct MemoryUse: Sendable {
  private let configuration: ModelConfiguration
  private let threads: Int
  private let lora: LoRA?

  /// - Parameter lora: The adapters that are trained in the weights' place, if any are.
  package init(_ configuration: ModelConfiguration, threads: Int, lora: LoRA? = nil) {
    self.configuration = configuration
    self.threads = threads
    self.lora = lora
  }

  /// The most that training computes at once.
  package struct Batch: Sendable {
    /// Tokens.
    package let rows: Int
    /// Tokens of the longest sequence, a shared prompt among them.
    package let longest: Int
    /// Rows whose logits are needed.
    package let predicting: Int

    /// Nothing, as before it is known how much there will be.
    package static let none = Batch(rows: 0, longest: 0, predicting: 0)

    package init(rows: Int, longest: Int, predicting: Int) {
      self.rows = rows
      self.longest = longest
      self.predicting = predicting
    }

    /// Supervised examples of at most `longest` tokens, `count` of them in a step.
    package static func supervised(longest: Int, count: Int) -> Batch {
      let (all, overflows) = longest.multipliedReportingOverflow(by: count)
      let most = max(longest, PackedBatch.supervisedTokens)
      let rows = overflows ? most : min(all, most)
      return Batch(rows: rows, longest: longest, predicting: rows)
    }

    /// A prompt and its completions of at most `tokens` tokens each.
    package static func group(prompt: Int, completions: Int, tokens: Int) -> Batch {
      Batch(
        rows: prompt + completions * tokens, longest: prompt + tokens,
        predicting: completions * tokens)
    }
  }

  /// The weights as they are held, and adapters.
  package var weights: Int {
    guard let lora else { return ParameterLayout(configuration).byteCount }
    return ParameterLayout(configuration, layers: lora.base).byteCount + trained
  }

  /// What is trained: all weights, or adapters.
  private var trained: Int {
    (lora?.layout(configuration) ?? ParameterLayout(configuration)).byteCount
  }

  /// What ``TrainingEngine`` and AdamW take beside the weights: gradients, moments, copies of a
  /// block's layers for both directions, and what a batch leaves in memory.
  package func training(_ batch: Batch, _ precision: Precision = .float32) -> Int {
    let format = PanelFormat(precision)
    let panels =
      BlockPanels.byteCount(configuration, .forward, format)
      + BlockPanels.byteCount(configuration, .backward, format)
    return 3 * trained + panels + merging + output(batch, format) + activations(batch, format)
      + adapters(batch)
  }

  /// Copies of a block's adapters, and the tiles in which layers are merged with them (`MergedLayers`).
  private var merging: Int {
    guard lora != nil else { return 0 }
    let tile = max(
      MergedLayers.tileSize(configuration, .forward),
      MergedLayers.tileSize(configuration, .backward))
    return trained / configuration.layerCount + 4 * threads * tile
  }

  /// `AdapterGradients`: what the layers with adapters make between A and B.
  private func adapters(_ batch: Batch) -> Int {
    lora.map { 4 * batch.rows * 2 * $0.rank * $0.targets.count } ?? 0
  }

  /// What a second ``TrainingEngine`` takes that only computes log-probabilities, its weights
  /// included.
  package func scoring(_ batch: Batch) -> Int {
    let c = configuration
    let rows = batch.rows * (2 * c.hiddenSize + blockWidth)
    return 2 * weights + BlockPanels.byteCount(c, .forward, .float32) + 4 * rows
      + output(batch, .float32)
  }

  /// What ``Sampler`` takes beside the weights.
  /// - Parameters:
  ///   - batch: sequences that are decoded together.
  ///   - group: how many sequences share a prompt.
  ///   - promptTokens: the tokens of a prompt.
  ///   - tokens: the tokens of a completion.
  package func sampling(
    batch: Int, group: Int, promptTokens: Int, tokens: Int, _ precision: Precision = .float32
  ) -> Int {
    let c = configuration
    let format = PanelFormat(precision)
    let copies =
      c.layerCount * BlockPanels.byteCount(c, .forward, format)
      + PanelFactor.byteCount(inner: c.hiddenSize, columns: c.vocabularySize, format)
    let step = batch * (2 * c.hiddenSize + headWidth + 2 * c.intermediateSize + c.vocabularySize)
    let reading =
      promptTokens * (2 * c.hiddenSize + blockWidth)
      + workers(c.hiddenSize + c.intermediateSize)
    let prompts = (batch + group - 1) / group
    let kept = batch * cached(tokens) + prompts * (cached(promptTokens) + c.vocabularySize)
    return copies + merging + 4 * (step + reading + kept)
  }

  /// Numbers that a cache of keys and values of so many positions has.
  private func cached(_ positions: Int) -> Int {
    let c = configuration
    let blocks = (positions + KeyValueBlock.length - 1) / KeyValueBlock.length
    let width = PanelFactor.panelWidth
    let padded = (c.headSize + width - 1) / width * width
    let block =
      c.layerCount * c.keyValueHeadCount * KeyValueBlock.length
      * (c.headSize + padded)
    return blocks * block
  }

  /// Numbers of a row of queries, keys and values, and of attention's output.
  private var headWidth: Int {
    HeadLayout(configuration).width + configuration.headCount * configuration.headSize
  }

  /// Numbers of a row that the forward pass of one block leaves (`BlockActivations`), its input apart.
  private var blockWidth: Int {
    headWidth + configuration.headCount + configuration.hiddenSize
      + 2 * configuration.intermediateSize + configuration.plainHeadWidth
      + 2 * configuration.plainOutputWidth
  }

  /// Numbers that all workers have for themselves, of rows so wide.
  private func workers(_ width: Int) -> Int { threads * BatchPlan.largestBlock * width }

  /// `Activations` of all blocks and `BackwardWorkspace`.
  private func activations(_ batch: Batch, _ format: PanelFormat) -> Int {
    guard batch.rows > 0 else { return 0 }
    let c = configuration
    let queries = c.headCount * c.headSize
    let forward = (c.layerCount + 1) * c.hiddenSize + c.layerCount * blockWidth
    let backward = 5 * c.hiddenSize + 3 * c.intermediateSize + 2 * queries + headWidth
    // In bfloat16 the inputs of the layers are copied, two bytes each.
    let copied = format == .float32 ? 0 : (2 * c.hiddenSize + c.intermediateSize + queries) / 2
    let attention = [AttentionMemory.Direction.forward, .backward].map {
      AttentionMemory.floatCount(keys: batch.longest, headSize: c.headSize, $0)
    }
    return 4
      * (batch.rows * (forward + backward + copied) + threads * attention.reduce(0, +)
        + workers(3 * c.hiddenSize + c.intermediateSize))
  }

  /// `OutputPass`: the logits of a chunk of rows, and in bfloat16 copies of the layer.
  private func output(_ batch: Batch, _ format: PanelFormat) -> Int {
    let c = configuration
    let chunk = min(batch.predicting, OutputPlan.largestChunk(vocabularySize: c.vocabularySize))
    let logits = 4 * chunk * (c.hiddenSize + c.vocabularySize)
    guard format != .float32 else { return logits }
    return logits + PanelFactor.byteCount(inner: c.hiddenSize, columns: c.vocabularySize, format)
      + PanelFactor.byteCount(inner: c.vocabularySize, columns: c.hiddenSize, format)
  }
}
