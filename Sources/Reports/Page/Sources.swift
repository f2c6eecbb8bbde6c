import Base
import Foundation
import OrderedCollections
import Runner

/// The part of a report that says what was not made here: which packed file, or whose results, gave
/// what.
struct SourcesSection {
  /// What came from one source.
  private struct Origin {
    let share: JoinedResults.Share
    let seconds: Double
    let machines: [String]
    let versions: [String]
  }

  private let origins: [Origin]
  /// What was taken over from packed files, each with the instances.
  private let taken: OrderedDictionary<ArtifactOrigin, [String]>

  init(_ shares: [JoinedResults.Share], _ data: Findings) {
    taken = OrderedDictionary(
      grouping: data.instances.filter { $0.artifact?.origin != nil }, by: { $0.artifact?.origin }
    ).reduce(into: [:]) { taken, entry in
      if let origin = entry.key { taken[origin] = entry.value.map(\.name) }
    }
    origins = shares.map { share in
      let records = share.given.compactMap { data[$0]?.artifact?.record }
      return Origin(
        share: share, seconds: records.map(\.seconds).reduce(0, +),
        machines: OrderedSet(records.map { "\($0.machine.host) (\($0.machine.processor))" })
          .elements,
        versions: OrderedSet(records.compactMap { $0.versions["warmup"] }).elements)
    }
  }

  var markup: Markup {
    let notes = takenSentences.map { Markup.element("p", ["class": "warning"], Markup($0)) }
    return joined + Markup(notes)
  }

  /// What was taken over from packed files: how it was made is their word.
  private var takenSentences: [String] {
    taken.map { origin, names in
      let count = names.count == 1 ? "1 result was" : "\(names.count) results were"
      return "\(count) not made here, \(origin.words): \(names.joined(separator: ", "))."
    }
  }

  private var joined: Markup {
    if origins.isEmpty { return .empty }
    let head = ["From", "Results", "Also there", "Time", "Machine", "warmup"]
    let rows = origins.map { origin in
      Markup.element(
        "tr", [:], .element("th", ["scope": "row"], Markup(origin.share.source)),
        HTMLTable.number("\(origin.share.given.count)"),
        HTMLTable.number(origin.share.repeated == 0 ? "" : "\(origin.share.repeated)"),
        HTMLTable.number(NumberText.duration(origin.seconds)),
        .element("td", [:], Markup(origin.machines.joined(separator: ", "))),
        .element("td", [:], Markup(origin.versions.joined(separator: ", "))))
    }
    let table = HTMLTable.table(
      HTMLTable.head(head, numbers: [1, 2, 3]), [.element("tbody", [:], rows)])
    return HTMLTable.framed(
      table, label: "Sources",
      [HTMLTable.notes([Self.meaning] + notes), Markup(origins.map(names))])
  }

  /// Sentences for the short form of the report; none where nothing was joined.
  var sentences: [String] {
    if origins.isEmpty { return takenSentences }
    let parts = origins.map { origin in
      let machines = origin.machines.isEmpty ? "" : ", " + origin.machines.joined(separator: ", ")
      return "\(origin.share.source) (\(origin.share.given.count) results\(machines))"
    }
    return ["Joined from \(parts.joined(separator: "; "))."] + notes + takenSentences
  }

  private static let meaning =
    "Results are identified by their keys; what is there several times is the same to the byte and counts "
    + "once, for the first that has it."

  private var notes: [String] {
    let machines = OrderedSet(origins.flatMap(\.machines))
    let times =
      machines.count < 2
      ? [] : ["Times are those of \(machines.count) machines, and sums of them mix these."]
    return times
      + origins.filter { !$0.share.otherSections.isEmpty }.map { origin in
        "\(origin.share.source) has other \(origin.share.otherSections.joined(separator: ", ")): "
          + "those of \(origins[0].share.source) are shown."
      }
  }

  private func names(_ origin: Origin) -> Markup {
    .element(
      "details", ["class": "fold"], .element("summary", [:], Markup(origin.share.source)),
      .element("p", ["class": "quiet"], Markup(origin.share.given.joined(separator: " · "))))
  }
}
