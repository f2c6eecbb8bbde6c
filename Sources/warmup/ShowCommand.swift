import ArgumentParser
import Base
import Foundation
import HDF5
import Model
import Runner
import Stages

/// `warmup show RECIPE 'stage[axis=value,…]'`.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show an artifact: its record, or its rows as JSON Lines.",
    discussion: "Of a model, the rows are its tensors, with their shapes.")

  @OptionGroup var options: RecipeOptions

  @Argument(help: "The instance, such as 'tuned[start=warmed,seed=2]'.")
  var instance: String

  @Option(help: "Print the rows of this output, or of 'metrics', and not of the kind's first.")
  var output: String?

  @Flag(help: "Print the output's rows, one JSON object per line.")
  var jsonl = false

  @Flag(help: "Print the output's rows as CSV.")
  var csv = false

  func validate() throws {
    if jsonl, csv { throw ValidationError("choose one of --jsonl and --csv") }
  }

  func run() throws {
    let workspace = try Workspace(options)
    let (item, artifact) = try workspace.artifact(of: instance)
    if jsonl || csv || output != nil {
      try printRows(of: item, artifact)
    } else {
      try StandardOutput.writeJSON(artifact.record.json.prettyText)
      if workspace.packed == nil {
        StandardOutput.writeError("Folder: \(artifact.folder.relativePath)\n")
      }
    }
  }

  private func printRows(of item: PlannedInstance, _ artifact: Artifact) throws {
    let outputs = item.instance.kind.outputs
    let name = output ?? outputs[0].name
    if name == "metrics", artifact.metrics != nil {
      return try printRows(of: RowTable(contentsOf: try artifact.whole(Artifact.metricsName)))
    }
    guard let port = outputs.first(where: { $0.name == name }) else {
      let known = outputs.map(\.name) + (artifact.metrics == nil ? [] : ["metrics"])
      throw LookupError.unknownOutput(name, known: known)
    }
    let file = try artifact.existingOutput(name, of: item)
    guard port.type == .model else { return try printRows(of: RowTable(contentsOf: file)) }
    let shapes = try OpenedModel(contentsOf: file).tensors.shapes.sorted { $0.key < $1.key }
    if csv { try StandardOutput.write(CSV.line(["tensor", "shape"])) }
    for (tensor, shape) in shapes {
      let sizes = JSONValue.array(shape.map { .integer($0) })
      try csv
        ? StandardOutput.write(CSV.line([tensor, sizes.text]))
        : StandardOutput.writeJSON(
          JSONValue.object(["tensor": .string(tensor), "shape": sizes]).text + "\n")
    }
  }

  private func printRows(of table: RowTable) throws {
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
