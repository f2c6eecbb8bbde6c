import ArgumentParser
import Base
import Foundation
import Reports
import Runner
import Stages

/// A recipe with the folder of its results: what every command works on.
struct Workspace {
  private(set) var recipe: Recipe
  let cache: Cache
  /// `results/<recipe>`.
  let folder: URL
  let folders: DataFolders
  /// What the recipe was packed with, where it comes from a packed file.
  let packed: OpenedPack?
  /// Whether the command line changes a packed recipe.
  private let isChanged: Bool
  /// What part of the recipe is asked for; nil for all of it.
  private(set) var part: PlanPart?

  /// - Parameter additions: what a command changes further, and may be an axis; not of packed recipes.
  init(_ options: RecipeOptions, additions: [String] = []) throws {
    packed = additions.isEmpty ? try options.openPack() : nil
    let changes = try options.changes(packed)
    isChanged = !changes.isEmpty
    recipe =
      try packed?.experiment.recipe(overrides: changes, registry: .standard)
      ?? options.load(changes, additions: additions)
    cache = try options.place.cache
    folder = options.resultsURL.appending(path: recipe.name)
    folders = options.folders
    part = nil
  }

  /// A recipe of which only a part may be asked for.
  /// - Throws: as the other, and `ValidationError` for a part that the recipe does not have.
  init(_ options: RecipePartOptions, additions: [String] = []) throws {
    self = try Workspace(options.recipe, additions: additions)
    if options.only.isEmpty { return }
    do {
      part = try PlanPart(options.only, of: recipe.axes)
    } catch {
      throw ValidationError(error.description)
    }
  }

  /// The recipe of a packed file, to be run anew in a folder of its own, without its results.
  init(replicating pack: OpenedPack, in folder: URL) throws {
    recipe = try pack.experiment.recipe(registry: .standard)
    cache = Cache(folder: folder.appending(path: "cache"))
    self.folder = folder.appending(path: recipe.name)
    folders = DataFolders(recipe: pack.file, results: folder)
    (packed, isChanged, part) = (nil, false, nil)
  }

  /// Reads what gates ask for: published values, and those that follow from verdicts.
  var values: ValueReader { ResultTables().values }

  /// What a run would do. The run itself carries out the same value.
  func plan() throws -> Plan {
    let lock = try RecipeLock(recipeFolder: folder)
    let plan = Planner(
      cache: cache, folders: folders, previous: lock.keys, packed: packed?.experiment,
      values: values
    ).plan(recipe.instances)
    return part.map { plan.only($0) } ?? plan
  }

  /// What is done, to be shown. A packed file shows what it holds, whatever the cache has.
  func findings() throws -> Plan {
    guard let packed else { return try plan() }
    if isChanged {
      let file = packed.file.relativePath
      throw ValidationError(
        "--set cannot change what a packed file holds; 'warmup run \(file) --set …' runs the "
          + "changed recipe")
    }
    let plan = packed.experiment.plan(recipe.instances, values: values)
    return part.map { plan.only($0) } ?? plan
  }

  /// Makes sure that a plan is the experiment of the lock: the packed one, or `lock.json`.
  /// - Throws: `LockMismatchError`.
  func checkLock(_ plan: Plan, _ runs: RecipeRuns) throws {
    let others = Set(runs.whole.instances.map(\.name))
    if let packed {
      try packed.experiment.lock.check(plan, besides: others, path: packed.file.relativePath)
    } else {
      let path = folder.appending(path: "lock.json").relativePath
      try RecipeLock(recipeFolder: folder).check(plan, besides: others, path: path)
    }
  }

  /// The runs of the recipe that share its folder.
  func runs() throws -> RecipeRuns {
    let lock = try RecipeLock(recipeFolder: folder)
    guard let packed else { return RecipeRuns(recipe, lock: lock, registry: .standard) }
    return RecipeRuns(
      recipe, written: packed.experiment.overrides, lock: lock,
      registry: .standard.withoutNameChecks)
  }

