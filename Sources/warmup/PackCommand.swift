import ArgumentParser
import Base
import Foundation
import Reports
import Runner
import Stages

/// `warmup pack RECIPE`.
struct PackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Write a recipe with its results into one file, for others to report and rerun.",
    discussion: """
      The file is HDF5, or HDF5 compressed by Zstandard. It holds the recipe with the files that it names, the lock, every result \
      with its record, and the tables. Models are left out unless they are asked for. With --only \
      seed=1,2 it holds a part, such as one sitting of several; 'warmup report' makes one report \
      from the files of all parts.
      """)

  @OptionGroup var options: RecipePartOptions

  @Option(
    name: .shortAndLong,
    help: """
      The file to write; one that ends in .h5.zst is compressed as a whole. (default: <name of \
      the recipe>.warmup.h5, with --small .warmup.h5.zst)
      """,
    completion: .file(extensions: ["h5", "zst"]))
  var output: String?

  @Flag(help: "Take the models along.")
  var models = false

  @Flag(
    help: """
      Compress, and leave out all that no table or figure needs: rollouts, traces, texts, and \
      completions beside their verdicts.
      """)
  var small = false

  @Flag(
    help: """
      Leave out the texts of problems, prompts and answers; their SHA-256 stay, and what models \
      wrote. With --small neither does.
      """)
  var withoutTexts = false

  @OptionGroup var replacing: OverwriteOptions

  func validate() throws {
    if models, small {
      throw ValidationError("--small leaves the models out that --models asks for")
    }
  }

  func run() throws {
    let workspace = try Workspace(options)
    if let packed = workspace.packed {
      throw ValidationError("\(packed.file.relativePath) is packed already; name a recipe")
    }
    let destination = URL(fileURLWithPath: output ?? defaultName(workspace.recipe))
    guard !["yaml", "yml"].contains(destination.pathExtension) else {
      throw ValidationError("-o names a recipe, which packing must not overwrite; end it in .h5")
    }
    try replacing.check(destination.relativePath, [destination])
    let parent = destination.deletingLastPathComponent()
    guard FileManager.default.fileExists(atPath: parent.path) else {
      throw ValidationError("-o: there is no folder \(parent.relativePath)")
    }
    let plan = try workspace.plan().withoutOthers
    guard !plan.results.isEmpty else {
      throw PackError.unpackable(
        "nothing of '\(workspace.recipe.name)' is done in \(options.recipe.results); run it first, or "
          + "name the folder of its results with --results")
    }
    let registration = try workspace.lockedRegistration()
    let report = RecipeReport(workspace.recipe, plan, registration: registration)
    let contents = PackContents(
      recipe: workspace.recipe, plan: plan, part: workspace.part, cache: workspace.cache,
      options: .init(
        leftOutTypes: leftOutTypes(for: workspace.recipe), texts: texts,
        tablelessTypes: [.model], isSmall: small),
      registration: registration
    ) { report.tableParts().compactMap(\.content).map { ($0.name, $0.csv) } }
    try contents.write(to: destination, programVersion: Warmup.configuration.version)
    StandardOutput.writeError(try summary(contents, plan, destination))
  }

  private func defaultName(_ recipe: Recipe) -> String {
    "\(recipe.name).warmup.h5" + (small ? ".zst" : "")
  }

  private var texts: PackedTexts? {
    if !withoutTexts { return nil }
    return small ? .verdictsAlone : .standard
  }

  /// Rollouts stay where a figure shows the history of problems.
  private func leftOutTypes(for recipe: Recipe) -> Set<ArtifactType> {
    if models { return [] }
    if !small { return [.model] }
    let isHistoryShown = recipe.figures.contains { !$0.specification.solveHistory.isEmpty }
    let types: Set<ArtifactType> = [.model, .texts, .traces]
    return isHistoryShown ? types : types.union([.rollouts])
  }

  private func summary(
    _ contents: PackContents, _ plan: Plan, _ destination: URL
  ) throws -> String {
    let bytes = try destination.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
    let missing = contents.missing
    let asked = plan.asked.count
    var text = "Packed \(plan.results.count) of \(asked) instances into "
    text += "\(destination.relativePath): \(bytes.formatted(.byteCount(style: .file)))\n"
    if plan.count(.notAsked) > 0 {
      text += "Not asked for: the recipe's other \(plan.count(.notAsked)) instances\n"
    }
    if small {
      text += "Left out: \(contents.leftOutCount) outputs that no table or figure needs\n"
    } else if contents.leftOutCount > 0 {
      let models = contents.leftOutCount == 1 ? "1 model" : "\(contents.leftOutCount) models"
      text += "Left out: \(models); --models takes them along\n"
    }
    let stopped = Set(plan.items.filter { $0.state == .stopped }.map(\.name))
    let open = missing.filter { !stopped.contains($0) }
    if !open.isEmpty { text += "Not done yet: \(open.joined(separator: ", "))\n" }
    if !stopped.isEmpty { text += "Stopped by gates: \(stopped.count) instances\n" }
    if !contents.ambiguous.isEmpty {
      text += "An older version made \(contents.ambiguous.joined(separator: ", ")) and did not "
      text += "note from which completions: all in the cache that may be theirs are packed\n"
    }
    return text
  }
}

