import OrderedCollections

/// Which machines and versions made the results, from the artifacts' records.
struct Provenance {
  /// One machine with one set of versions, and the instances that it made.
  private struct Origin {
    let facts: [(String, String)]
    var instances: [String]
  }

  private var origins: [Origin] = []
  private var unreadable: [String] = []

  /// Reads `record.json` of each result.
  init(_ results: [InstanceResult]) {
    var found: OrderedDictionary<JSONValue, [String]> = [:]
    for result in results {
      guard let record = result.record else {
        unreadable.append(result.name)
        continue
      }
      let origin: JSONValue = [
        "machine": record["machine"] ?? .null, "versions": record["versions"] ?? .null,
      ]
      found[origin, default: []].append(result.name)
    }
    origins = found.map { origin, names in
      let leaves = (origin["machine"]?.leaves ?? []) + (origin["versions"]?.leaves ?? [])
      let facts = leaves.filter { $0.value != .null }.map { ($0.path, $0.value.exactText) }
      return Origin(facts: facts, instances: names)
    }
  }

  /// The section's content.
  var markup: Markup {
    let parts = origins.map { origin in
      let count = origin.instances.count == 1 ? "1 instance" : "\(origin.instances.count) instances"
      let names = Markup.element(
        "details", [:], .element("summary", [:], Markup(count)),
        .element("p", ["class": "quiet"], Markup(origin.instances.joined(separator: " · "))))
      return Markup.element("div", ["class": "card"], ReportPage.definitions(origin.facts), names)
    }
    if unreadable.isEmpty { return Markup(parts) }
    let sentence = "No record could be read for \(unreadable.joined(separator: ", "))."
    return Markup(parts) + .element("p", ["class": "warning"], Markup(sentence))
  }
}
