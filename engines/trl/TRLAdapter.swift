import Foundation

/// The adapter: Python files that train with TRL what a request says, as part of this program.
package enum TRLAdapter {
  /// Raised whenever the same request would train other weights; part of the key.
  package static let version = 1
  /// The version of requests, and of what is written beside them.
  package static let format = 1
  /// The TRL that it is written and tested for, without the patch; part of the key.
  package static let trl = "1.16"
  /// The DeepSpeed that it was tested with, which only shards of ZeRO-3 need.
  package static let deepSpeed = "0.19.8"

  /// Its files by name.
  package static var files: [(name: String, content: Data)] {
    [
      ("launch.py", Data(PackageResources.launch_py)),
      ("training.py", Data(PackageResources.training_py)),
      ("sharding.py", Data(PackageResources.sharding_py)),
      ("sft.py", Data(PackageResources.sft_py)), ("grpo.py", Data(PackageResources.grpo_py)),
      ("given.py", Data(PackageResources.given_py)),
      ("sampler.py", Data(PackageResources.sampler_py)),
      ("worker.py", Data(PackageResources.worker_py)), ("fields.json", fields),
    ]
  }

  /// What it was tested with, as pip reads it: all packages with their versions.
  package static var requirements: Data { Data(PackageResources.requirements_txt) }

  /// The same with the SHA-256 of each file, for Linux and x86_64: with a torch for CPUs (Python 3.11), and
  /// with one for NVIDIA's GPUs and what it needs (Python 3.11 to 3.13).
  package static var cpuRequirements: Data { Data(PackageResources.requirements_cpu_txt) }
  package static var cudaRequirements: Data { Data(PackageResources.requirements_cuda_txt) }

  /// All fields of TRL's configurations with their defaults, as JSON: each mapped to what a recipe says,
  /// fixed at a value, or irrelevant to the result.
  package static var fields: Data { Data(PackageResources.fields_json) }
}
