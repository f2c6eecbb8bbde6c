import Foundation
import OrderedCollections

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
  private let data: ReportData
  private let digests: [(String, String)]

  /// Gathers the splits of a plan, and what each evaluation must not share with training.
  init(planned: [ExpectedInstance], data: ReportData) {
    self.data = data
    let splits = planned.filter { data.result(of: $0)?.count("test_count") != nil }
    let divided = splits.map { instance in
      Sides(
        first: Side(instance: instance.name, output: "train"),
        second: Side(instance: instance.name, output: "test"))
    }
    let measured = planned.compactMap { instance -> Sides? in
      guard let tested = instance.work?.input("problems"),
        let trained = instance.work?.input("trained_on")
      else { return nil }
      return Sides(
        first: Side(instance: trained.producer, output: trained.output),
        second: Side(instance: tested.producer, output: tested.output))
    }
    sides = OrderedSet(divided + measured)
    digests = splits.flatMap { instance in
      ["train", "test"].compactMap { side in
        data.result(of: instance)?.values["\(side)_ids_sha256"]?.string
          .map { ("\(instance.name).\(side)", $0) }
      }
    }
  }

  /// The section's content.
  var markup: Markup {
    if sides.isEmpty { return .empty }
    let head = ["Train side", "Problems", "Test side", "Problems", "In common"]
    let cells = head.enumerated().map { index, text in
      Markup.element(
        "th", ["scope": "col", "class": index % 2 == 1 || index == 4 ? "number" : ""],
        Markup(text))
    }
    let table = Markup.element(
      "table", [:], .element("thead", [:], .element("tr", [:], cells)),
      .element("tbody", [:], sides.map(row)))
    return .element(
      "div", ["class": "table"],
      .element(
        "div", ["class": "scroll", "tabindex": "0", "role": "group", "aria-label": "Splits"], table),
      .element(
        "ul", ["class": "notes"],
        .element(
          "li", [:],
          "Ids on both sides, counted when this report was made. A split also"
            + " leaves out questions that are alike, and an evaluation refuses problems that were"
            + " trained on.")),
      hashes)
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
    guard let folder = data.result(named: side.instance)?.folder,
      let table = try? RowTable(contentsOf: folder.appending(path: "\(side.output).h5")),
      let list = try? table.strings("id")
    else { return nil }
    return (list, table.attributes["warning"])
  }
}
