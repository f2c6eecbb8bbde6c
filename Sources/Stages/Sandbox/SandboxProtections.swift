import Foundation
import Runner

/// A protection that a kernel may or may not offer. Limits on resources always hold.
public enum SandboxProtection: String, Sendable, Hashable, CaseIterable {
  /// User, process, mount, network, host name and message namespaces, with a small file system of
  /// their own and a private folder in memory.
  case namespaces
  /// A filter of system calls (seccomp): no network, no other processes, no kernel settings.
  case calls
  /// Access to files by folder (Landlock).
  case files
}

/// Which protections hold on this machine.
public struct SandboxProtections: Sendable, Hashable {
  /// Those in force.
  public let inForce: Set<SandboxProtection>
  /// The kernel's Landlock version; 0 where it has none.
  public let landlock: Int

  /// Whether no program can reach the network, this machine's own addresses included.
  public var noNetwork: Bool { !inForce.isDisjoint(with: [.namespaces, .calls]) }
  /// Whether nothing that a program starts can outlive it.
  public var killsAsGroup: Bool { !inForce.isDisjoint(with: [.namespaces, .calls]) }
  /// Whether model-written programs may be run without a recipe's `sandbox: weak`.
  public var isEnough: Bool { noNetwork && killsAsGroup }

  /// For records and reports.
  public var json: JSONValue {
    [
      "namespaces": .boolean(inForce.contains(.namespaces)),
      "calls": .boolean(inForce.contains(.calls)),
      "files": .boolean(inForce.contains(.files)), "landlock": .integer(landlock),
    ]
  }

  /// Asks the launcher, which tries each on a process of its own.
  /// - Throws: `SandboxError.refused` where it does not answer.
  init(launcher: URL) throws {
    let probe = try ChildProcess.run(
      launcher, ["--probe"], environment: [:], input: "", limit: .seconds(20))
    guard case .ended(let output) = probe,
      let found = try? JSONValue(parsing: Data(output.text.utf8))
    else { throw SandboxError.refused(reason: "\(launcher.path) --probe failed") }
    landlock = found["landlock"]?.integer ?? 0
    var offered: Set<SandboxProtection> = []
    if found["namespaces"]?.boolean == true { offered.insert(.namespaces) }
    if found["calls"]?.boolean == true { offered.insert(.calls) }
    if landlock > 0 { offered.insert(.files) }
    inForce = offered
  }

  private init(inForce: Set<SandboxProtection>, landlock: Int) {
    self.inForce = inForce
    self.landlock = landlock
  }

  /// These without some of them.
  func without(_ left: Set<SandboxProtection>) -> SandboxProtections {
    SandboxProtections(inForce: inForce.subtracting(left), landlock: landlock)
  }

  /// What the launcher must be told is missing, so that nothing is left out in silence.
  var launcherArguments: [String] {
    SandboxProtection.allCases.filter { !inForce.contains($0) }.flatMap {
      ["--without", $0.rawValue]
    }
  }
}
