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
    abstract: "Write a model as a Hugging Face folder: safetensors, config.json, tokenizer.json.",
    discussion: """
      With --adapter, write only the adapters of a training with 'lora', as PEFT reads them: \
      adapter_config.json and adapter_model.safetensors. They belong to the model that the training \
      started from.
      """)

  @OptionGroup var options: RecipeOptions

  @Argument(help: "The instance that made the model, such as 'warmed' or 'tuned[seed=2]'.")
  var instance: String

  @Argument(help: "The folder to write.", completion: .directory)
  var folder: String

  @Flag(help: "Write the adapters that were merged into the model, and not the model.")
  var adapter = false

  func run() throws {
    let workspace = try Workspace(options)
    let model = try OpenedModel(contentsOf: try workspace.modelFile(of: instance).file)
    if adapter && model.mergedAdapters == nil {
      throw ValidationError(
        "'\(instance)' was not trained with lora, so it has no adapters; leave out --adapter to write "
          + "the model")
    }
    let target = URL(fileURLWithPath: folder)
    try Folder.make(target)
    if adapter, let adapters = model.mergedAdapters {
      try AdapterExport.write(adapters, to: target)
    } else {
      try model.export(to: target)
    }
    StandardOutput.writeError("Wrote \(folder)\n")
  }
}