  /// The same at the values of axes at which other runs made something, too; says so where there are
  /// any. Nil where there are none.
  func withOtherRuns(_ runs: RecipeRuns) throws -> Workspace? {
    let reported = try runs.reported(RecipeLock(recipeFolder: folder))
    let further = runs.furtherValues(of: reported)
    if further.isEmpty { return nil }
    let more = further.count > 6 ? " and \(further.count - 6) more" : ""
    StandardOutput.writeError(
      "The report covers what other runs of this recipe made, too: "
        + "\(further.prefix(6).joined(separator: ", "))\(more).\n")
    var workspace = self
    workspace.recipe = reported
    return workspace
  }

  /// The same without a part, where one is asked for, and with what other runs made. Nil where there is
  /// neither.
  func withOtherParts(_ runs: RecipeRuns) throws -> Workspace? {
    guard var whole = try withOtherRuns(runs) ?? (part == nil ? nil : self) else { return nil }
    whole.part = nil
    return whole
  }

  /// Says that a run is at work on the cache, until the lock is released. Nil for a cache that cannot
  /// be written, from which nothing can be removed either.
  /// - Throws: `InterruptedError`.
  func enterCache(_ interruption: Interruption) throws -> KeyLock? {
    do {
      return try cache.enter(interruption) { StandardOutput.writeError("waiting, \($0)\n") }
    } catch let error as InterruptedError {
      throw error
    } catch {
      return nil
    }
  }

  /// Takes those results of a packed file over into the cache that a plan needs.
  func takePacked(for plan: Plan, _ interruption: Interruption) throws {
    guard let packed else { return }
    let (taken, left) = try packed.experiment.seed(cache, for: plan, interruption: interruption) {
      StandardOutput.writeError("waiting, \($0)\n")
    }
    let results = taken == 1 ? "1 result" : "\(taken) results"
    StandardOutput.writeError("Took \(results) over from \(packed.file.relativePath)\n")
    if left > 0 {
      StandardOutput.writeError(
        "Left \(left) more that it holds and this recipe does not need\n")
    }
  }

  /// Says which results were not made here; nothing where all were.
  static func foreign(in plan: Plan) -> String {
    let origins = plan.results.compactMap { $0.artifact?.origin }
    if origins.isEmpty { return "" }
    let files = Set(
      origins.map { "\($0.file) (\($0.sha256.prefix(12))…, made on \($0.host) as it says)" })
    return "Not made here: \(origins.count) of \(plan.results.count) results, taken over from "
      + files.sorted().joined(separator: ", ") + "\n"
  }

  /// What the report that is there rests on; nil where there is none.
  /// - Parameter old: what was known before a run, which changed the lock.
  func reportBasis(since old: ReportBasis? = nil) throws -> ReportBasis? {
    try ReportBasis(reportIn: folder, since: old)
  }

  /// Why a report on a plan must not take the place of the one that is there; nil where it may: all
  /// that the recipe asks for as it is written may, even if it asked for more before.
  func keptReport(_ basis: ReportBasis?, against plan: Plan) -> ReportKeptError? {
    if recipe.overrides.isEmpty, plan.isComplete { return nil }
    let source = (packed?.file ?? recipe.file).relativePath
    let changes = recipe.overrides.isEmpty ? "" : " --set …"
    return ReportKeptError(basis, against: plan, in: folder, recipe: source + changes)
  }

  /// SHA-256 of the registration that the lock of the results names; nil where it names none.
  func lockedRegistration() throws -> String? {
    try (packed?.experiment.lock ?? RecipeLock(recipeFolder: folder)).registration
  }

  /// The report on a plan.
  func report(of plan: Plan) throws -> RecipeReport {
    RecipeReport(recipe, plan, registration: try lockedRegistration())
  }

  /// Prints the tables of a report and what came of the claims, and writes nothing.
  func printReport(of plan: Plan) throws {
    let report = try report(of: plan)
    Self.print(report, report.tableParts().compactMap(\.content))
  }

