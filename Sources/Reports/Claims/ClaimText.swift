import Base
import OrderedCollections
import Runner

extension ClaimResult {
  /// What is tested, such as `scores.accuracy: warmed_rl > base_rl (math500)`.
  package var hypothesis: String {
    let shared: AxisPoint = first.filter { second[$0.key] == $0.value }
    func own(_ point: AxisPoint) -> String {
      let rest: AxisPoint = point.filter { shared[$0.key] == nil }
      return rest.label
    }
    let (one, other) = (own(first), own(second))
    let place = shared.isEmpty ? "" : " (\(shared.label))"
    let statement =
      switch claim.test {
      case .greater: "\(one) > \(other)"
      case .less: "\(one) < \(other)"
      case .notLess: "\(one) > \(other) \(NumberText.minus) \(margin)"
      case .equivalent: "\(one) = \(other) ± \(margin)"
      }
    return "\(claim.value): \(statement)\(place)"
  }

  private var margin: String { NumberText.short(claim.within ?? 0) }

  private var decimals: Int {
    switch measurement.format {
    case .percent: 1
    case .integer, .tokens: 0
    case .decimal: NumberText.decimals(for: abs(difference ?? 0))
    }
  }

  /// `+6.7`, or a dash until all runs are done.
  package var differenceText: String {
    difference.map { NumberText.signed($0, decimals: decimals) } ?? "–"
  }

  /// `[+2.1, +11.3]`; nil where there is none.
  package var intervalText: String? {
    interval.map { "[\(NumberText.bounds($0, decimals: decimals))]" }
  }

  /// The adjusted p value of the test that the verdict stands on: the opposite's where that refutes.
  package var probabilityText: String {
    guard measurement.probabilities != nil else { return "–" }
    let value = verdict == .refuted ? opposition : support
    return value < 0.001 ? "< 0.001" : NumberText.fixed(value, decimals: 3)
  }

  /// The verdict with the numbers.
  fileprivate var outcomeText: String {
    [verdictText, numbersText].compactMap(\.self).joined(separator: ": ")
  }

  /// A row of a table, behind a title.
  fileprivate func cells(_ title: String) -> [String] {
    [
      title, verdictText, differenceText + (intervalText.map { " " + $0 } ?? ""), probabilityText,
      standing.words,
    ]
  }

  /// `+6.7 [+2.1, +11.3], p = 0.004`; nil until all runs are done.
  fileprivate var numbersText: String? {
    guard difference != nil else { return nil }
    let sign = probabilityText.hasPrefix("<") ? "" : "= "
    let probability = measurement.probabilities == nil ? "" : ", p \(sign)\(probabilityText)"
    return differenceText + (intervalText.map { " " + $0 } ?? "") + probability
  }

  /// What must be said with the verdict, such as `5 more seeds would support it`.
  package var qualifier: String? {
    switch verdict {
    case .open: return "\(measurement.done) of \(measurement.planned) runs"
    case .supported, .refuted: return isOfOneRun ? Self.oneRun : nil
    case .notDecided:
      if obstacle != nil { return "not tested" }
      let words = [isOfOneRun ? Self.oneRun : nil, neededText].compactMap(\.self)
      return words.isEmpty ? nil : words.joined(separator: "; ")
    }
  }

  /// `5 more seeds would support it`.
  private var neededText: String? {
    needed.map { source, more in
      let noun = source == .seeds && claim.over != ["seed"] ? "runs" : source.rawValue
      let would = measurement.isInFavour ? "would support it" : "would refute it"
      return "\(more) more \(more == 1 ? String(noun.dropLast()) : noun) \(would)"
    }
  }

  private static let oneRun = "one run: runs are taken not to vary"

  /// `not decided (5 more seeds would support it)`.
  package var verdictText: String {
    verdict.rawValue + (qualifier.map { " (\($0))" } ?? "")
  }

  /// For programs. Numbers are in the unit in which the value is shown.
  package var json: JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    func point(_ texts: [String: String]) -> JSONValue { .object(texts.mapValues { .string($0) }) }
    return [
      "name": .string(name), "says": .string(claim.says), "value": .string(claim.value),
      "test": .string(claim.test.rawValue), "first": point(claim.first),
      "second": point(claim.second), "over": .array(claim.over.map { .string($0) }),
      "within": number(claim.within), "verdict": .string(verdict.rawValue),
      "qualifier": qualifier.map { .string($0) } ?? .null, "difference": number(difference),
      "low": number(interval?.lowerBound), "high": number(interval?.upperBound),
      "p": number(measurement.probabilities?.support),
      "p_holm": measurement.probabilities == nil ? .null : .number(support),
      "p_opposite": number(measurement.probabilities?.opposition),
      "p_opposite_holm": measurement.probabilities == nil ? .null : .number(opposition),
      "runs": .integer(measurement.done), "planned": .integer(measurement.planned),
      "problems": measurement.problems.map { .integer($0) } ?? .null,
      "needed": needed.map { [$0.source.rawValue: .integer($0.more)] } ?? .null,
      "registered": .string(standing.code),
    ]
  }
}

