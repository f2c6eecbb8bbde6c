import Base
import Model
import Runner

/// What of a training the processes of TRL hold.
package enum TRLSharding: String, ParameterChoice {
  /// Weights, gradients and moments, whole in each.
  case none
  /// A part of each, by PyTorch's fully sharded data parallelism.
  case fsdp2
  /// A part of each, by DeepSpeed.
  case zero3
}

/// Where TRL trains.
package enum TRLDevice: String, ParameterChoice {
  /// On the GPUs that its torch sees, or else the CPU.
  case any
  case cuda, cpu
}

extension TRLParameters {
  /// The arguments of TRL's configurations that say what processes hold. Weights and gradients are float32
  /// in whole or in part; where products are rounded, they are in the same places.
  /// - Parameters:
  ///   - perDevice: rows of a micro-batch.
  ///   - accumulation: micro-batches that a process adds up for a step.
  func shardingArguments(
    _ optimiser: OptimiserParameters, perDevice: Int, accumulation: Int
  ) -> [String: JSONValue] {
    [
      "fsdp": sharding == .fsdp2 ? true : .null,
      "fsdp_config": sharding == .fsdp2 ? fsdp : .null,
      "deepspeed": sharding == .zero3 ? zero(optimiser, perDevice, accumulation) : .null,
      // FSDP2 has an argument of its own for it.
      "gradient_checkpointing": .boolean(gradientCheckpointing && sharding != .fsdp2),
    ]
  }

  private var fsdp: JSONValue {
    [
      "version": 2, "reshard_after_forward": true, "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
      "state_dict_type": "FULL_STATE_DICT", "cpu_ram_efficient_loading": false,
      "activation_checkpointing": .boolean(gradientCheckpointing),
    ]
  }

  /// DeepSpeed's own settings. The sizes that transformers works out (`auto`) say how much travels at a time,
  /// and which small weights each process keeps whole.
  private func zero(
    _ optimiser: OptimiserParameters, _ perDevice: Int, _ accumulation: Int
  ) -> JSONValue {
    [
      "train_micro_batch_size_per_gpu": .integer(perDevice),
      "gradient_accumulation_steps": .integer(accumulation),
      "train_batch_size": .integer(processes * perDevice * accumulation),
      "gradient_clipping": .number(optimiser.maxGradientNorm),
      "zero_optimization": [
        "stage": 3, "stage3_gather_16bit_weights_on_model_save": true,
        "reduce_bucket_size": "auto", "stage3_prefetch_bucket_size": "auto",
        "stage3_param_persistence_threshold": "auto",
      ],
      "communication_data_type": "fp32", "zero_allow_untested_optimizer": true,
      // Its bf16 would have weights of 16 bits; this is autocast, and nothing that travels is rounded.
      "torch_autocast": [
        "enabled": .boolean(optimiser.precision == .bfloat16), "dtype": "bfloat16",
        "lower_precision_safe_modules": [],
      ],
    ]
  }
}