/// `warmup unpack FILE`.
struct UnpackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unpack",
    abstract: "Lay a packed file out in a folder: recipe, lock, results, tables, figures, report.",
    discussion: "Several packed files of one recipe make one folder.")

  @Argument(help: "The packed file, or several.", completion: .file(extensions: ["h5", "zst"]))
  var file: [String]

  @Option(
    name: .shortAndLong, help: "A new folder. (default: the first file's name without its ending)",
    completion: .directory)
  var output: String?

  func run() throws {
    let folder = URL(fileURLWithPath: output ?? defaultFolder)
    let (plan, failures) =
      file.count == 1 ? try unpack(file[0], to: folder) : try unpackJoined(to: folder)
    let missing = plan.count(.toRun)
    let stopped = plan.count(.stopped)
    let gap =
      (missing == 0 ? "" : ", \(missing) were not done when it was packed")
      + (stopped == 0 ? "" : ", \(stopped) stopped by gates")
    StandardOutput.writeError(
      "Unpacked \(plan.count(.cached)) of \(plan.asked.count) instances\(gap)\n"
        + "Report: \(folder.appending(path: "report.html").relativePath)\n")
    for failure in failures { StandardOutput.writeError("\(failure)\n") }
    if !failures.isEmpty { throw ExitCode(1) }
  }

  /// - Returns: what is done, and what could not be made of the report.
  private func unpack(_ file: String, to folder: URL) throws -> (plan: Plan, failures: [String]) {
    let packed = try PackedFile(checking: URL(fileURLWithPath: file))
    let experiment = try packed.unpack(to: folder, registry: .standard)
    let recipe = try experiment.recipe(registry: .standard)
    let plan = experiment.plan(recipe.instances, values: ResultTables().values)
    let report = RecipeReport(recipe, plan, registration: experiment.lock.registration)
    return (plan, try report.write(to: folder).failures)
  }

  private func unpackJoined(to folder: URL) throws -> (plan: Plan, failures: [String]) {
    let options = try file.map { try RecipeOptions.parse(["--", $0]) }
    if let other = options.first(where: { !PackedFile.isPacked($0.recipeURL) }) {
      throw PackError.notPacked(other.recipe)
    }
    let workspace = try JoinedWorkspace(options)
    return (workspace.joined.plan, try workspace.unpack(to: folder))
  }

  private var defaultFolder: String {
    let name = URL(fileURLWithPath: file[0]).lastPathComponent
    return Self.stem(of: name) ?? name + "-unpacked"
  }

  /// A packed file's name without its ending; nil where it has none of the usual ones.
  static func stem(of name: String) -> String? {
    [".warmup.h5.zst", ".h5.zst", ".warmup.h5", ".h5"].first { name.hasSuffix($0) && name != $0 }
      .map { String(name.dropLast($0.count)) }
  }
}
