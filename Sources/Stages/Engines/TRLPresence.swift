import Base
import Foundation
import Runner
import Subprocess
import TRLAdapter
import Tasks

/// Whether the Python of a site has the TRL that trainings need: asked before hours of other work.
enum TRLPresence {
  /// Asks the package's description and imports nothing.
  private static let question = "from importlib.metadata import version; print(version('trl'))"

  static func isNeeded(by instance: Instance) -> Bool {
    (instance.stage as? DistillStage)?.parameters.engine == .trl
      || (instance.stage as? RLVRStage)?.parameters.engine == .trl
  }

  /// Why a training would be refused; nil where it would not. Behind a prefix, such as a container's,
  /// it shows only when the training starts. Blocks while Python answers.
  static func problem(_ site: Site) -> String? {
    guard site.prefix.isEmpty else { return nil }
    guard let python = ProgramPath.find(site.python) else {
      return TRLError.noPython(site.python).description
    }
    let lacks = "\(python.visible) does not have TRL \(TRLAdapter.trl), which 'engine: trl' needs"
    let advice = "'warmup engine install trl' makes an environment with it"
    guard
      case .ended(let output)? = try? IsolatedPython.run(
        python, ["-c", question], limit: .seconds(30))
    else { return nil }
    let version = output.text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard output.status.isSuccess else { return "\(lacks); \(advice)" }
    return version.hasPrefix(TRLAdapter.trl + ".")
      ? nil : "\(lacks), but \(version.visible); \(advice)"
  }
}
