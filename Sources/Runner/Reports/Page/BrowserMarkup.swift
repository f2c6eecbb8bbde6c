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
      select("benchmark", "Benchmark"), select("change", "From first to second", style: "pairs"),
      select("verdict", "Verdict of either"),
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
        .element("kbd", [:], "→"), " to walk, ", .element("kbd", [:], "/"), " to search"),
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
