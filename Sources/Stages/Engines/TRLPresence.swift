import Base
import Foundation
import Runner
import Subprocess
import TRLAdapter
import Tasks

/// Whether the Python of a site has the TRL that trainings need, and DeepSpeed where they have shards of it:
/// asked before hours of other work.
enum TRLPresence {
  /// Asks the packages' descriptions and imports nothing.
  private static let question = """
    from importlib.metadata import PackageNotFoundError, version
    print(version('trl'))
    try: print(version('deepspeed'))
    except PackageNotFoundError: pass
    """

  /// How an instance's training by TRL is divided; nil where there is none.
  private static func division(of instance: Instance) -> TRLParameters? {
    switch instance.stage {
    case let stage as DistillStage where stage.parameters.engine == .trl: stage.parameters.trl
    case let stage as RLVRStage where stage.parameters.engine == .trl: stage.parameters.trl.division
    default: nil
    }
  }

  /// Why a training would be refused; nil where none would. Behind a prefix, such as a container's,
  /// it shows only when the training starts. Blocks while Python answers, which is asked once, however many
  /// trainings there are.
  static func problem(_ site: Site, for instances: [Instance]) -> String? {
    let divisions = instances.compactMap { division(of: $0) }
    guard !divisions.isEmpty, site.prefix.isEmpty else { return nil }
    guard let python = ProgramPath.find(site.python) else {
      return TRLError.noPython(site.python).description
    }
    let lacks = "\(python.visible) does not have TRL \(TRLAdapter.trl), which 'engine: trl' needs"
    let advice = "'warmup engine install trl' makes an environment with it"
    guard
      case .ended(let output)? = try? IsolatedPython.run(
        python, ["-c", question], limit: .seconds(30))
    else { return nil }
    let versions = output.text.split(separator: "\n").map(String.init)
    guard output.status.isSuccess, let trl = versions.first else { return "\(lacks); \(advice)" }
    guard trl.hasPrefix(TRLAdapter.trl + ".") else {
      return "\(lacks), but \(trl.visible); \(advice)"
    }
    guard versions.count == 1, divisions.contains(where: { $0.sharding == .zero3 }) else {
      return nil
    }
    return "\(python.visible) does not have DeepSpeed, which 'trl.sharding: zero3' needs; "
      + "'pip install deepspeed==\(TRLAdapter.deepSpeed)' there, or take fsdp2"
  }
}
