import Base
import Foundation
import HDF5
import OrderedCollections
import Runner
import TestSupport

#if canImport(Glibc)
  import Glibc
#endif

/// A source: writes `value` into its output. Its content from outside is the file `content` in the
/// control folder, where `needs_content` is set.
struct FakeSource: Stage {
  struct Parameters: ParameterSet {
    var value = 1
    var needsContent = false
    static var fields: [Field<Self>] {
      [
        Field("value", \.value, "the value"),
        Field("needs_content", \.needsContent, "whether a file is needed"),
      ]
    }
  }

  static let kind = "fake_source"
  static let version = 1
  static let summary = "writes a value"
  static let inputs: [StagePort] = []
  static let outputs = [StagePort("numbers", ArtifactType("Numbers"), "the value")]
  let parameters: Parameters

  func externalContent(in folders: DataFolders) throws -> [ExternalContent] {
    guard parameters.needsContent else { return [] }
    try folders.note("asked")
    let file = folders.searchPaths[0].appending(path: "content")
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw StageError.failed("there is no file 'content' in \(folders.searchPaths[0].path)")
    }
    return [ExternalContent(name: "content", sha256: try SHA256Digest.hex(ofFile: file))]
  }

  func run(_ context: StageContext) throws {
    try context.folders.note("ran \(context.instance)")
    if parameters.needsContent {
      let file = context.folders.searchPaths[0].appending(path: "content")
      context.watch(file)
      if context.folders.takes("write-meanwhile") { try Data("other".utf8).write(to: file) }
    }
    try HDF5File.create(context.output("numbers")) {
      try $0.write([parameters.value], to: "/value")
    }
  }
}

/// A stage that trains: adds its input once a step, keeps checkpoints and logs.
///
/// A file `<event>-at-<step>` in the control folder makes it misbehave after that step, once.
struct FakeTraining: Stage {
  struct Parameters: ParameterSet {
    var steps = 4
    var rate = 1e-6
    var threads = 1
    static var fields: [Field<Self>] {
      [
        Field("steps", \.steps, "how many"), Field("rate", \.rate, "how fast"),
        Field("threads", \.threads, identity: false, "how wide"),
      ]
    }
  }

  static let kind = "fake_training"
  static let version = 2
  static let changes = [2: "it adds otherwise"]
  static let summary = "adds"
  static let metrics = LoggedMetrics(timings: ["step_time", MetricsLog.stepSeconds])
  static let inputs = [StagePort("numbers", ArtifactType("Numbers"), "what to add")]
  static let outputs = [StagePort("sum", ArtifactType("Numbers"), "the sum")]
  static let kept: KeptOutput? = KeptOutput(kind: FakeKept.self, output: "sum", steps: "steps")
  let parameters: Parameters

  func run(_ context: StageContext) throws {
    try context.folders.note("ran \(context.instance)")
    let value: Int = try HDF5Reader(context.input("numbers").file).read("/value")[0]
    let resumed = try context.checkpoints.resume { checkpoint in
      let sum: [Int] = try HDF5Reader(checkpoint.file).read("/sum")
      return (step: checkpoint.step, sum: sum[0])
    }
    var (step, sum) = resumed ?? (0, 0)
    try context.metrics.truncate(after: step)
    while step < parameters.steps {
      step += 1
      sum += value * step
      if context.folders.takes("slip-at-\(step)") { sum += 1 }
      try context.metrics.log(
        step: step,
        [
          "sum": Double(sum), "step_time": 0.1 * Double(sum), MetricsLog.stepSeconds: Double(step),
        ])
      try context.keep(step: step) { file in
        try HDF5File.create(file) { try $0.write([sum], to: "/value") }
        if context.folders.has("large-outputs") {
          try Data("\(sum)".utf8)
            .write(to: file.deletingLastPathComponent().appending(path: "beside.txt"))
        }
      }
      if context.folders.takes("stop-at-\(step)") { context.interruption.request() }
      if context.folders.takes("fail-at-\(step)") { throw StageError.failed("no more chalk") }
      try context.checkpoints.save(step: step) { file in
        try HDF5File.create(file) { try $0.write([sum], to: "/sum") }
      }
      context.progress.update(StageProgress(step, of: parameters.steps, "steps"))
      try context.interruption.check()
    }
    if !context.folders.takes("no-output") {
      try HDF5File.create(context.output("sum")) { try $0.write([sum], to: "/value") }
    }
    if context.folders.has("supplement") {
      try HDF5File.create(context.supplement("notes", of: "sum")) {
        try $0.write([7], to: "/value")
      }
    }
    if context.folders.takes("half-output") {
      try Data("half".utf8).write(to: context.output("sum"))
    }
    context.publish(Double(parameters.steps), as: "steps")
    context.publish(context.folders.takes("nan-at-end") ? .nan : Double(sum), as: "sum")
  }
}

/// The sum after a step of a training.
struct FakeKept: KeptStage {
  struct Parameters: ParameterSet {
    var step = 1
    static var fields: [Field<Self>] { [Field("step", \.step, "after which step")] }
  }

  static let kind = "fake_kept"
  static let version = 1
  static let summary = "keeps"
  static let inputs = [StagePort("sum", ArtifactType("Numbers"), "the last sum")]
  static let outputs = [StagePort("sum", ArtifactType("Numbers"), "the sum")]
  let parameters: Parameters

