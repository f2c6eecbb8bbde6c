import ArgumentParser
import Foundation
import HDF5
import Runner

/// `warmup show RECIPE 'stage[axis=value,…]'`.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show an artifact: its record, or its rows as JSON Lines.")

  @OptionGroup var options: RecipeOptions

  @Argument(help: "The instance, such as 'tuned[start=warmed,seed=2]'.")
  var instance: String

  @Option(help: "The output; the kind's first where nothing is said, or 'metrics'.")
  var output: String?

  @Flag(help: "Print the output's rows, one JSON object a line.")
  var jsonl = false

  func run() throws {
    let item = try find(in: Workspace(options).plan())
    guard let artifact = item.artifact else {
      throw ShowError.notDone(instance: item.instance.name, recipe: options.recipe)
    }
    if jsonl {
      try printRows(of: try file(of: item, artifact))
    } else {
      StandardOutput.write(artifact.record.json.prettyText)
      StandardOutput.writeError("Folder: \(artifact.folder.relativePath)\n")
    }
  }

  /// Blanks and the order of axes do not matter in the name.
  private func find(in plan: Plan) throws -> PlannedInstance {
    let wanted = normalised(instance)
    if let item = plan.items.first(where: { normalised($0.instance.name) == wanted }) {
      return item
    }
    throw ShowError.unknown(instance: instance, known: plan.items.map(\.instance.name))
  }

  private func normalised(_ name: String) -> [String] {
    let parts = name.filter { !$0.isWhitespace }.split(separator: "[", maxSplits: 1)
    let coordinates = parts.dropFirst().first.map { $0.dropLast().split(separator: ",") } ?? []
    return [parts.first.map(String.init) ?? ""] + coordinates.map(String.init).sorted()
  }

  private func file(of item: PlannedInstance, _ artifact: Artifact) throws -> URL {
    let outputs = item.instance.kind.outputs.map(\.name)
    let name = output ?? outputs[0]
    if name == "metrics", let metrics = artifact.metrics { return metrics }
    guard outputs.contains(name) else {
      throw ShowError.unknownOutput(name, known: outputs)
    }
    return artifact.output(name)
  }

  private func printRows(of file: URL) throws {
    let table = try RowTable(contentsOf: file)
    for index in 0..<table.count {
      StandardOutput.write(JSONValue.object(table.row(index)).text + "\n")
    }
  }
}

/// What can be wrong with what is to be shown.
enum ShowError: Error, CustomStringConvertible {
  case unknown(instance: String, known: [String])
  case notDone(instance: String, recipe: String)
  case unknownOutput(String, known: [String])

  var description: String {
    switch self {
    case .unknown(let instance, let known):
      let near = nearestName(to: instance, among: known).map { "; did you mean '\($0)'?" }
      return "the recipe has no instance '\(instance)'\(near ?? ""); "
        + "'warmup plan' lists them all"
    case .notDone(let instance, let recipe):
      return "'\(instance)' has no result yet; 'warmup run \(recipe)' makes it"
    case .unknownOutput(let name, let known):
      return "there is no output '\(name)'; choose from \(known.joined(separator: ", "))"
    }
  }
}
