import Base
import Foundation
import OrderedCollections

/// Checks what tables, figures and claims say against the stages and the axes.
struct ReportChecks {
  let graph: StageGraph
  let axes: AxisSpace
  private let folder: URL
  private let configurations: [[AxisPoint: ConfiguredStage]]?

  /// Whether stages must declare what they are asked for.
  var checksNames: Bool { configurations != nil }

  /// Prepares to check tables and figures of a recipe.
  /// - Parameters:
  ///   - folder: where the recipe stands; published values are looked for from there.
  ///   - configurations: for each stage, its parameters at the points of the axes that they name;
  ///     nil where names of values are not checked.
  init(
    graph: StageGraph, axes: AxisSpace, folder: URL,
    configurations: [[AxisPoint: ConfiguredStage]]?
  ) {
    self.graph = graph
    self.axes = axes
    self.folder = folder
    self.configurations = configurations
  }

  /// Reads a table, reporting what is wrong with it.
  func table(_ entry: RecipeEntry, into sink: inout DiagnosticSink) -> TableSpecification? {
    let places = ReportPlaces(withPointsAsText(entry), "table")
    guard let table = read(TableSpecification.self, places, into: &sink) else { return nil }
    let known = stages(table.value, "value", places, into: &sink)
    var lists = [("rows", table.rows), ("columns", table.columns), ("over", table.over)]
    if let along = table.along {
      lists.insert(("along", [along]), at: 2)
      checkNumbers(of: along, "along", places, into: &sink)
      checkCost(table.cost, named: lists.flatMap(\.1), places, into: &sink)
    }
    check(lists, of: known, places, into: &sink)
    checkBaseline(of: table, places, into: &sink)
    checkPublished(by: table, places, into: &sink)
    return table
  }

  /// Reads a figure, reporting what is wrong with it.
  func figure(_ entry: RecipeEntry, into sink: inout DiagnosticSink) -> FigureSpecification? {
    let places = ReportPlaces(withPointsAsText(entry), "figure")
    guard let figure = read(FigureSpecification.self, places, into: &sink) else { return nil }
    FigureChecks(figure, places, checks: self, graph: graph, axes: axes).check(into: &sink)
    return figure
  }

  func read<Specification: ParameterSet>(
    _ type: Specification.Type, _ places: ReportPlaces, into sink: inout DiagnosticSink
  ) -> Specification? {
    places.entry.checkName(of: "a \(places.what)", into: &sink)
    let entries = places.entry.node.entries(expected: "a mapping", into: &sink)
    if let title = entries?["title"]?.node, case .string(let text) = title.value,
      !text.trimmingCharacters(in: .newlines).isOneLine
    {
      sink.report(title.position, "a title is one line without control characters")
    }
    return entries.flatMap {
      Specification.decode($0, at: places.entry.keyPosition, owner: places.owner, into: &sink)
    }
  }

  /// The stages whose values are shown, as `stage.value`.
  /// - Parameter use: what they are asked for; a name that is not declared so is reported. Nil where
  ///   the name is not looked at.
  func stages(
    _ values: [String], _ key: String, _ places: ReportPlaces, as use: NameUse? = .value,
    into sink: inout DiagnosticSink
  ) -> [LinkedStage] {
    values.enumerated().compactMap { index, value in
      let position = places.place(of: key, element: index)
      let parts = value.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts.contains("") else {
        let example = "such as \(graph.stages.last?.declaration.name ?? "scores").accuracy"
        sink.report(position, "expected stage.value, \(example), found '\(value)'")
        return nil
      }
      if let stage = graph[String(parts[0])] {
        if let use { check(name: String(parts[1]), of: stage, as: use, at: position, into: &sink) }
        return stage
      }
      let hint = suggestion(for: String(parts[0]), among: graph.stages.map(\.declaration.name))
      sink.report(position, "unknown stage '\(parts[0])'\(hint)")
      return nil
    }
  }

  func check(
    _ lists: [(key: String, axes: [String])], of stages: [LinkedStage], _ places: ReportPlaces,
    into sink: inout DiagnosticSink
  ) {
    var seen: [String: String] = [:]
    for (key, names) in lists {
      for (index, name) in names.enumerated() {
        let position = places.place(of: key, element: index)
        if let earlier = seen[name] {
          sink.report(position, "the axis '\(name)' stands in '\(earlier)' already")
        } else {
          check(name, of: stages, at: position, into: &sink)
        }
        seen[name] = seen[name] ?? key
      }
    }
    checkNothingLeft(lists, of: stages, places, into: &sink)
  }

