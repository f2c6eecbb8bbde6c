import Foundation
import Model
import Testing

/// The config.json of published models, as far as it says how they compute.
@Suite struct PublishedConfigurationTests {
  private static let published: [(name: String, json: String, parameters: Int)] = [
    (
      "Llama-3.2-1B",
      #"""
      {"architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
       "bos_token_id": 128000, "eos_token_id": 128001, "head_dim": 64, "hidden_act": "silu",
       "hidden_size": 2048, "initializer_range": 0.02, "intermediate_size": 8192,
       "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama",
       "num_attention_heads": 32, "num_hidden_layers": 16, "num_key_value_heads": 8,
       "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": {"factor": 32.0,
       "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192,
       "rope_type": "llama3"}, "rope_theta": 500000.0, "tie_word_embeddings": true,
       "torch_dtype": "bfloat16", "use_cache": true, "vocab_size": 128256}
      """#, 1_235_814_400
    ),
    (
      "Qwen3-0.6B-Base",
      #"""
      {"architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
       "bos_token_id": 151643, "eos_token_id": 151643, "head_dim": 128, "hidden_act": "silu",
       "hidden_size": 1024, "initializer_range": 0.02, "intermediate_size": 3072,
       "max_position_embeddings": 32768, "max_window_layers": 28, "model_type": "qwen3",
       "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8,
       "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null,
       "tie_word_embeddings": true, "torch_dtype": "bfloat16", "use_cache": true,
       "use_sliding_window": false, "vocab_size": 151936}
      """#, 596_049_920
    ),
    (
      "OLMo-2-0425-1B",
      #"""
      {"architectures": ["Olmo2ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
       "eos_token_id": 100257, "hidden_act": "silu", "hidden_size": 2048,
       "initializer_range": 0.02, "intermediate_size": 8192, "max_position_embeddings": 4096,
       "model_type": "olmo2", "num_attention_heads": 16, "num_hidden_layers": 16,
       "num_key_value_heads": 16, "pad_token_id": 100277, "rms_norm_eps": 1e-06,
       "rope_scaling": null, "rope_theta": 500000, "tie_word_embeddings": false,
       "torch_dtype": "float32", "use_cache": false, "vocab_size": 100352}
      """#, 1_484_916_736
    ),
    (
      "SmolLM3-3B-Base",
      #"""
      {"architectures": ["SmolLM3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
       "bos_token_id": 128000, "eos_token_id": 128001, "hidden_act": "silu", "hidden_size": 2048,
       "intermediate_size": 11008, "max_position_embeddings": 65536, "max_window_layers": 28,
       "mlp_bias": false, "model_type": "smollm3", "no_rope_layer_interval": 4,
       "no_rope_layers": [1,1,1,0,1,1,1,0,1,1,1,0,1,1,1,0,1,1,1,0,1,1,1,0,1,1,1,0,1,1,1,0,1,1,1,0],
       "num_attention_heads": 16, "num_hidden_layers": 36, "num_key_value_heads": 4,
       "pad_token_id": 128004, "pretraining_tp": 2, "rms_norm_eps": 1e-06, "rope_scaling": null,
       "rope_theta": 5000000.0, "sliding_window": null, "torch_dtype": "bfloat16",
       "use_sliding_window": false, "vocab_size": 128256}
      """#, 3_075_098_624
    ),
    (
      "gemma-3-270m",
      #"""
      {"_sliding_window_pattern": 6, "architectures": ["Gemma3ForCausalLM"],
       "attention_bias": false, "attention_dropout": 0.0, "attn_logit_softcapping": null,
       "bos_token_id": 2, "eos_token_id": 1, "final_logit_softcapping": null, "head_dim": 256,
       "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 640, "intermediate_size": 2048,
       "layer_types": ["sliding_attention", "sliding_attention", "sliding_attention",
       "sliding_attention", "sliding_attention", "full_attention", "sliding_attention",
       "sliding_attention", "sliding_attention", "sliding_attention", "sliding_attention",
       "full_attention", "sliding_attention", "sliding_attention", "sliding_attention",
       "sliding_attention", "sliding_attention", "full_attention"],
       "max_position_embeddings": 32768, "model_type": "gemma3_text", "num_attention_heads": 4,
       "num_hidden_layers": 18, "num_key_value_heads": 1, "pad_token_id": 0,
       "query_pre_attn_scalar": 256, "rms_norm_eps": 1e-06, "rope_local_base_freq": 10000.0,
       "rope_scaling": null, "rope_theta": 1000000.0, "sliding_window": 512,
       "torch_dtype": "bfloat16", "use_bidirectional_attention": false, "use_cache": true,
       "vocab_size": 262144}
      """#, 268_098_176
    ),
  ]

  @Test func areReadAndWrittenAgain() throws {
    for (name, json, parameters) in Self.published {
      let read = try ModelConfiguration(huggingFaceConfig: Data(json.utf8))
      #expect(ParameterLayout(read).count == parameters, "\(name)")
      #expect(try ModelConfiguration(huggingFaceConfig: read.huggingFaceConfig) == read, "\(name)")
    }
    let gemma = try ModelConfiguration(huggingFaceConfig: Data(Self.published[4].json.utf8))
    #expect(gemma.window(of: 0) == 512 && gemma.window(of: 5) == nil && gemma.queryScale == nil)
    #expect(gemma.localRopeTheta == 10_000 && gemma.ropeTheta == 1_000_000)
    let smollm3 = try ModelConfiguration(huggingFaceConfig: Data(Self.published[3].json.utf8))
    #expect((0..<36).count { smollm3.attention(of: $0) == .unrotated } == 9)
  }
}
