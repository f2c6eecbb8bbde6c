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
    let model = try OpenedModel(contentsOf: try workspace.modelFile(of: instance).file)
    try Folder.make(URL(fileURLWithPath: folder))
    try model.export(to: URL(fileURLWithPath: folder))
    StandardOutput.writeError("Wrote \(folder)\n")
  }
}
