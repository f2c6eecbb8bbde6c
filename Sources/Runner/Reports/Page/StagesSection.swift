import OrderedCollections

/// The part of a report that says what every stage did: parameters, key, time, published values.
struct StagesSection {
  let planned: [ExpectedInstance]
  let data: ReportData

  /// The section's content.
  var markup: Markup {
    let names = OrderedSet(planned.map(\.stageName))
    return Markup(names.map { name in stage(name, planned.filter { $0.stageName == name }) })
  }

  private func stage(_ name: String, _ instances: [ExpectedInstance]) -> Markup {
    let results = instances.compactMap(data.result)
    let time = results.map(\.seconds).reduce(0, +)
    let count = instances.count == 1 ? "" : "\(results.count) of \(instances.count) done · "
    let state = results.isEmpty ? "not done" : count + NumberText.duration(time)
    let heading = Markup.element(
      "h3", [:], .element("code", [:], Markup(name)),
      .element("span", ["class": "tag"], Markup(results.first?.kind ?? "to run")),
      .element("span", ["class": "quiet"], Markup(state)))
    return .element(
      "section", ["class": "stage", "id": "stage-\(name)"],
      [heading]
        + instances.map { instance in
          data.result(of: instance).map(markup) ?? missing(instance)
        })
  }

  private func missing(_ instance: ExpectedInstance) -> Markup {
    .element("p", ["class": "row quiet"], Markup(instance.name + ": not done"))
  }

  private func markup(_ result: InstanceResult) -> Markup {
    let point = result.point.isEmpty ? "details" : result.point.coordinates
    let summary = Markup.element(
      "summary", [:], .element("span", ["class": "name"], Markup(point)),
      .element("span", ["class": "quiet"], Markup(NumberText.duration(result.seconds))),
      .element("code", ["class": "quiet"], Markup(String(result.key.prefix(12)))))
    return .element(
      "details", ["class": "row"], summary,
      .element(
        "div", ["class": "pair"],
        list("Published values", .object(result.values), \.measuredText),
        list("Parameters", result.parameters, \.exactText)),
      .element("p", ["class": "quiet key"], "Key ", .element("code", [:], Markup(result.key))))
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