  private static func print(_ report: RecipeReport, _ tables: [TableReport]) {
    for table in tables { StandardOutput.tell(table.terminalText + "\n") }
    if !report.claims.isEmpty { StandardOutput.tell(report.claims.terminalText + "\n") }
  }

  /// Writes the report on a plan.
  /// - Parameter folder: where to; `results/<recipe>` where nothing is said.
  /// - Returns: whether everything could be made.
  func writeReport(of plan: Plan, to folder: URL? = nil) throws -> Bool {
    let isWhole = try Self.write(report(of: plan), to: folder ?? self.folder)
    if folder == nil, isWhole { try fingerprint(of: plan)?.keep() }
    return isWhole
  }

  /// Shows a report as if it was written, where the one that is there is the one that would be.
  /// - Returns: whether it is.
  func showCurrentReport(of plan: Plan) throws -> Bool {
    guard try fingerprint(of: plan)?.isCurrent == true else { return false }
    if !recipe.tables.isEmpty || !recipe.claims.isEmpty { try printReport(of: plan) }
    Self.tellPlace(of: folder)
    return true
  }

  /// What the report on a plan would be made from. A packed file's results are not looked at.
  private func fingerprint(of plan: Plan) throws -> ReportFingerprint? {
    guard packed == nil else { return nil }
    return ReportFingerprint(
      recipe, plan, registration: try lockedRegistration(), in: folder, cache: cache,
      program: try Warmup.ownFile())
  }

  private static func tellPlace(of folder: URL) {
    StandardOutput.writeError("Report: \(folder.appending(path: "report.html").relativePath)\n")
  }

  /// Writes a report and prints its tables, then what came of the claims and what could not be made.
  /// - Returns: whether everything could be.
  static func write(
    _ report: RecipeReport, to folder: URL, lock: RecipeLock? = nil
  ) throws -> Bool {
    let (tables, failures) = try report.write(to: folder)
    try lock?.replace(in: folder)
    print(report, tables)
    for failure in failures { StandardOutput.writeError("\(failure)\n") }
    tellPlace(of: folder)
    return failures.isEmpty
  }
}

/// What every command that reads recipes takes beside them.
struct ResultOptions: ParsableArguments {
  @Option(help: "The folder of the cache and of what runs write.", completion: .directory)
  var results = "results"

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Override a value, such as stages.warmed.params.epochs=2. May be repeated.",
      valueName: "path=value"))
  var overrides: [String] = []

  @Option(
    name: .customLong("cache-also"), parsing: .singleValue,
    help: ArgumentHelp(
      "Another results folder, or its cache, to take results from, which is never written to. May be "
        + "repeated; WARMUP_CACHE_PATH names more, with colons between.", valueName: "folder"),
    completion: .directory)
  var cacheAlso: [String] = []

  /// The cache, with those that are looked up after it.
  /// - Throws: `ValidationError` for a folder that is not there: computing all anew is no answer to a
  ///   mistyped name.
  var cache: Cache {
    get throws {
      let named = try cacheAlso.map { path in
        guard let cache = Cache.existing(at: URL(fileURLWithPath: path)) else {
          throw ValidationError("--cache-also: there is no folder \(path)")
        }
        return cache
      }
      return Cache(
        folder: URL(fileURLWithPath: results).appending(path: "cache"), others: named + Cache.path()
      )
    }
  }

  /// What a command would take that reads one recipe.
  func options(for recipe: String) throws -> RecipeOptions {
    try RecipeOptions.parse(
      ["--results", results] + overrides.flatMap { ["--set", $0] }
        + cacheAlso.flatMap { ["--cache-also", $0] } + ["--", recipe])
  }
}

/// What every command that reads a recipe takes.
struct RecipeOptions: ParsableArguments {
  @Argument(
    help: "The recipe, a YAML file, or a packed file.",
    completion: .file(extensions: ["yaml", "yml", "h5"]))
  var recipe: String

