import Base
import Foundation
import OrderedCollections
import Runner
import Tasks

/// The part of a report that says what every stage did: parameters, key, time, published values.
struct StagesSection {
  let data: Findings

  var markup: Markup {
    let names = OrderedSet(data.instances.map(\.stageName))
    return Markup(
      names.map { name in stage(name, data.instances.filter { $0.stageName == name }) })
  }

  private func stage(_ name: String, _ instances: [PlannedInstance]) -> Markup {
    let results = instances.filter(\.isDone)
    let time = results.map(\.seconds).reduce(0, +)
    let count = instances.count == 1 ? "" : "\(results.count) of \(instances.count) done · "
    let stopped = instances.count { $0.state == .stopped }
    let state =
      (results.isEmpty ? "not done" : count + NumberText.duration(time))
      + (stopped == 0 ? "" : " · \(stopped) stopped")
    let heading = Markup.element(
      "h3", [:], .element("code", [:], Markup(name)),
      .element("span", ["class": "tag"], Markup(results.first?.kind.name ?? "to run")),
      .element("span", ["class": "quiet"], Markup(state)))
    let rows = instances.map { instance in
      instance.artifact.map { markup(instance, $0) } ?? missing(instance)
    }
    let list =
      rows.count <= Self.shown
      ? Markup(rows)
      : .element(
        "details", ["class": "row"],
        .element("summary", [:], Markup("All \(NumberText.grouped(rows.count)) instances")),
        Markup(rows))
    return .element("section", ["class": "stage", "id": "stage-\(name)"], heading, list)
  }

  /// How many instances of a stage stand below its name.
  private static let shown = 8

  private func missing(_ instance: PlannedInstance) -> Markup {
    let state = instance.state == .stopped ? instance.reason : "not done"
    return .element("p", ["class": "row quiet"], Markup("\(instance.name): \(state)"))
  }

  private func markup(_ result: PlannedInstance, _ artifact: Artifact) -> Markup {
    let point = result.point.isEmpty ? "details" : result.point.coordinates
    let warning =
      result.values["warning"]?.string
      .map { Markup.element("span", ["class": "leak"], Markup("Warning: \($0).")) } ?? .empty
    let summary = Markup.element(
      "summary", [:], .element("span", ["class": "name"], Markup(point)),
      .element("span", ["class": "quiet"], Markup(NumberText.duration(result.seconds))),
      .element("code", ["class": "quiet"], Markup(String(artifact.key.prefix(12)))), warning)
    return .element(
      "details", ["class": "row"], summary,
      .element(
        "div", ["class": "pair"],
        list("Published values", .object(result.values), \.measuredText),
        list("Parameters", result.parameters, \.exactText)),
      .element("p", ["class": "quiet key"], "Key ", .element("code", [:], Markup(artifact.key))))
  }

  private func list(_ title: String, _ value: JSONValue, _ text: (JSONValue) -> String) -> Markup {
    let heading = Markup.element("h4", [:], Markup(title))
    let entries = value.leaves.map { ($0.path, text($0.value)) }
    if entries.isEmpty {
      return .element("div", [:], heading, .element("p", ["class": "quiet"], "None."))
    }
    return .element("div", [:], heading, ReportPage.definitions(entries))
  }
}

extension JSONValue {
  /// The leaves of nested objects with their paths, such as `loss.clip_low`, sorted by path.
  var leaves: [(path: String, value: JSONValue)] {
    guard case .object(let entries) = self else { return [("", self)] }
    return entries.sorted { $0.key < $1.key }.flatMap { key, value in
      value.leaves.map { ($0.path.isEmpty ? key : "\(key).\($0.path)", $0.value) }
    }
  }

  /// The value exactly, as a parameter must be shown; strings without quotes.
  var exactText: String {
    switch self {
    case .string(let text): text
    case .null: "–"
    case .array(let elements): elements.map(\.exactText).joined(separator: ", ")
    default: text
    }
  }

  /// The value as a measured number is shown: five significant figures.
  var measuredText: String { number.map(NumberText.short) ?? exactText }
}

/// The part of a report that says where everything began: data sets and models from outside with
/// their SHA-256, and what the program made itself.
struct DataSection {
  let data: Findings

  var markup: Markup {
    let origins = data.instances.filter { instance in
      instance.instance.inputs.isEmpty || !external(of: instance).isEmpty
    }
    if origins.isEmpty { return .empty }
    return .element("div", ["class": "origins"], origins.map(markup))
  }

  private func markup(_ instance: PlannedInstance) -> Markup {
    var entries = [("Kind", instance.kind.name)]
    let source = instance.parameters["source"]
    let names = source?.array?.compactMap(\.string) ?? [source?.string ?? ""]
    if names != [""] {
      entries.append(("Source", names.joined(separator: ", ")))
    } else {
      entries.append(("Source", "made by this program"))
    }
    for (name, digest) in external(of: instance) {
      entries.append((name == "source" ? "SHA-256" : "SHA-256 of \(name)", digest))
    }
    entries += counts(of: instance)
    if !instance.isDone {
      entries.append(("State", instance.state == .stopped ? instance.reason : "not done"))
    }
    return .element(
      "div", ["class": "card"],
      .element(
        "h3", [:], .element("a", ["href": "#stage-\(instance.stageName)"], Markup(instance.name))),
      ReportPage.definitions(entries))
  }

