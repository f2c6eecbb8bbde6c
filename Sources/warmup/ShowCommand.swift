import ArgumentParser
import Base
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

  @Flag(help: "Print the output's rows as CSV.")
  var csv = false

  func validate() throws {
    if jsonl, csv { throw ValidationError("choose one of --jsonl and --csv") }
  }

  func run() throws {
    let workspace = try Workspace(options)
    let (item, artifact) = try workspace.artifact(of: instance)
    if jsonl || csv {
      try printRows(of: try file(of: item, artifact))
    } else {
      try StandardOutput.writeJSON(artifact.record.json.prettyText)
      if workspace.packed == nil {
        StandardOutput.writeError("Folder: \(artifact.folder.relativePath)\n")
      }
    }
  }

  private func file(of item: PlannedInstance, _ artifact: Artifact) throws -> URL {
    let outputs = item.instance.kind.outputs.map(\.name)
    let name = output ?? outputs[0]
    if name == "metrics", artifact.metrics != nil {
      return try artifact.whole(Artifact.metricsName)
    }
    guard outputs.contains(name) else {
      throw LookupError.unknownOutput(name, known: outputs)
    }
    return try artifact.existingOutput(name, of: item)
  }

  private func printRows(of file: URL) throws {
    let table = try RowTable(contentsOf: file)
    if csv { return try printCSV(of: table) }
    for index in 0..<table.count {
      try StandardOutput.writeJSON(JSONValue.object(table.row(index)).text + "\n")
    }
  }

  /// Numbers in full, texts as they are; what is missing stands empty.
  private func printCSV(of table: RowTable) throws {
    let names = table.names
    try StandardOutput.write(CSV.line(names))
    for index in 0..<table.count {
      let row = table.row(index)
      let fields = names.map { name -> String in
        switch row[name] {
        case .string(let text)?: text
        case .number(let number)? where number.isNaN: ""
        case .null?, nil: ""
        case let value?: value.text
        }
      }
      try StandardOutput.write(CSV.line(fields))
    }
  }
}
