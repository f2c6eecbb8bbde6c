import Foundation
import OrderedCollections

/// What a recipe's parts come to when they are joined.
struct RecipeBody {
  /// The stages at their points, producers first.
  let instances: [Instance]
  /// The tables.
  let tables: [(name: String, specification: TableSpecification)]
  /// The figures.
  let figures: [(name: String, specification: FigureSpecification)]

  /// Joins the parts, reporting what is wrong with them together.
  /// - Parameter folder: where the recipe stands.
  /// - Returns: nil when something was reported, now or before.
  init?(_ outline: RecipeOutline, folder: URL, into sink: inout DiagnosticSink) {
    let axes = outline.axes
    let own = outline.stages.map { ($0, $0.ownAxes) }
    guard Self.arePointsFew(own, in: axes, into: &sink) else { return nil }
    let graph = StageGraph(outline.stages, axes: axes, into: &sink)
    let all = graph.stages.map { ($0.declaration, $0.axes) }
    guard Self.arePointsFew(all, in: axes, into: &sink) else { return nil }
    var configurations: [[AxisPoint: ConfiguredStage]] = []
    for stage in outline.stages {
      configurations.append(stage.configure(in: axes, into: &sink))
    }
    Self.checkPointsRemain(graph, in: axes, into: &sink)
    let checks = ReportChecks(graph: graph, axes: axes, folder: folder)
    tables = outline.tables.compactMap { entry in
      checks.table(entry, into: &sink).map { (entry.key, $0) }
    }
    figures = outline.figures.compactMap { entry in
      checks.figure(entry, into: &sink).map { (entry.key, $0) }
    }
    if !sink.diagnostics.isEmpty { return nil }
    instances = graph.instances(in: axes, configurations: configurations)
  }

  private static func arePointsFew(
    _ stages: [(declaration: StageDeclaration, axes: Set<String>)], in axes: AxisSpace,
    into sink: inout DiagnosticSink
  ) -> Bool {
    let many = stages.filter { axes.productSize(of: $0.axes) > AxisSpace.pointLimit }
    for (declaration, names) in many {
      sink.report(
        declaration.position,
        "'\(declaration.name)' would run more than \(AxisSpace.pointLimit) times, once for each "
          + "point of \(axes.sorted(names).joined(separator: ", ")); shorten the axes")
    }
    return many.isEmpty
  }

  private static func checkPointsRemain(
    _ graph: StageGraph, in axes: AxisSpace, into sink: inout DiagnosticSink
  ) {
    for stage in graph.stages where stage.axes.allSatisfy({ axes.values[$0]?.isEmpty == false }) {
      if axes.points(of: stage.axes).isEmpty {
        let name = stage.declaration.name
        sink.report(
          stage.declaration.position, "'include' and 'exclude' leave no point of '\(name)'")
      }
    }
  }
}
