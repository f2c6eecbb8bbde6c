import Runner

/// Checks the parameters `source` and `sha256` of kinds that bring content in.
enum DataSourceCheck {
  /// Reports what is wrong, at its place.
  static func report(
    source: String, sha256: String?, positions: [String: SourcePosition],
    at position: SourcePosition, into sink: inout DiagnosticSink
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