extension ClaimsReport {
  /// A claim whose runs did not all pass the gates has under `gated` what comes of it over all.
  package var json: JSONValue {
    .array(
      results.map { result in
        var members = result.json.object ?? [:]
        members["gated"] = gated[result.name]?.json ?? .null
        return .object(members)
      })
  }

  private static let header = ["claim", "verdict", "difference", "p (Holm)", "registered"]

  /// For a terminal: three lines a claim, a fourth where gates failed, then the notes. Empty where
  /// nothing is claimed.
  package var terminalText: String {
    if isEmpty { return "" }
    let names = AlignedText.column(results.map(\.name))
    let indent = String(repeating: " ", count: 4 + (names.first?.count ?? 0))
    let lines = zip(names, results).flatMap { name, result in
      let gated = gated[result.name]
      let exception = gated.map { ", \($0.exception)" } ?? ""
      let more = gated.map { gated in
        [gated.scope, gated.result?.outcomeText].compactMap(\.self).joined(separator: ": ")
      }
      return [
        "  \(name)  \(result.outcomeText)\(exception)", "\(indent)\(result.claim.says)",
        "\(indent)\(result.hypothesis); registered: \(result.standing.words)",
      ] + (more.map { ["\(indent)\($0)"] } ?? [])
    }
    return (["Claims"] + lines + notes).map { $0 + "\n" }.joined()
  }

  /// As Markdown (GitHub's), with a heading. Empty where nothing is claimed.
  package var markdown: String {
    if isEmpty { return "" }
    let lines = results.flatMap { result in
      let gated = gated[result.name]
      let exception = gated.map { "; \($0.exception)" } ?? ""
      let title = "\(result.name): \(result.claim.says); \(result.hypothesis)\(exception)"
      let more = gated.map { gated in
        gated.result?.cells("\(result.name) \(gated.scope)")
          ?? ["\(result.name) \(gated.scope)", "", "", "", ""]
      }
      return ([result.cells(title)] + (more.map { [$0] } ?? []))
        .map { $0.map(TableReport.markdownText) }
    }
    let table = ([Self.header, ["---", "---", "---:", "---:", "---"]] + lines)
      .map { "| \($0.joined(separator: " | ")) |\n" }.joined()
    return "### Claims\n\n\(table)\n"
      + notes.map { TableReport.markdownParagraph($0) + "\n" }.joined()
  }

  /// As the first section of a page. Empty where nothing is claimed.
  package var markup: Markup {
    if isEmpty { return .empty }
    let head = HTMLTable.head(Self.header, numbers: [2, 3])
    let body = Markup.element("tbody", [:], results.map(row))
    return .element(
      "div", ["class": "table"],
      HTMLTable.scroll(HTMLTable.table(head, [body], style: "claims"), label: "Claims"),
      HTMLTable.notes(notes))
  }

  /// A claim; what it comes to over all points is folded away below it.
  private func row(_ result: ClaimResult) -> Markup {
    let more = gated[result.name].map { gated -> Markup in
      let exception = Self.line("quiet", gated.exception)
      guard let all = gated.result else { return exception + Self.line("quiet", gated.scope) }
      return exception
        + .element(
          "details", ["class": "quiet"], .element("summary", [:], Markup(gated.scope)),
          Self.line("quiet", all.outcomeText))
    }
    return row(
      result,
      Markup(result.claim.says) + Self.line("quiet", "\(result.name) · \(result.hypothesis)")
        + (more ?? .empty))
  }

  private static func line(_ style: String, _ text: String) -> Markup {
    .element("span", ["class": "line \(style)"], Markup(text))
  }

  private func row(_ result: ClaimResult, _ head: Markup) -> Markup {
    let style =
      switch result.verdict {
      case .supported: "right"
      case .refuted: "wrong"
      case .notDecided, .open: "open"
      }
    return .element(
      "tr", [:], .element("th", ["scope": "row"], head),
      .element(
        "td", [:], .element("span", ["class": "verdict \(style)"], Markup(result.verdict.rawValue)),
        result.qualifier.map { Self.line("quiet", $0) } ?? .empty),
      .element(
        "td", ["class": "number"],
        .element("span", ["class": "mean"], Markup(result.differenceText)),
        result.intervalText.map { Self.line("difference interval", $0) } ?? .empty),
      HTMLTable.number(result.probabilityText),
      .element("td", ["class": "quiet"], Markup(result.standing.words)))
  }
}
