import Foundation
import Testing

@Suite("Reference: folders")
struct ReferenceFolderTests {
  @Test("there are models", arguments: ReferenceFolder.all)
  func models(_ folder: URL) {
    #expect(
      !ReferenceFolder.models(in: folder).isEmpty,
      "\(folder.path) has no folder with a config.json; WARMUP_REFERENCE must name a folder of reference numbers"
    )
  }

  @Test("each model has its numbers", arguments: ReferenceFolder.models)
  func numbers(_ model: ReferenceModel) {
    let needed = [
      "sft.safetensors", "sft.json", "sft_grads.safetensors", "adamw_sft_params.safetensors",
      "generate.json", "grpo.safetensors", "grpo.json",
    ]
    #expect(needed.filter { !model.has($0) } == [])
  }

  @Test("lists of GGUF files name something", arguments: ["gguf/blocks.json", "gguf/tiny.json"])
  func lists(_ path: String) {
    #expect(!ReferenceFolder.has(path) || !ReferenceFolder.keys(of: path).isEmpty)
  }
}
