import Base
import Foundation
import Model
import Runner

#if canImport(Glibc)
  import Glibc
#endif

/// The room on the disk that an instance takes, in bytes, from the least to the most.
package struct EstimatedDisk: Sendable, Equatable {
  /// The model that it makes: two or four bytes a weight.
  package let result: ClosedRange<Int>
  /// One checkpoint of a training, or three while the third is written: weights and two moments.
  package let checkpoints: ClosedRange<Int>

  package static let nothing = EstimatedDisk(result: 0...0, checkpoints: 0...0)

  /// - Parameters:
  ///   - stage: what makes the model.
  ///   - count: of the model's parameters.
  init(_ stage: any Stage, count: Int) {
    let trains = stage is PretrainStage || stage is DistillStage || stage is RLVRStage
    // What hands a model on may name the files where they lie.
    let makes = trains || stage is ScratchModelStage
    result = (makes ? 2 * count : 0)...4 * count
    // Adapters are small, and TRL keeps checkpoints of its own kind.
    let keepsAll = trains && !stage.trainsAdapters && !stage.trainsByTRL
    checkpoints = keepsAll ? 12 * count...36 * count : 0...0
  }

  private init(result: ClosedRange<Int>, checkpoints: ClosedRange<Int>) {
    self.result = result
    self.checkpoints = checkpoints
  }
}

/// Room that a run needs and will not find on the disk.
package struct DiskNeed: Error, Sendable, CustomStringConvertible {
  let bytes: Int
  let free: Int
  let folder: URL

  package var description: String {
    "models and checkpoints take at least \(MemoryLimit.text(bytes)), but at \(folder.path) only "
      + "\(MemoryLimit.text(free)) are free; make room ('warmup cache gc'), choose another --results, or "
      + "run a part (--only)"
  }

  /// Makes sure that the models that are to come, and a checkpoint of the largest training, have room.
  /// - Parameters:
  ///   - needs: those of what is to run.
  ///   - cache: where results lie.
  ///   - free: bytes; what the file system says where nil.
  /// - Returns: a sentence where it may yet turn out too little.
  /// - Throws: `DiskNeed`.
  package static func check(
    _ needs: [MemoryNeed], cache: URL, free: Int? = nil
  ) throws(DiskNeed) -> String? {
    guard let free = free ?? freeBytes(at: cache) else { return nil }
    let needs = needs.map(\.disk)
    func bytes(_ bound: (ClosedRange<Int>) -> Int) -> Int {
      needs.map { bound($0.result) }.reduce(0, +) + (needs.map { bound($0.checkpoints) }.max() ?? 0)
    }
    let (least, most) = (bytes(\.lowerBound), bytes(\.upperBound))
    if least > free { throw DiskNeed(bytes: least, free: free, folder: cache) }
    if most <= free { return nil }
    return
      "models and checkpoints may take \(MemoryLimit.text(most)) in all, and at \(cache.path) "
      + "\(MemoryLimit.text(free)) are free"
  }

  /// What the file system of a folder, or of the nearest above it that is there, has to give.
  private static func freeBytes(at folder: URL) -> Int? {
    var place = folder.absoluteURL.standardizedFileURL
    while access(place.path, F_OK) != 0, place.path != "/" { place.deleteLastPathComponent() }
    var space = statvfs()
    guard statvfs(place.path, &space) == 0 else { return nil }
    return Int(space.f_bavail) * Int(space.f_frsize)
  }
}

/// A prompt would not fit a model's context together with the completions that are asked for.
package struct ContextNeed: Error, Sendable, CustomStringConvertible {
  let instance: String
  let maxTokens: Int
  let context: Int

  package var description: String {
    "'\(instance)' samples up to \(maxTokens) tokens (max_tokens), and its model's context holds "
      + "\(context), so that no prompt would fit; lower max_tokens"
  }

  /// Makes sure that there is room for a prompt, as far as the models' sizes are known. How long prompts
  /// are is known only when they are there.
  /// - Throws: `ContextNeed` for the first instance that has none.
  package static func check(_ needs: [MemoryNeed]) throws(ContextNeed) {
    for need in needs {
      guard let tokens = need.maxTokens, tokens >= need.context else { continue }
      throw ContextNeed(instance: need.instance, maxTokens: tokens, context: need.context)
    }
  }
}

extension Stage {
  fileprivate var trainsByTRL: Bool {
    (self as? DistillStage)?.parameters.engine == .trl
      || (self as? RLVRStage)?.parameters.engine == .trl
  }

  /// The most tokens of a completion that this program samples; nil where it samples none.
  var sampledTokens: Int? {
    switch self {
    case let stage as RLVRStage: stage.parameters.sampling.maxTokens
    case let stage as EvaluateStage:
      stage.parameters.engine == .server ? nil : stage.parameters.sampling.maxTokens
    case let stage as WriteTracesStage:
      stage.parameters.teacher == .model && stage.parameters.engine != .server
        ? stage.parameters.sampling.maxTokens : nil
    default: nil
    }
  }
}
