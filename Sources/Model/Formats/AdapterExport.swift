import Foundation

/// Writes adapters as a folder that PEFT loads over the model that they were trained on.
package enum AdapterExport {
  /// Writes adapter_config.json and adapter_model.safetensors into a folder, which is made where there
  /// is none.
  /// - Parameter base: What PEFT is told of the model below them: a folder or a name on Hugging Face;
  ///   nil leaves it to whoever loads them.
  /// - Throws: what the file system says.
  package static func write(_ adapters: Adapters, base: String? = nil, to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try SafetensorsWriter.write(
      adapters.layout.entries.map {
        (name: prefix + $0.name, shape: $0.shape, values: adapters.buffer[$0.range])
      }, to: folder.appending(path: "adapter_model.safetensors"))
    try Data(configuration(adapters.lora, base: base).utf8)
      .write(to: folder.appending(path: "adapter_config.json"), options: .atomic)
  }

  /// What PEFT puts in front of the names.
  private static let prefix = "base_model.model."

  private static func configuration(_ lora: LoRA, base: String?) -> String {
    JSONText.object([
      ("base_model_name_or_path", base.map(JSONText.quoted) ?? "null"),
      ("bias", "\"none\""),
      ("fan_in_fan_out", "false"),
      ("inference_mode", "true"),
      ("init_lora_weights", "true"),
      ("lora_alpha", JSONText.number(lora.alpha)),
      ("lora_dropout", "0.0"),
      ("peft_type", "\"LORA\""),
      ("r", "\(lora.rank)"),
      ("target_modules", JSONText.list(lora.targets.map { JSONText.quoted($0.rawValue) })),
      ("task_type", "\"CAUSAL_LM\""),
    ])
  }
}
