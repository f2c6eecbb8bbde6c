import OrderedCollections

/// The part of a report that says where everything began: data sets and models from outside with
/// their SHA-256, and what the program made itself.
struct DataSection {
  let planned: [ExpectedInstance]
  let data: ReportData

  /// The section's content.
  var markup: Markup {
    let origins = planned.filter { instance in
      guard let work = instance.work else { return false }
      return work.inputs.isEmpty || !external(of: data.result(of: instance)).isEmpty
    }
    if origins.isEmpty { return .empty }
    return .element("div", ["class": "origins"], origins.map(markup))
  }

  private func markup(_ instance: ExpectedInstance) -> Markup {
    let result = data.result(of: instance)
    let work = instance.work
    var entries = [("Kind", work?.kind ?? "")]
    if let source = work?.parameters["source"]?.string, !source.isEmpty {
      entries.append(("Source", source))
    } else {
      entries.append(("Source", "made by this program"))
    }
    for (name, digest) in external(of: result) {
      entries.append((name == "source" ? "SHA-256" : "SHA-256 of \(name)", digest))
    }
    entries += counts(of: result)
    if result == nil { entries.append(("State", "not done")) }
    return .element(
      "div", ["class": "card"],
      .element(
        "h3", [:], .element("a", ["href": "#stage-\(instance.stageName)"], Markup(instance.name))),
      ReportPage.definitions(entries))
  }

  /// The digests of content from outside, as they stand in the result's key.
  private func external(of result: InstanceResult?) -> [(String, String)] {
    let digests = result?.record?["key_fields"]?["external"]?.object ?? [:]
    return digests.sorted { $0.key < $1.key }.map { ($0.key, $0.value.exactText) }
  }

  private func counts(of result: InstanceResult?) -> [(String, String)] {
    let values = (result?.values ?? [:]).sorted { $0.key < $1.key }
    return values.compactMap { name, value in
      guard let count = value.number.flatMap({ Int(exactly: $0) }) else { return nil }
      return (
        name.prefix(1).uppercased() + name.dropFirst().replacing("_", with: " "),
        NumberText.grouped(count)
      )
    }
  }
}
