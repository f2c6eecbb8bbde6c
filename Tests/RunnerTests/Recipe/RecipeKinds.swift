import Runner

/// Small kinds for testing recipes; none of them does anything.
enum RecipeKinds {
  static let registry = KindRegistry([
    Base.self, Puzzles.self, Split.self, Train.self, Judge.self, Note.self,
    Choose.self,
  ])

  static let model = ArtifactType("Model")
  static let problems = ArtifactType("Problems")
  static let scores = ArtifactType("Scores")

  struct Base: FakeStage {
    struct Parameters: ParameterSet {
      var source = ""
      var layers = 2
      static var fields: [Field<Self>] {
        [
          Field("source", \.source, required: true, "where the weights come from"),
          Field("layers", \.layers, range: 1...100, "how many layers"),
        ]
      }
    }
    static let kind = "base"
    static let outputs = [StagePort("model", RecipeKinds.model, "the weights")]
    let parameters: Parameters
  }

  struct Puzzles: FakeStage {
    struct Parameters: ParameterSet {
      var people = [3]
      var count = 10
      var seed = 0
      static var fields: [Field<Self>] {
        [
          Field("people", \.people, range: 2...8, "people in a puzzle"),
          Field("count", \.count, range: .atLeast(1), "how many puzzles"),
          Field("seed", \.seed, "the seed"),
        ]
      }
    }
    static let kind = "puzzles"
    static let outputs = [StagePort("problems", RecipeKinds.problems, "the puzzles")]
    let parameters: Parameters
  }

  struct Split: FakeStage {
    static let kind = "split"
    static let inputs = [StagePort("problems", RecipeKinds.problems, "what to split")]
    static let outputs = [
      StagePort("train", RecipeKinds.problems, "to train on"),
      StagePort("test", RecipeKinds.problems, "to evaluate on"),
      StagePort("proof", RecipeKinds.scores, "that the two are disjoint"),
    ]
    let parameters: NoParameters
  }

  struct Train: FakeStage {
    enum Order: String, ParameterChoice { case given, shuffled }
    struct Loss: ParameterSet {
      var clip = 0.2
      static var fields: [Field<Self>] { [Field("clip", \.clip, range: 0...1, "where to clip")] }
    }
    struct Parameters: ParameterSet {
      var epochs = 3
      var learningRate = 1e-4
      var order = Order.given
      var loss = Loss()
      var note: String?
      var weights: [String: Double] = [:]
      var verbose = false
      var threads = 1
      var seed = 0
      static var fields: [Field<Self>] {
        [
          Field("epochs", \.epochs, range: 1...1000, "passes over the problems"),
          Field("learning_rate", \.learningRate, range: .atLeast(0), "the learning rate"),
          Field("order", \.order, "the order of the problems"),
          Field("loss", \.loss, "the loss"),
          Field("note", \.note, "a remark"),
          Field("weights", \.weights, "a weight a task"),
          Field("verbose", \.verbose, "whether to talk"),
          Field("threads", \.threads, identity: false, "how many threads"),
          Field("seed", \.seed, "the seed"),
        ]
      }
    }
    static let kind = "train"
    static let metrics = LoggedMetrics(counters: ["sizes"])
    static let kept: KeptOutput? = KeptOutput(
      kind: KeptWeights.self, output: "model", steps: "epochs")
    static let inputs = [
      StagePort("model", RecipeKinds.model, "what to train"),
      StagePort("problems", RecipeKinds.problems, "what to train on"),
      StagePort("teacher", RecipeKinds.model, optional: true, "whom to imitate"),
    ]
    static let outputs = [
      StagePort("model", RecipeKinds.model, "the weights"),
      StagePort("log", RecipeKinds.scores, "what was logged"),
    ]
    let parameters: Parameters
  }

  struct KeptWeights: FakeStage, KeptStage {
    struct Parameters: ParameterSet {
      var step = 1
      static var fields: [Field<Self>] { [Field("step", \.step, "after which step")] }
    }
    static let kind = "kept_weights"
    static let inputs = [StagePort("model", RecipeKinds.model, "the last weights")]
    static let outputs = [StagePort("model", RecipeKinds.model, "the weights")]
    let parameters: Parameters
    var step: Int { parameters.step }
  }

  struct Judge: FakeStage {
    static let kind = "judge"
    static let inputs = [
      StagePort("model", RecipeKinds.model, "what to judge"),
      StagePort("problems", RecipeKinds.problems, "on what"),
    ]
    static let outputs = [StagePort("scores", RecipeKinds.scores, "the verdicts")]
    let parameters: NoParameters
  }

  struct Choose: FakeStage {
    struct Parameters: ParameterSet {
      var text = ""
      static var fields: [Field<Self>] { [Field("text", \.text, "what to note")] }
    }
    static let kind = "choose"
    static let gathers = true
    static let inputs = [
      StagePort("model", RecipeKinds.model, "what to choose from"),
      StagePort("scores", RecipeKinds.scores, "by what"),
    ]
    static let outputs = [StagePort("model", RecipeKinds.model, "the best")]
    let parameters: Parameters
  }

  struct Note: FakeStage {
    struct Parameters: ParameterSet {
      var text = ""
      static var fields: [Field<Self>] { [Field("text", \.text, "what to note")] }
    }
    static let kind = "note"
    static let inputs = [
      StagePort("model", RecipeKinds.model, optional: true, "what the note is on")
    ]
    let parameters: Parameters
  }
}

/// A stage that runs nothing, with defaults for what tests do not care about.
protocol FakeStage: Stage {
  init(parameters: Parameters)
}

extension FakeStage {
  static var version: Int { 1 }
  static var summary: String { "does nothing" }
  static var inputs: [StagePort] { [] }
  static var outputs: [StagePort] { [] }
  func run(_ context: StageContext) throws {}
}

/// No parameters at all.
struct NoParameters: ParameterSet {
  static var fields: [Field<NoParameters>] { [] }
}
