import Base
import Foundation
import OrderedCollections
import Reports
import Runner

/// A small plan with results, made up: two arms, some seeds. Nothing of it is on disk.
struct ReportFixture {
  var axes: OrderedDictionary<String, [JSONValue]> = [
    "start": ["warmed", "base"], "seed": [1, 2, 10],
  ]
  var items: [PlannedInstance] = []
  /// The tables that instances published, by the instance's name and the file's.
  private var tables: [String: [String: RowTable]] = [:]

  /// What is done; setting it takes results away or changes them.
  var results: [PlannedInstance] {
    get { items.filter(\.isDone) }
    set {
      let artifacts = Dictionary(newValue.map { ($0.name, $0.artifact) }) { $1 }
      items = items.map { $0.with(artifacts[$0.name] ?? nil) }
    }
  }

  /// Adds an instance to the plan, with its values where it is done.
  /// - Parameters:
  ///   - inputs: a port and what is bound to it, as `instance/output`; what is not planned yet joins
  ///     the plan.
  ///   - tables: what it published, by the file's name.
  ///   - folder: where its files are, for tests that read some.
  mutating func add(
    _ stage: String, _ point: AxisPoint = [:], _ values: [String: JSONValue]?,
    kind: String = "evaluate", inputs: [(String, String)] = [], outputs: [String] = ["scores"],
    parameters: JSONValue = ["samples": 4], tables: [String: RowTable] = [:],
    folder: URL = URL(filePath: "/nowhere")
  ) {
    let inputs = inputs.map { port, producer in
      let parts = producer.split(separator: "/").map(String.init)
      // `model[step=50]` is bound at that point of an axis.
      let names = port.split(whereSeparator: { "[=]".contains($0) }).map(String.init)
      let over: AxisPoint = names.count == 3 ? [names[1]: .integer(Int(names[2]) ?? 0)] : [:]
      return BoundInput(
        port: names[0], producer: index(of: parts[0]), output: parts.count > 1 ? parts[1] : "model",
        over: over)
    }
    let instance = Instance(
      recorded: Instance.name(stage, at: point), point: point,
      kind: KindDescription(
        name: kind, version: 1,
        outputs: outputs.map { StagePort($0, ArtifactType($0), "an output") }),
      parameters: parameters, identity: parameters, inputs: inputs)
    let item = PlannedInstance(instance: instance, state: .toRun, reason: "")
    self.tables[instance.name] = tables
    items.append(item.with(values.map { Self.artifact(instance, $0, folder) }))
  }

  private mutating func index(of name: String) -> Int {
    if let index = items.firstIndex(where: { $0.name == name }) { return index }
    // Several outputs, so that which of them is bound matters.
    add(name, [:], nil, kind: "split", outputs: ["train", "test", "model"])
    return items.count - 1
  }

  private static func artifact(
    _ instance: Instance, _ values: [String: JSONValue], _ folder: URL
  ) -> Artifact {
    let fields = KeyFields(
      kind: instance.kind.name, kindVersion: 1, identity: instance.identity)
    return Artifact(
      folder: folder,
      record: ArtifactRecord(
        key: String(repeating: "ab", count: 32), fields: fields, instance: instance.name,
        parameters: instance.parameters, producers: [:], values: values,
        started: Date(timeIntervalSince1970: 0), seconds: 61, resumedFrom: nil,
        machine: Machine(host: "node1", processor: "x", cores: 2), versions: ["HDF5": "1.10"]))
  }

  /// Adds a run of `scores` with its problems: for each problem's id, how many of `samples`
  /// completions are right.
  mutating func addScores(
    _ point: AxisPoint, _ correct: KeyValuePairs<String, Int>, samples: Int = 4,
    temperature: Double = 0.7
  ) {
    addScores(point, of: correct.map { $0 }, samples: samples, temperature: temperature)
  }

  /// The same for problems that no literal lists.
  mutating func addScores(
    _ point: AxisPoint, of correct: [(key: String, value: Int)], samples: Int = 4,
    temperature: Double = 0.7
  ) {
    let rows = correct.enumerated().flatMap { index, problem in
      (0..<samples).map { sample -> [String: JSONValue] in
        let isRight = sample < problem.value
        return [
          "problem": .integer(index), "problem_id": .string(problem.key),
          "sample": .integer(sample),
          "outcome": isRight ? "correct" : "no_answer", "correct": .boolean(isRight),
          "guessed": false, "tokens": .integer(isRight ? 10 : 30), "truncated": .boolean(!isRight),
        ]
      }
    }
    let right = correct.map(\.value).reduce(0, +)
    let accuracy = Double(right) / Double(max(rows.count, 1))
    add(
      "scores", point,
      ["accuracy": .number(accuracy), "mean_tokens": .number(30 - 20 * accuracy)],
      parameters: ["temperature": .number(temperature)],
      tables: ["scores.h5": RowTable(rows: rows)])
  }

