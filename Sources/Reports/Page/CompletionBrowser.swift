import Base
import Foundation
import OrderedCollections
import Runner
import Tasks

/// The part of a report that shows what models wrote, with the verdicts: a browser where scripts
/// run, and a plain list of the first few in any case.
struct CompletionsSection {
  /// How many completions of an instance the plain list shows.
  static let listed = 5

  private let instances: [(name: String, listed: Result<Listed, any Error>)]
  private let data: JSONValue?

  /// What the plain list shows of an instance; not all of its completions, which may be large.
  private struct Listed {
    let count: Int
    let tallies: [(outcome: Outcome, count: Int)]
    let shown: [(verdict: GradedSample, content: GradedCompletions.Content)]

    init(_ graded: GradedCompletions) {
      count = graded.verdicts.count
      tallies = graded.tallies
      shown = graded.verdicts.prefix(CompletionsSection.listed).enumerated().map {
        ($0.element, graded.content(at: $0.offset))
      }
    }
  }

  init(_ data: Findings, _ results: [PlannedInstance], browser: BrowserData) {
    instances = results.compactMap { result in
      do {
        guard let graded = try data.completions(of: result) else { return nil }
        return (result.name, .success(Listed(graded)))
      } catch {
        return (result.name, .failure(error))
      }
    }
    self.data = browser.json()
  }

  var markup: Markup {
    if instances.isEmpty { return .empty }
    let list = Markup(instances.map { markup($0.name, $0.listed) })
    return BrowserMarkup.markup(data) + .element("div", ["class": "plain"], list)
  }

  /// The data and the script, for the end of the page; nothing where nothing was graded.
  var scripts: Markup {
    guard let data else { return .empty }
    return Markup(
      trusted:
        "\n<script type=\"application/json\" id=\"completions-data\">\(EmbeddedJSON.text(data))"
        + "</script>\n<script>\(BrowserScript.source)</script>\n")
  }

  /// The scripts whose running the page must allow.
  var runnable: [String] { data == nil ? [] : [BrowserScript.source] }

  private func markup(_ name: String, _ listed: Result<Listed, any Error>) -> Markup {
    switch listed {
    case .failure(let error):
      return .element("p", ["class": "warning"], Markup("\(name): \(sentence(for: error))"))
    case .success(let listed):
      let shown = listed.shown.count
      let words =
        shown < listed.count
        ? "The first \(shown) of \(listed.count) completions." : "All \(shown) completions."
      return .element(
        "details", ["class": "card"],
        .element(
          "summary", [:], .element("code", [:], Markup(name)),
          CompletionMarkup.tally(listed.tallies)),
        .element("p", ["class": "quiet"], Markup(words)),
        Markup(listed.shown.map(sample)))
    }
  }

  private func sample(
    _ verdict: GradedSample, _ content: GradedCompletions.Content
  ) -> Markup {
    let name = Markup.element(
      "span", ["class": "name"], Markup("\(verdict.problem), sample \(verdict.sample)"))
    let facts = Markup.element(
      "span", ["class": "quiet"], Markup(content.facts.joined(separator: " · ")))
    return .element(
      "details", ["class": "sample"],
      .element("summary", [:], CompletionMarkup.badge(verdict.outcome), name, facts),
      .element("h4", [:], "Prompt"), CompletionMarkup.text(content.prompt),
      .element("h4", [:], "Completion"), CompletionMarkup.text(content.text))
  }
}

/// How pages show completions and their verdicts without a script.
enum CompletionMarkup {
  /// A bar of verdicts, with their numbers.
  static func tally(_ tallies: [(outcome: Outcome, count: Int)]) -> Markup {
    let total = Double(max(tallies.reduce(0) { $0 + $1.count }, 1))
    let parts = tallies.map { tally in
      Markup.element(
        "span",
        [
          "class": style(tally.outcome),
          "style": "flex-grow:\(NumberText.plain(Double(tally.count) / total, decimals: 4))",
        ])
    }
    let counts = tallies.map { "\($0.count) \($0.outcome.words)" }
    return .element("span", ["class": "bar", "aria-hidden": "true"], parts)
      + .element("span", ["class": "quiet"], Markup(counts.joined(separator: " · ")))
  }