  func check(
    _ axis: String, of stages: [LinkedStage], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    guard axes.values[axis] != nil else {
      let hint = suggestion(for: axis, among: Array(axes.values.keys))
      sink.report(position, "unknown axis '\(axis)'\(hint)")
      return
    }
    guard !stages.isEmpty, stages.allSatisfy(\.isLinked),
      !stages.contains(where: { $0.axes.contains(axis) })
    else { return }
    let names = stages.map { "'\($0.declaration.name)'" }.joined(separator: ", ")
    let depended = axes.sorted(stages.reduce(into: []) { $0.formUnion($1.axes) })
    let rest = depended.isEmpty ? "on no axis" : "on \(depended.joined(separator: ", ")) only"
    sink.report(position, "\(names) does not depend on the axis '\(axis)' (\(rest))")
  }

  /// Every axis of several values must be said something of, or a cell would hold many numbers.
  private func checkNothingLeft(
    _ lists: [(key: String, axes: [String])], of stages: [LinkedStage], _ places: ReportPlaces,
    into sink: inout DiagnosticSink
  ) {
    let named = Set(lists.flatMap(\.axes))
    for stage in stages {
      for axis in axes.sorted(stage.axes) where !named.contains(axis) {
        guard Set(axes.points(of: stage.axes).map { $0[axis] }).count > 1 else { continue }
        sink.report(
          places.entry.keyPosition,
          "'\(stage.declaration.name)' depends on the axis '\(axis)', which the \(places.what) "
            + "does not mention; name it in \(Self.choice(lists.map(\.key)))")
      }
    }
  }

  private static func choice(_ keys: [String]) -> String {
    keys.map { "'\($0)'" }.dropLast().joined(separator: ", ") + " or '\(keys.last ?? "")'"
  }

  /// The table, figure or claim with the values of axes that it names as text, so that `seed: 1`
  /// needs no quotes.
  func withPointsAsText(_ entry: RecipeEntry) -> RecipeEntry {
    let keys = ["baseline", "between"] + ClaimTest.allCases.map(\.rawValue)
    return keys.reduce(entry) { entry, key in
      entry.mapValue(of: key) { points in
        points.mapElements { point in
          point.mapEntries { part in part.node.mapElements { text(of: $0, axis: part.key) } }
        }
      }
    }
  }

  private func text(of node: RecipeNode, axis: String) -> RecipeNode {
    guard let found = node.value.scalar else { return node }
    let own = axes.values[axis]?.first { $0.isSameAxisValue(as: found) }
    return RecipeNode(.string((own ?? found).label), at: node.position)
  }

  private func checkBaseline(
    of table: TableSpecification, _ places: ReportPlaces, into sink: inout DiagnosticSink
  ) {
    for entry in places.entries(of: "baseline") {
      if !table.rows.contains(entry.key) {
        let hint = suggestion(for: entry.key, among: table.rows)
        let message =
          "the baseline names axes of 'rows', not '\(entry.key)'\(hint)"
        sink.report(entry.keyPosition, message)
      } else if let values = axes.values[entry.key] {
        _ = entry.node.value(of: entry.key, among: values, into: &sink)
      }
    }
  }
}

extension ReportChecks {
  /// Published values are read before anything runs, not after a night. A file that is missing is
  /// missed when it is needed, for a recipe may be checked without it.
  private func checkPublished(
    by table: TableSpecification, _ places: ReportPlaces, into sink: inout DiagnosticSink
  ) {
    for (index, path) in table.published.enumerated() {
      do {
        _ = try PublishedTable(contentsOf: PublishedTable.file(path, beside: folder))
      } catch ReportError.mistakenPublished(let mistakes) {
        let position = places.place(of: "published", element: index)
        sink.report(position, "the published values have mistakes:\n\(mistakes)")
      } catch {}
    }
  }
}

extension RecipeNode {
  /// The mapping with each value replaced; other nodes stay as they are.
  fileprivate func mapEntries(_ replace: (RecipeEntry) -> RecipeNode) -> RecipeNode {
    guard case .map(let entries) = value else { return self }
    let replaced = entries.map {
      RecipeEntry(key: $0.key, keyPosition: $0.keyPosition, node: replace($0))
    }
    return RecipeNode(.map(replaced), at: position)
  }
}

extension RecipeNode {
  /// The list with each element replaced, or what is no list replaced itself.
  fileprivate func mapElements(_ replace: (RecipeNode) -> RecipeNode) -> RecipeNode {
    guard case .list(let nodes) = value else { return replace(self) }
    return RecipeNode(.list(nodes.map(replace)), at: position)
  }
}

extension RecipeEntry {
  /// The entry with the value of one of its mapping's keys replaced.
  fileprivate func mapValue(
    of key: String, _ replace: (RecipeNode) -> RecipeNode
  ) -> RecipeEntry {
    let node = node.mapEntries { $0.key == key ? replace($0.node) : $0.node }
    return RecipeEntry(key: self.key, keyPosition: keyPosition, node: node)
  }
}

