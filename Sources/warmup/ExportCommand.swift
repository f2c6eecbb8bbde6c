import ArgumentParser
import Base
import Foundation
import Model
import Runner
import Stages

/// `warmup export RECIPE 'stage[axis=value,…]' FOLDER`.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model as a Hugging Face folder: safetensors, config.json, tokenizer.json.")

  @OptionGroup var options: RecipeOptions

  @Argument(help: "The instance that made the model, such as 'warmed' or 'tuned[seed=2]'.")
  var instance: String

  @Argument(help: "The folder to write.", completion: .directory)
  var folder: String

  func run() throws {
    let workspace = try Workspace(options)
    let (item, artifact) = try workspace.artifact(of: instance)
    guard let port = item.instance.kind.outputs.first(where: { $0.type == .model }) else {
      throw LookupError.noModel(instance: item.instance.name)
    }
    let model = try ModelArtifact(
      contentsOf: try artifact.existingOutput(port.name, of: item))
    try Folder.make(URL(fileURLWithPath: folder))
    try HuggingFaceExport.write(
      model.weights, tokenizer: model.tokenizer, chatTemplate: model.chatTemplate,
      to: URL(fileURLWithPath: folder))
    StandardOutput.writeError("Wrote \(folder)\n")
  }
}