  static func badge(_ outcome: Outcome) -> Markup {
    .element(
      "span", ["class": "badge " + style(outcome)],
      Markup((outcome == .correct ? "✓ " : "✗ ") + outcome.words))
  }

  /// A text as it is, without its middle where it is long.
  static func text(_ content: String) -> Markup {
    let cut = ShortenedText(content, limit: BrowserData.textLimit)
    let gap = cut.omitted > 0 ? "\n[\(cut.omitted) characters left out]\n" : ""
    let shown = content.isEmpty ? "(empty)" : cut.head + gap + cut.tail
    return .element("pre", ["dir": "auto", "tabindex": "0"], Markup(shown))
  }

  private static func style(_ outcome: Outcome) -> String {
    switch outcome {
    case .correct: "right"
    case .wrong: "wrong"
    case .noAnswer, .badFormat, .timeout: "other"
    }
  }
}

extension GradedCompletions.Content {
  /// What there is to know of a completion beside its text, in a few words each.
  package var facts: [String] {
    [
      tokens.map { $0 == 1 ? "1 token" : "\($0) tokens" },
      isTruncated ? "cut off at the limit" : nil, isGuess ? "a guess, credited" : nil,
      extracted.map { $0.isEmpty ? "no answer read" : "read as \($0.prefix(60))" },
    ].compactMap(\.self)
  }
}

/// The parts of the browser of completions that the script fills.
enum BrowserMarkup {
  /// The browser, hidden until the script runs; nothing without data.
  static func markup(_ data: JSONValue?) -> Markup {
    guard let data else { return .empty }
    let hasPairs = (data["arms"]?.array?.count ?? 0) > 1
    return .element(
      "div", ["id": "browser", "class": hasPairs ? "browser" : "browser alone"],
      .element("div", ["class": "controls"], controls),
      .element(
        "div",
        ["id": "browser-counts", "class": "counts", "role": "group", "aria-label": "What changed"]),
      .element("div", ["class": "walk"], walk),
      .element(
        "div", ["class": "panes"],
        .element("ol", ["id": "browser-list", "class": "list", "aria-label": "Measurements"]),
        .element(
          "div",
          ["id": "browser-detail", "class": "detail", "aria-label": "The measurement chosen"])),
      .element("p", ["id": "browser-scope", "class": "quiet"]))
  }

  private static var controls: [Markup] {
    [
      select("first", "First arm", style: "arm"),
      button("swap", "⇄", "Exchange the two arms", style: "swap"),
      select("second", "Second arm", style: "arm"),
      select("benchmark", "Benchmark"), select("change", "Change", style: "pairs"),
      select("verdict", "Verdict (either arm)"),
      .element(
        "label", ["class": "search"], .element("span", [:], "Search"),
        .leaf(
          "input",
          [
            "id": "browser-text", "type": "search", "autocomplete": "off", "spellcheck": "false",
            "placeholder": "in problems, answers and completions",
            "aria-keyshortcuts": "/",
          ])),
    ]
  }

  private static var walk: [Markup] {
    [
      button("previous", "← Previous", "Previous measurement (left arrow key)", keys: "ArrowLeft"),
      .element("span", ["id": "browser-status", "role": "status", "class": "status"]),
      button("next", "Next →", "Next measurement (right arrow key)", keys: "ArrowRight"),
      .element(
        "span", ["class": "quiet keys"], "Keys: ", .element("kbd", [:], "←"), " ",
        .element("kbd", [:], "→"), " to step through, ", .element("kbd", [:], "/"), " to search"),
    ]
  }

  private static func select(_ id: String, _ label: String, style: String = "") -> Markup {
    .element(
      "label", ["class": style], .element("span", [:], Markup(label)),
      .element("select", ["id": "browser-\(id)"]))
  }

  private static func button(
    _ id: String, _ text: String, _ label: String, style: String = "", keys: String = ""
  ) -> Markup {
    .element(
      "button",
      [
        "id": "browser-\(id)", "type": "button", "class": style, "aria-label": label,
        "title": label, "aria-keyshortcuts": keys,
      ], Markup(text))
  }
}

/// The script of the browser of completions. It puts texts into the page as texts, never as markup.
enum BrowserScript {
  static let source = String(decoding: PackageResources.browser_js, as: UTF8.self)
}
