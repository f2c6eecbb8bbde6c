/// The colours of pages and figures in one scheme.
///
/// Text has a contrast of at least 4.5 to what it stands on, in both schemes (WCAG 2.2, 1.4.3);
/// a test computes it. The hues of lines are Okabe and Ito's (2008), which people with any colour
/// vision tell apart: darkened where thin lines on white need it, and lighter on dark.
package struct Palette: Sendable {
  /// Of pages, by their names in the style sheet.
  package let page: KeyValuePairs<String, String>
  /// Of figures, by their names in the style sheet, beside the ink that they share with pages.
  let figure: KeyValuePairs<String, String>
  /// Of lines and bars, in their order.
  let lines: [String]
  /// The hues of cells that are better, worse and neither.
  package let up: String
  package let down: String
  package let same: String
  /// What is read on weak, middle and strong shades of these hues, from the weakest on.
  package let inks: [String]

  package static let light = Palette(
    page: [
      "ink": "#16191d", "soft": "#5b636d", "line": "#dfe2e6", "edge": "#7d8590",
      "strong": "#16191d", "page": "#f6f7f8", "card": "#ffffff", "link": "#0067a5",
      "right": "#006b4b", "right-tint": "#dff3ea", "wrong": "#b3261e", "wrong-tint": "#fbe6e4",
      "other": "#7f5300", "other-tint": "#fbf0d9", "code": "#f0f2f4", "chosen": "#e3eff8",
      "shade": "#cdd2d9",
    ],
    figure: ["grid": "#e6e8eb", "axis": "#9aa1aa", "paper": "#fff"],
    lines: ["#0067a5", "#c94f00", "#00805d", "#a8477f", "#8a6a00", "#2e8fcb", "#555b63"],
    up: "#0067a5", down: "#b04400", same: "#555b63",
    inks: ["#16191d", "#16191d", "#16191d", "#16191d", "#ffffff"])

  package static let dark = Palette(
    page: [
      "ink": "#eceff3", "soft": "#a3abb6", "line": "#2b3038", "edge": "#767f8c",
      "strong": "#8b94a1", "page": "#0e1013", "card": "#16191e", "link": "#5eb3f0",
      "right": "#56d3a4", "right-tint": "#12332a", "wrong": "#ff9a90", "wrong-tint": "#40201e",
      "other": "#f0c56a", "other-tint": "#3a2d12", "code": "#1e2228", "chosen": "#1b2f40",
      "shade": "#565e6a",
    ],
    figure: ["grid": "#2b3038", "axis": "#69717c", "paper": "#16191e"],
    lines: ["#5eb3f0", "#ff9159", "#3fcf9f", "#ea9fcd", "#eac14a", "#a5d8ff", "#c0c6cf"],
    up: "#5eb3f0", down: "#ff9159", same: "#c0c6cf",
    inks: ["#eceff3", "#eceff3", "#eceff3", "#000000", "#000000"])

  package subscript(name: String) -> String { page.first { $0.key == name }?.value ?? "" }

  /// What stands on what, as text.
  package static let textPairs: [(text: String, ground: String)] = [
    ("ink", "page"), ("ink", "card"), ("ink", "code"), ("ink", "chosen"), ("soft", "page"),
    ("soft", "card"), ("soft", "code"), ("soft", "chosen"), ("link", "page"), ("link", "card"),
    ("right", "right-tint"), ("wrong", "wrong-tint"), ("other", "other-tint"), ("right", "card"),
    ("wrong", "card"), ("other", "card"), ("right", "chosen"), ("wrong", "chosen"),
    ("other", "chosen"),
  ]

  /// Borders by which controls are known, and rings around what has the focus: at least 3.
  package static let outlinePairs: [(text: String, ground: String)] = [
    ("edge", "card"), ("edge", "page"), ("link", "card"), ("link", "page"), ("link", "code"),
  ]

  /// Declares colours for a style sheet, in light and in dark.
  static func css(_ selector: String, _ variables: (Palette) -> String, more: String = "") -> String
  {
    "\(selector){\(variables(light))\(more)}\n"
      + "@media screen and (prefers-color-scheme:dark){\(selector){\(variables(dark))}}\n"
  }

  static func variables(_ colours: [(key: String, value: String)], prefix: String) -> String {
    colours.map { "--\(prefix)\($0.key):\($0.value)" }.joined(separator: ";")
  }
}

/// How `report.html` looks: readable on a phone and on paper, in light and in dark.
enum ReportStyle {
  static let css =
    Palette.css(":root", { Palette.variables(Array($0.page), prefix: "") })
    + String(decoding: PackageResources.report_css, as: UTF8.self)
}

/// How figures look. Names begin with `figure`, so that a figure can stand in a page with others.
package enum FigureStyle {
  static let css = withFallbacks(
    Palette.css(".figure-svg", colours, more: font)
      + String(decoding: PackageResources.figure_css, as: UTF8.self) + shades)

  private static let font =
    ";font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif"

  private static func colours(_ palette: Palette) -> String {
    let shared = ["ink", "soft"].map { (key: $0, value: palette[$0]) }
    let lines = palette.lines.enumerated().map { (key: "\($0 + 1)", value: $1) }
    return Palette.variables(shared + Array(palette.figure) + lines, prefix: "f-")
  }

  /// How much of a hue the cells of a heat map have, from the weakest to the strongest.
  package static let opacities = [0.14, 0.30, 0.46, 0.66, 0.90]

  private static func hues(_ palette: Palette) -> String {
    let hues = [("up", palette.up), ("down", palette.down), ("same", palette.same)]
    let inks = palette.inks.enumerated().map { ("t\($0 + 1)", $1) }
    return Palette.variables((hues + inks).map { (key: $0, value: $1) }, prefix: "f-")
  }

  private static var shades: String {
    let fills = ["up", "down", "same"].map { ".figure-svg .figure-\($0){fill:var(--f-\($0))}" }
    let steps = opacities.enumerated().map { index, opacity in
      let name = index + 1
      return ".figure-svg .figure-s\(name){fill-opacity:\(opacity)}"
        + ".figure-svg .figure-t\(name){fill:var(--f-t\(name))}"
    }
    return Palette.css(".figure-svg", hues) + (fills + steps).joined(separator: "\n") + "\n"
  }

  /// The colour of a line or bar, as CSS.
  /// - Parameter property: what has the colour, `fill` or `stroke`.
  static func colour(_ property: String, _ index: Int) -> String {
    withFallbacks("\(property):var(--f-\(index % Palette.light.lines.count + 1))")
  }

  /// The light colours by their variables.
  private static let lightColours: [Substring: String] = {
    let pairs = (colours(.light) + ";" + hues(.light)).split(separator: ";").map {
      $0.split(separator: ":", maxSplits: 1)
    }
    return Dictionary(pairs.map { ($0[0], String($0[1])) }) { first, _ in first }
  }()

  /// Puts the light colour in front of each use of a variable, for programs that know none, such as
  /// those that make PDF files of figures; they pass over the second declaration.
  private static func withFallbacks(_ css: String) -> String {
    css.replacing(/(?<property>[a-z-]+):var\((?<name>--f-[a-z0-9]+)\)/) { match in
      lightColours[match.name].map { "\(match.property):\($0);\(match.0)" } ?? String(match.0)
    }
  }

  /// The colour and the dashes of a line, as CSS: colours repeat with dashes.
  static func stroke(_ index: Int) -> String {
    let dashes = index / Palette.light.lines.count
    return colour("stroke", index) + (dashes == 0 ? "" : ";stroke-dasharray:\(dashes * 4) 5")
  }
}