  /// Publishes a table with every instance of a stage.
  mutating func publish(
    _ file: String, of stage: String, _ table: (PlannedInstance) -> RowTable?
  ) {
    for item in items where item.stageName == stage { tables[item.name]?[file] = table(item) }
  }

  var plan: Plan { Plan(items: items) }

  /// Reads the tables of the fixture; the files of a folder where there are none.
  var reader: ResultTables {
    let tables = tables
    return ResultTables { file, columns, instance in
      if let table = tables[instance.name]?[file] { return table }
      return try ResultTables.fromArtifact(file, columns, instance)
    }
  }

  var data: Findings { Findings(axes: axes, plan: plan, tables: reader) }

  /// A report on a recipe whose instances have the results of the fixture's, by their names.
  func report(
    _ text: String, overrides: [String] = [], in folder: URL, registration: String? = nil
  ) throws -> RecipeReport {
    let recipe = try Recipe.parse(
      text, file: folder.appending(path: "demo.yaml"), overrides: overrides,
      registry: KindRegistry([MeasuredStage.self]))
    let artifacts = Dictionary(items.map { ($0.name, $0.artifact) }) { $1 }
    let items = recipe.instances.map { instance in
      PlannedInstance(instance: instance, state: .toRun, reason: "")
        .with(artifacts[instance.name] ?? nil)
    }
    return RecipeReport(
      recipe, Plan(items: items).gated(), tables: reader, registration: registration)
  }

  /// Scores of both arms over two seeds: means 0.4 and 0.5.
  static var scores: ReportFixture {
    var fixture = ReportFixture()
    for (start, seed, accuracy) in [
      ("base", 1, 0.39), ("base", 2, 0.41), ("warmed", 1, 0.48), ("warmed", 2, 0.52),
    ] {
      fixture.add(
        "scores", ["start": .string(start), "seed": .integer(seed)],
        ["accuracy": .number(accuracy), "problems": 64, "samples": 1])
    }
    return fixture
  }

  /// What a recipe would say of `scores`.
  static var table: TableSpecification {
    var table = TableSpecification()
    table.value = ["scores.accuracy"]
    table.rows = ["start"]
    table.over = ["seed"]
    table.baseline = ["start": "base"]
    table.title = "Accuracy & more"
    return table
  }
}

extension PlannedInstance {
  /// The same instance with another result, or with none.
  func with(_ artifact: Artifact?) -> PlannedInstance {
    PlannedInstance(
      instance: instance, state: artifact == nil ? .toRun : .cached, reason: reason,
      fields: artifact?.record.fields, key: artifact?.key, artifact: artifact)
  }

  /// The same result with other values; nothing happens to an instance that is not done.
  func with(values: [String: JSONValue]) -> PlannedInstance {
    with(
      artifact.map { artifact in
        let old = artifact.record
        return Artifact(
          folder: artifact.folder,
          record: ArtifactRecord(
            key: old.key, fields: old.fields, instance: old.instance, parameters: old.parameters,
            producers: old.producers, values: values, started: old.started, seconds: old.seconds,
            resumedFrom: nil, machine: old.machine, versions: old.versions))
      })
  }
}

/// A kind whose instances differ by what a recipe says of them, and do nothing.
struct MeasuredStage: Stage {
  struct Parameters: ParameterSet {
    var start = ""
    var arm = ""
    var seed = 0
    var model = 0

    static var fields: [Field<Self>] {
      [
        Field("start", \.start, "an axis"), Field("arm", \.arm, "an axis"),
        Field("seed", \.seed, "an axis"), Field("model", \.model, "a parameter"),
      ]
    }
  }

  static let kind = "measured"
  static let version = 1
  static let summary = "Made up."
  static let inputs: [StagePort] = []
  static let outputs = [StagePort("scores", ArtifactType("Scores"), "made up")]

  init(parameters: Parameters) {}

  func run(_ context: StageContext) throws {}
}

/// A folder of its own for one test, removed by the test.
func temporaryReportFolder() throws -> URL {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "warmup-report-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}