  var step: Int { parameters.step }

  func run(_ context: StageContext) throws {
    try FileManager.default.copyItem(at: context.input("sum").file, to: context.output("sum"))
  }
}

extension DataFolders {
  /// Notes what a fake stage did.
  fileprivate func note(_ line: String) throws {
    // Several may note at once.
    let file = open(
      searchPaths[0].appending(path: "notes").path, O_WRONLY | O_APPEND | O_CREAT, 0o666)
    try FileHandle(fileDescriptor: file, closeOnDealloc: true)
      .write(contentsOf: Data("\(line)\n".utf8))
  }

  /// Whether something was asked for that goes on.
  fileprivate func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: searchPaths[0].appending(path: name).path)
  }

  /// Whether an event was asked for; it is then used up.
  fileprivate func takes(_ event: String) -> Bool {
    (try? FileManager.default.removeItem(at: searchPaths[0].appending(path: event))) != nil
  }
}

/// A results folder with fake stages in it, and what they need to run.
struct FakeProject: Sendable {
  let folder: ScratchFolder
  let control: URL
  let cache: Cache
  let recipeFolder: URL
  let folders: DataFolders

  init() throws {
    folder = try ScratchFolder()
    control = folder.file("control")
    try FileManager.default.createDirectory(at: control, withIntermediateDirectories: true)
    cache = Cache(folder: folder.file("results/cache"))
    recipeFolder = folder.file("results/fake")
    folders = DataFolders(searchPaths: [control], downloads: folder.file("downloads"))
  }

  /// Asks a fake stage to misbehave, or gives it its file.
  func ask(_ event: String, _ text: String = "") throws {
    try Data(text.utf8).write(to: control.appending(path: event))
  }

  /// What the stages noted so far.
  var notes: [String] {
    let text = try? String(contentsOf: control.appending(path: "notes"), encoding: .utf8)
    return (text ?? "").split(separator: "\n").map(String.init)
  }

  func plan(_ instances: [Instance]) throws -> Plan {
    let previous = try RecipeLock(recipeFolder: recipeFolder).keys
    return Planner(cache: cache, folders: folders, previous: previous).plan(instances)
  }

  func executor(
    budget: RunBudget = RunBudget(threads: 1), keepsGoing: Bool = false,
    interruption: Interruption = Interruption(),
    display: any RunDisplay = SilentDisplay(), registration: String? = nil,
    others: OtherRuns = OtherRuns()
  ) -> Executor {
    Executor(
      cache: Cache(folder: cache.folder), recipeFolder: recipeFolder, folders: folders,
      budget: budget, keepsGoing: keepsGoing, interruption: interruption, display: display,
      versions: ["warmup": "0.0"], registration: registration, others: others)
  }

  func run(
    _ instances: [Instance], keepsGoing: Bool = false, jobs: Int = 1
  ) throws -> RunSummary {
    let budget = RunBudget(jobs: jobs, threads: jobs)
    return try executor(budget: budget, keepsGoing: keepsGoing).run(plan(instances))
  }
}

extension Instance {
  static func source(
    _ name: String = "numbers", value: Int = 1, needsContent: Bool = false
  ) -> Instance {
    var parameters = FakeSource.Parameters()
    parameters.value = value
    parameters.needsContent = needsContent
    return Instance(
      stageName: name, point: [:], stage: FakeSource(parameters: parameters),
      parameters: parameters.json, identity: parameters.identity, inputs: [])
  }

  static func training(
    _ name: String = "trained", of producer: Int = 0, seed: Int? = nil, steps: Int = 4,
    rate: Double = 1e-6, threads: Int = 1
  ) -> Instance {
    var parameters = FakeTraining.Parameters()
    parameters.steps = steps
    parameters.rate = rate
    parameters.threads = threads
    return Instance(
      stageName: name, point: seed.map { ["seed": .integer($0)] } ?? [:],
      stage: FakeTraining(parameters: parameters), parameters: parameters.json,
      identity: parameters.identity,
      inputs: [BoundInput(port: "numbers", producer: producer, output: "numbers")])
  }

  /// The sum of a training after a step.
  static func kept(_ step: Int, of training: Int = 1, name: String = "trained.at") -> Instance {
    var parameters = FakeKept.Parameters()
    parameters.step = step
    return Instance(
      stageName: name, point: ["step": .integer(step)], stage: FakeKept(parameters: parameters),
      parameters: parameters.json, identity: parameters.identity,
      inputs: [BoundInput(port: "sum", producer: training, output: "sum")])
  }

  /// A training whose numbers come from another training.
  static func chained(_ name: String, of producer: Int) -> Instance {
    let parameters = FakeTraining.Parameters()
    return Instance(
      stageName: name, point: [:], stage: FakeTraining(parameters: parameters),
      parameters: parameters.json, identity: parameters.identity,
      inputs: [BoundInput(port: "numbers", producer: producer, output: "sum")])
  }
}

extension Cache {
  /// Whether it has a key's artifact with every byte that was published.
  func isWhole(_ key: String) throws -> Bool {
    guard case .present(let artifact) = lookUp(key) else { return false }
    return try artifact.record.files.allSatisfy { name, file in
      try SHA256Digest.hex(ofFile: artifact.folder.appending(path: name)) == file.sha256
    }
  }
}

extension PlannedInstance {
  /// The folder of an instance that is done.
  var folder: URL { artifact!.folder }
}