  @OptionGroup var place: ResultOptions

  @Option(help: "Have this engine do all trainings of the kinds distill and rlvr.")
  var engine: TrainingBackend?

  var results: String { place.results }
  var overrides: [String] { place.overrides }
  var recipeURL: URL { URL(fileURLWithPath: recipe) }
  var resultsURL: URL { URL(fileURLWithPath: results) }

  func load(_ changes: [String], additions: [String] = []) throws -> Recipe {
    try Recipe.load(recipeURL, overrides: changes, additions: additions, registry: .standard)
  }

  /// What the command line changes of the recipe; `--engine` is short for a change of each training.
  func changes(_ packed: OpenedPack?) throws -> [String] {
    guard let engine else { return overrides }
    func recipe(_ overrides: [String]) throws -> Recipe {
      try packed?.experiment.recipe(overrides: overrides, registry: .standard) ?? load(overrides)
    }
    // Changes may make sense only once the engine is named.
    let recipe = try (try? recipe(overrides)) ?? recipe([])
    let stages = TrainingBackend.stages(in: recipe.instances)
    guard !stages.isEmpty else {
      throw ValidationError("--engine: the recipe has no stage of the kind distill or rlvr")
    }
    return overrides + stages.map { "stages.\($0).params.engine=\(engine.rawValue)" }
  }

  /// The packed file, where one stands in the recipe's place.
  func openPack() throws -> OpenedPack? {
    guard PackedFile.isPacked(recipeURL) else { return nil }
    return try PackedFile(checking: recipeURL).opened(.standard)
  }

  var folders: DataFolders { DataFolders(recipe: recipeURL, results: resultsURL) }
}

extension TrainingBackend: ExpressibleByArgument {}

/// What commands take that may send a key to a server.
struct KeyOptions: ParsableArguments {
  @Option(
    name: .customLong("allow-key"), parsing: .singleValue,
    help: ArgumentHelp(
      "An environment variable that the recipe may send to its server as a key. May be repeated; "
        + "names that begin with \(ServerKeys.prefix) are allowed already.",
      valueName: "name"))
  var names: [String] = []

  var keys: ServerKeys { ServerKeys(allowing: names) }

  func validate() throws {
    let name = /[A-Za-z_][A-Za-z0-9_]*/
    // What was given may be a key, so it is not shown.
    guard names.allSatisfy({ $0.wholeMatch(of: name) != nil }) else {
      throw ValidationError(
        "--allow-key takes the name of an environment variable, such as OPENAI_API_KEY, not the key"
      )
    }
  }
}

/// What commands take that may start a server.
struct SiteOptions: ParsableArguments {
  @Option(
    name: .customLong("site"),
    help: ArgumentHelp(
      "The file with this machine's commands of servers. (default: ~/.config/warmup/site.yaml, if it is "
        + "there)", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
  var file: String?

  /// What is particular to this machine.
  /// - Throws: `RecipeError` with all that is wrong with the file.
  var site: Site {
    get throws {
      if let file { return try Site.read(URL(fileURLWithPath: file)) }
      guard let usual = Site.usualFile(), FileManager.default.fileExists(atPath: usual.path) else {
        return Site()
      }
      return try Site.read(usual)
    }
  }
}

/// What commands take that may be asked for a part of a recipe.
struct RecipePartOptions: ParsableArguments {
  @OptionGroup var recipe: RecipeOptions

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Only the instances at these values of an axis, and what they need. May be repeated.",
      valueName: "axis=value,…"))
  var only: [String] = []
}

extension Workspace {
  /// The artifact of an instance that people name as `stage[axis=value,…]`. The order of axes and
  /// blanks around values do not matter.
  /// - Throws: `LookupError`.
  func artifact(of name: String) throws -> (item: PlannedInstance, artifact: Artifact) {
    let item = try instance(name, in: findings())
    if item.state == .stopped {
      throw LookupError.stopped(instance: item.instance.name, reason: item.reason)
    }
    guard let artifact = item.artifact else {
      let source = packed?.file ?? recipe.file
      throw LookupError.notDone(instance: item.instance.name, recipe: source.relativePath)
    }
    return (item, artifact)
  }

