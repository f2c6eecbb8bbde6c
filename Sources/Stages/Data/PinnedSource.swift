import Foundation
import Runner

/// The parameters `source` and `sha256` of the kinds that bring content in.
struct PinnedSource {
  /// Where the bytes come from, as the recipe names it.
  let source: String
  /// The SHA-256 that they must have; nothing for a path of this machine that is not pinned.
  let sha256: String?

  /// What the key of a stage depends on: the pinned digest, or that of the file on this machine.
  /// - Throws: `DataSourceError`.
  func content(in environment: StageEnvironment) throws -> ExternalContent {
    try DataSource(parsing: source).content(sha256: sha256, in: environment)
  }

  /// The file on this machine, fetched where it is not there yet.
  /// - Throws: `DataSourceError`.
  func file(for context: StageContext) throws -> URL {
    try DataSource(parsing: source).file(
      sha256: sha256, in: context.environment, interruption: context.interruption,
      progress: context.progress)
  }

  /// Reports what is wrong with the two, at their places.
  func report(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    if let sha256, !ContentDigest.isDigest(sha256) {
      sink.report(
        positions["sha256"] ?? position, "'sha256' must be 64 hexadecimal digits")
    }
    do {
      if try DataSource(parsing: source).needsDigest, sha256 == nil {
        sink.report(positions["source"] ?? position, "\(DataSourceError.unpinned(source))")
      }
    } catch {
      sink.report(positions["source"] ?? position, "\(error)")
    }
  }
}
