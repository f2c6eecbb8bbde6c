import ArgumentParser
import Base
import Foundation
import Model
import Reports
import Runner
import Stages

/// `warmup export RECIPE 'stage[axis=value,…]' FOLDER`.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model as a Hugging Face folder: safetensors, config.json, tokenizer.json.",
    discussion: """
      README.md beside them is the model's card, with what it was made from and what it scored. One that \
      somebody else wrote stays.
      With --adapter, write only the adapters of a training with 'lora', as PEFT reads them: \
      adapter_config.json and adapter_model.safetensors. They belong to the model that the training \
      started from.
      """)

  @OptionGroup var options: RecipeOptions

  @Argument(help: "The instance that made the model, such as 'warmed' or 'tuned[seed=2]'.")
  var instance: String

  @Argument(help: "The folder to write.", completion: .directory)
  var folder: String

  @Option(
    help: ArgumentHelp(
      "The model's licence for its card, as the Hugging Face Hub calls it, such as apache-2.0.",
      valueName: "name"))
  var licence: String?

  @Option(
    help: ArgumentHelp(
      "What the Hugging Face Hub calls the model that this one was trained from. (default: the source "
        + "of 'pretrained_model', where it is such a name)", valueName: "name"))
  var baseModel: String?

  @Flag(help: "Write the adapters that were merged into the model, and not the model.")
  var adapter = false

  @OptionGroup var replacing: OverwriteOptions

  func run() throws {
    let target = URL(fileURLWithPath: folder)
    try replacing.check(
      "a model in \(folder)",
      ["config.json", "adapter_config.json"].map { target.appending(path: $0) })
    let workspace = try Workspace(options)
    let (item, file) = try workspace.modelFile(of: instance)
    let model = try OpenedModel(contentsOf: file)
    if adapter && model.mergedAdapters == nil {
      throw ValidationError(
        "'\(instance)' was not trained with lora, so it has no adapters; leave out --adapter to write "
          + "the model")
    }
    try Folder.make(target)
    if adapter, let adapters = model.mergedAdapters {
      try AdapterExport.write(adapters, to: target)
    } else {
      try model.export(to: target)
    }
    let isCarded = try writeCard(item, workspace, to: target.appending(path: "README.md"))
    StandardOutput.writeError(
      "Wrote \(folder)\(isCarded ? "" : "; README.md there is somebody's, and stays")\n")
  }

  /// - Returns: whether it was written; one that somebody else wrote stays.
  private func writeCard(
    _ item: PlannedInstance, _ workspace: Workspace, to file: URL
  ) throws -> Bool {
    if let old = try? String(contentsOf: file, encoding: .utf8), !old.contains(ModelCard.mark) {
      return false
    }
    let changes = workspace.recipe.overrides.map { " --set '\($0.replacing("'", with: #"'\''"#))'" }
    let name = URL(fileURLWithPath: options.recipe).lastPathComponent
    let card = ModelCard(
      item, of: workspace.recipe, try workspace.findings(),
      .init(licence: licence, baseModel: baseModel, isAdapter: adapter),
      command: "warmup run \(name)\(changes.joined())")
    try AtomicFile.write(card.text, to: file)
    return true
  }
}
