import Base
import Foundation

extension Cache {
  /// Moves an artifact aside unless its bytes are whole by now, as when another run has made it anew.
  /// - Returns: where it is now, in words; nil where nothing is wrong any more.
  /// - Throws: `CacheError`, `LockError`, or `InterruptedError`.
  func setAside(
    _ damaged: DamagedArtifact, interruption: Interruption, waiting: (String) -> Void
  ) throws -> String? {
    let key = damaged.artifact.key
    if otherPlace(of: damaged.artifact) != nil { return "the other cache is left as it is" }
    let lock = try lock(key, isLeased: true, interruption: interruption, waiting: waiting)
    defer { lock.release() }
    switch lookUp(key) {
    case .absent: return nil
    case .present(let artifact) where artifact.damage(of: damaged.file, digests) == nil: return nil
    case .present, .damaged: return try setAside(key)
    }
  }
}

/// Bytes of an artifact are not those that were published.
package struct DamagedArtifact: Error, Sendable, CustomStringConvertible {
  let artifact: Artifact
  let file: String
  let reason: String

  /// Why a run of a locked experiment stops.
  var inLockedRun: StageError {
    .failed("\(what); run without --locked to make it again")
  }

  /// What is damaged, and where.
  var what: String {
    "'\(artifact.record.instance)' is damaged: \(reason) (\(artifact.folder.relativePath))"
  }

  package var description: String { "\(what); 'warmup run' makes it again" }
}
