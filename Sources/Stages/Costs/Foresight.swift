import Model
import Runner

/// What a result will hold, as far as it can be told before it is there.
package struct ForeseenContent: Sendable {
  /// Problems, traces or texts.
  package var rows: Int?
  /// The most tokens of a completion, in traces by a language model.
  package var completionTokens: Int?
  /// The sizes of a model.
  package var model: ModelConfiguration?

  /// Knows nothing.
  package init(rows: Int? = nil, completionTokens: Int? = nil, model: ModelConfiguration? = nil) {
    self.rows = rows
    self.completionTokens = completionTokens
    self.model = model
  }
}

/// What an instance will do and make, as far as it can be told before it runs.
package struct Foresight: Sendable {
  /// What each output will hold.
  package var outputs: [String: ForeseenContent] = [:]
  /// The work with a language model; nil where there is none.
  package var work: Work?
  /// What is not known that the work depends on, such as `how many problems there are`.
  package var unknown: String?

  /// Neither work nor anything known of the outputs.
  package init() {}

  /// An output, and no work.
  static func output(_ name: String, _ content: ForeseenContent) -> Foresight {
    var foresight = Foresight()
    foresight.outputs[name] = content
    return foresight
  }

  /// An output, and work that depends on something that is not known.
  static func output(
    _ name: String, _ content: ForeseenContent, unknown: String
  ) -> Foresight {
    var foresight = output(name, content)
    foresight.unknown = unknown
    return foresight
  }
}

/// What a kind can look at to foresee its work.
package struct ForeseenInputs {
  /// What is bound to each port.
  let contents: [String: ForeseenContent]
  /// How many tokens completions are taken to have; nil for as many as they may.
  let meanTokens: Int?
  /// Where files are.
  let environment: StageEnvironment

  subscript(port: String) -> ForeseenContent { contents[port] ?? ForeseenContent() }

  /// The tokens of a completion that may have `limit`.
  func tokens(limit: Int) -> Int { min(limit, meanTokens ?? limit) }
}

/// A kind of which it can be told, before it runs, how much work it will be.
package protocol ForeseeableStage: Stage {
  /// What the stage will do and make.
  func foresight(_ inputs: ForeseenInputs) -> Foresight
}