/// Where the parts of a table, figure or claim stand.
struct ReportPlaces {
  let entry: RecipeEntry
  let what: String
  private let parts: [RecipeEntry]

  init(_ entry: RecipeEntry, _ what: String) {
    self.entry = entry
    self.what = what
    if case .map(let parts) = entry.node.value { self.parts = parts } else { parts = [] }
  }

  var owner: String { " in \(what) '\(entry.key)'" }

  /// The place of an element of a key's list, or of its single value.
  func place(of key: String, element: Int) -> SourcePosition {
    guard let node = parts[key]?.node else { return entry.keyPosition }
    if case .list(let nodes) = node.value, nodes.indices.contains(element) {
      return nodes[element].position
    }
    return node.position
  }

  /// The elements of a key's list, or its single value.
  func elements(of key: String) -> [RecipeNode] {
    switch parts[key]?.node.value {
    case .list(let nodes)?: nodes
    case nil: []
    default: parts[key].map { [$0.node] } ?? []
    }
  }

  func entries(of key: String) -> [RecipeEntry] {
    if case .map(let entries)? = parts[key]?.node.value { entries } else { [] }
  }
}

/// Checks what tables and figures say of a target that is reached along an axis.
extension ReportChecks {
  /// Reports an axis whose values are no numbers, so that nothing runs along it.
  /// - Parameter hint: what to do instead, behind the message.
  func checkNumbers(
    of axis: String, _ key: String, _ places: ReportPlaces, hint: String = "",
    into sink: inout DiagnosticSink
  ) {
    guard let other = axes.values[axis]?.first(where: { $0.number == nil }) else { return }
    sink.report(
      places.place(of: key, element: 0),
      "'\(key)' needs an axis of numbers, but '\(axis)' has the value \(other.label)\(hint)")
  }

  /// Reports a cost that depends on an axis of which nothing is said.
  /// - Parameter named: the axes of which the table or figure says something.
  func checkCost(
    _ cost: String?, named: [String], _ places: ReportPlaces, into sink: inout DiagnosticSink
  ) {
    guard let cost else { return }
    for stage in stages([cost], "cost", places, as: .valueOrMetric, into: &sink)
    where stage.isLinked {
      for axis in axes.sorted(stage.axes) where !named.contains(axis) {
        guard Set(axes.points(of: stage.axes).map { $0[axis] }).count > 1 else { continue }
        sink.report(
          places.place(of: "cost", element: 0),
          "the cost of '\(stage.declaration.name)' depends on the axis '\(axis)', which the"
            + " \(places.what) does not mention")
      }
    }
  }
}

/// Checks that stages publish and log what they are asked for.
extension ReportChecks {
  func check(
    name: String, of stage: LinkedStage, as use: NameUse, at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    guard checksNames, let kind = stage.declaration.kind,
      kind.names.isKnown
    else { return }
    let declared = kind.names
    let names = use.names(of: declared)
    if names.contains(name) { return }
    let owner = "'\(stage.declaration.name)' (kind \(kind.kind))"
    for pattern in names.map(DeclaredName.init) {
      guard let number = pattern.number(in: name), let parameter = pattern.parameter else {
        continue
      }
      if let most = greatest(parameter, of: stage), number > most {
        sink.report(
          position,
          "'\(name)' needs '\(parameter)' of at least \(number), and \(owner) has \(most)")
      }
      return
    }
    let isMetric = use == .value && declared.metrics.contains(name)
    let isValue = use == .metric && declared.values.contains(name)
    let plain = names.filter { DeclaredName($0).parameter == nil }
    let hint =
      isMetric
      ? "; it logs it by step, which a figure draws as 'line'"
      : isValue
        ? "; it publishes it as a value, for tables and 'bars'"
        : suggestion(for: name, among: plain)
    let verb =
      switch use {
      case .metric: "logs no metric"
      case .fact: "has no"
      case .value, .valueOrMetric: "publishes no value"
      }
    sink.report(position, "\(owner) \(verb) '\(name)'\(hint)")
  }

  /// The greatest value of a parameter over a stage's points; nil where it is not known.
  private func greatest(_ parameter: String, of stage: LinkedStage) -> Int? {
    let name = stage.declaration.name
    guard let configurations,
      let index = graph.stages.firstIndex(where: { $0.declaration.name == name })
    else { return nil }
    return configurations[index].values.compactMap { $0.parameters[parameter]?.integer }.max()
  }

  /// Whether curves of all of the stages run along a name; a kind that does not say what it logs
  /// may log anything.
  func areLogged(_ name: String, by stages: [LinkedStage]) -> Bool {
    name == "step" || !checksNames
      || stages.allSatisfy { stage in
        guard let names = stage.declaration.kind?.names, names.isKnown else { return true }
        return names.metrics.contains(name)
      }
  }
}