  /// The digests of content from outside, as they stand in the result's key.
  private func external(of instance: PlannedInstance) -> [(String, String)] {
    let digests = instance.artifact?.record.fields.external ?? [:]
    return digests.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private func counts(of instance: PlannedInstance) -> [(String, String)] {
    let values = instance.values.sorted { $0.key < $1.key }
    return values.compactMap { name, value in
      guard let count = value.number.flatMap({ Int(exactly: $0) }) else { return nil }
      return (
        name.prefix(1).uppercased() + name.dropFirst().replacing("_", with: " "),
        NumberText.grouped(count)
      )
    }
  }
}

/// The part of a report that says which problems were kept apart, and shows that they were: the
/// ids on both sides are compared when the report is made.
struct SplitsSection {
  /// Two sets of problems that must not meet.
  private struct Sides: Hashable {
    let first: Side
    let second: Side
  }

  private struct Side: Hashable {
    let instance: String
    let output: String
    var name: String { "\(instance).\(output)" }
  }

  private let sides: OrderedSet<Sides>
  private let data: Findings
  private let digests: [(String, String)]

  /// Gathers the splits of a plan, and what each evaluation must not share with training.
  init(_ data: Findings) {
    self.data = data
    let splits = data.instances.filter { $0.count("test_count") != nil }
    let divided = splits.map { instance in
      Sides(
        first: Side(instance: instance.name, output: "train"),
        second: Side(instance: instance.name, output: "test"))
    }
    let measured = data.instances.filter(\.isEvaluation).flatMap { instance -> [Sides] in
      guard let tested = data.binding(of: "problems", of: instance) else { return [] }
      let named = [data.binding(of: "trained_on", of: instance)].compactMap(\.self)
      let learned = data.models(behind: instance).flatMap { model in
        ["problems", "traces"].compactMap { data.binding(of: $0, of: model) }
      }
      return (learned + named).map { trained in
        Sides(
          first: Side(instance: trained.producer, output: trained.output),
          second: Side(instance: tested.producer, output: tested.output))
      }
    }
    sides = OrderedSet(divided + measured + Self.chosen(data))
    digests = splits.flatMap { instance in
      ["train", "test"].compactMap { side in
        instance.values["\(side)_ids_sha256"]?.string
          .map { ("\(instance.name).\(side)", $0) }
      }
    }
  }

  /// What chose the models that an evaluation measures, and what it measures them on.
  private static func chosen(_ data: Findings) -> [Sides] {
    data.instances.flatMap { instance -> [Sides] in
      guard let tested = data.binding(of: "problems", of: instance) else { return [] }
      return data.models(behind: instance).compactMap { data.binding(of: "on", of: $0) }.map { on in
        Sides(
          first: Side(instance: on.producer, output: on.output),
          second: Side(instance: tested.producer, output: tested.output))
      }
    }
  }

  var markup: Markup {
    if sides.isEmpty { return .empty }
    let head = ["Trained or chosen on", "Problems", "Test side", "Problems", "In common"]
    let table = HTMLTable.table(
      HTMLTable.head(head, numbers: [1, 3, 4]), [.element("tbody", [:], sides.map(row))])
    return HTMLTable.framed(
      table, label: "Splits",
      [
        HTMLTable.notes([
          "Ids on both sides, counted when this report was made. A split also"
            + " leaves out questions that are alike, and an evaluation refuses problems that were"
            + " trained on or that chose its model."
        ]), hashes,
      ])
  }

  private var hashes: Markup {
    if digests.isEmpty { return .empty }
    return .element(
      "details", ["class": "fold"], .element("summary", [:], "SHA-256 of the ids of each side"),
      ReportPage.definitions(digests))
  }

  private func row(_ sides: Sides) -> Markup {
    let (first, second) = (ids(of: sides.first), ids(of: sides.second))
    var common = Markup.element("span", ["class": "quiet"], "not at hand")
    if let first, let second {
      let count = Set(first.list).intersection(second.list).count
      common = .element(
        "span", ["class": "badge " + (count == 0 ? "right" : "wrong")],
        Markup(count == 0 ? "✓ none" : "✗ \(NumberText.grouped(count))"))
    }
    let warning = second?.warning.map { Markup.element("span", ["class": "leak"], Markup($0)) }
    func number(_ list: [String]?) -> Markup {
      .element("td", ["class": "number"], Markup(list.map { NumberText.grouped($0.count) } ?? "–"))
    }
    return .element(
      "tr", [:], .element("th", ["scope": "row"], Markup(sides.first.name)), number(first?.list),
      .element("td", [:], Markup(sides.second.name), warning ?? .empty), number(second?.list),
      .element("td", ["class": "number"], common))
  }

  private func ids(of side: Side) -> (list: [String], warning: String?)? {
    guard let instance = data[side.instance],
      let table = try? data.tables.table("\(side.output).h5", of: instance),
      let list = try? side.output == "traces" ? Traces(table).problemIDs : Problems(table).ids
    else { return nil }
    // There may be several traces of a problem.
    return (OrderedSet(list).elements, Problems(table).warning)
  }
}
