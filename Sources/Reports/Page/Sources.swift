import Base
import Foundation
import OrderedCollections
import Runner

/// The part of a report on joined results that says which packed file, or whose results, gave what.
struct SourcesSection {
  /// What came from one source.
  private struct Origin {
    let share: JoinedResults.Share
    let seconds: Double
    let machines: [String]
    let versions: [String]
  }

  private let origins: [Origin]

  init(_ shares: [JoinedResults.Share], _ data: Findings) {
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
    if origins.isEmpty { return [] }
    let parts = origins.map { origin in
      let machines = origin.machines.isEmpty ? "" : ", " + origin.machines.joined(separator: ", ")
      return "\(origin.share.source) (\(origin.share.given.count) results\(machines))"
    }
    return ["Joined from \(parts.joined(separator: "; "))."] + notes
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