  /// An instance that people name as `stage[axis=value,…]`.
  /// - Throws: `LookupError`.
  func instance(_ name: String, in plan: Plan) throws -> PlannedInstance {
    let found = InstanceName(name).find(among: plan.items) { ($0.name, $0.stageName, $0.point) }
    guard let found else {
      let ofStage = plan.items.filter { $0.stageName == name }.map(\.instance.name)
      guard ofStage.isEmpty else { throw LookupError.several(stage: name, instances: ofStage) }
      let stage = name.prefix { $0 != "[" }
      let others = plan.items.filter { $0.stageName == stage }.map(\.instance.name)
      guard others.isEmpty else {
        throw LookupError.otherValues(instance: name, instances: others)
      }
      let known = plan.items.flatMap { [$0.stageName, $0.name] }
      throw LookupError.unknown(instance: name, known: known)
    }
    return found
  }
}

extension Workspace {
  /// The file of the model that an instance made.
  /// - Throws: `LookupError`, or `DamagedArtifact`.
  func modelFile(of name: String) throws -> (item: PlannedInstance, file: URL) {
    let (item, artifact) = try artifact(of: name)
    guard let port = item.instance.kind.outputs.first(where: { $0.type == .model }) else {
      throw LookupError.noModel(instance: item.instance.name)
    }
    return (item, try artifact.existingOutput(port.name, of: item))
  }
}

extension Artifact {
  /// The file of an output, which a packed file may have left out.
  /// - Throws: `LookupError`, or `DamagedArtifact`.
  func existingOutput(_ name: String, of item: PlannedInstance) throws -> URL {
    let file = output(name)
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw LookupError.leftOut(name, instance: item.instance.name)
    }
    return try wholeOutput(name)
  }
}

/// What can be wrong with the name of an instance or an output.
enum LookupError: Error, CustomStringConvertible {
  case unknown(instance: String, known: [String])
  /// There is such a stage, but not at these values.
  case otherValues(instance: String, instances: [String])
  case several(stage: String, instances: [String])
  case notDone(instance: String, recipe: String)
  case stopped(instance: String, reason: String)
  case unknownOutput(String, known: [String])
  case noModel(instance: String)
  case leftOut(String, instance: String)

  var description: String {
    switch self {
    case .unknown(let instance, let known):
      let near = nearestName(to: instance, among: known).map { "did you mean '\($0)'?" }
      return "the recipe has no instance '\(instance)'; \(near ?? "'warmup plan' lists them all")"
    case .otherValues(let instance, let instances):
      return "the recipe has no instance '\(instance)'; name one:\(Self.list(instances))"
    case .several(let stage, let instances):
      return "'\(stage)' has \(instances.count) instances; name one:\(Self.list(instances))"
    case .notDone(let instance, let recipe):
      return "'\(instance)' has no result yet; 'warmup run \(recipe)' makes it"
    case .stopped(let instance, let reason): return "'\(instance)' is not run: \(reason)"
    case .unknownOutput(let name, let known):
      return "there is no output '\(name)'; choose from \(known.joined(separator: ", "))"
    case .leftOut(let name, let instance):
      return "the file holds no '\(name)' of '\(instance)': it was packed without it; 'warmup run' "
        + "makes it again from the packed file, 'warmup pack --models' takes all along"
    case .noModel(let instance):
      return "'\(instance)' makes no model; name an instance that does, such as one of distill"
    }
  }

  private static func list(_ instances: [String]) -> String {
    let more = instances.count > 12 ? "\n  and \(instances.count - 12) more" : ""
    return instances.prefix(12).map { "\n  '\($0)'" }.joined() + more
  }
}
