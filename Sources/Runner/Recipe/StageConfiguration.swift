import OrderedCollections

/// A stage at one point of the axes that its parameters name, ready to run.
struct ConfiguredStage {
  /// The stage.
  let stage: any Stage
  /// Every parameter, defaults filled in.
  let parameters: JSONValue
  /// The parameters that belong to the key.
  let identity: JSONValue
}

extension StageDeclaration {
  /// Reads the parameters at every point of the axes that they name.
  ///
  /// What is wrong at several points is reported once; values that something was said about before
  /// are not complained of again.
  func configure(
    in axes: AxisSpace, into sink: inout DiagnosticSink
  ) -> [AxisPoint: ConfiguredStage] {
    guard let kind else { return [:] }
    let known = Set(sink.diagnostics.map(\.position))
    let points = axes.points(of: paramAxes)
    var configured: [AxisPoint: ConfiguredStage] = [:]
    var found: [(diagnostic: Diagnostic, points: [AxisPoint])] = []
    for point in points {
      var local = DiagnosticSink()
      configured[point] = configure(kind, at: point, into: &local)
      for diagnostic in local.diagnostics where !known.contains(diagnostic.position) {
        if let index = found.firstIndex(where: { $0.diagnostic == diagnostic }) {
          found[index].points.append(point)
        } else {
          found.append((diagnostic, [point]))
        }
      }
    }
    for (diagnostic, affected) in found {
      let place = Self.place(affected, among: points.count)
      sink.report(diagnostic.position, diagnostic.message + place)
    }
    return configured
  }

  private func configure<Kind: Stage>(
    _ kind: Kind.Type, at point: AxisPoint, into sink: inout DiagnosticSink
  ) -> ConfiguredStage? {
    let entries = params.map { $0.interpolated(at: point) }
    let parameters = Kind.Parameters.decode(entries, at: position, owner: owner, into: &sink)
    return parameters.map {
      ConfiguredStage(
        stage: Kind(parameters: $0), parameters: $0.json, identity: $0.identity)
    }
  }

  /// At which points a mistake is made, where it is not made at all of them.
  private static func place(_ affected: [AxisPoint], among count: Int) -> String {
    guard affected.count < count, let first = affected.first else { return "" }
    let more = affected.count > 1 ? " and \(affected.count - 1) more" : ""
    return " (at \(first.coordinates)\(more))"
  }
}
