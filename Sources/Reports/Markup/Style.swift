/// The colours of `report.html`, by what they are for.
///
/// Text has a contrast of at least 4.5 to what it stands on, in both schemes (WCAG 2.2, 1.4.3);
/// a test computes it.
package enum ReportPalette {
  package static let light: KeyValuePairs<String, String> = [
    "ink": "#16191d", "soft": "#5b636d", "line": "#dfe2e6", "edge": "#7d8590",
    "strong": "#16191d", "page": "#f6f7f8", "card": "#ffffff", "link": "#0067a5",
    "right": "#006b4b", "right-tint": "#dff3ea", "wrong": "#b3261e", "wrong-tint": "#fbe6e4",
    "other": "#7f5300", "other-tint": "#fbf0d9", "code": "#f0f2f4", "chosen": "#e3eff8",
  ]

  package static let dark: KeyValuePairs<String, String> = [
    "ink": "#eceff3", "soft": "#a3abb6", "line": "#2b3038", "edge": "#767f8c",
    "strong": "#8b94a1", "page": "#0e1013", "card": "#16191e", "link": "#5eb3f0",
    "right": "#56d3a4", "right-tint": "#12332a", "wrong": "#ff9a90", "wrong-tint": "#40201e",
    "other": "#f0c56a", "other-tint": "#3a2d12", "code": "#1e2228", "chosen": "#1b2f40",
  ]

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

  static let css = """
    :root{\(variables(light))}
    @media screen and (prefers-color-scheme:dark){:root{\(variables(dark))}}

    """

  private static func variables(_ colours: KeyValuePairs<String, String>) -> String {
    colours.map { "--\($0.key):\($0.value)" }.joined(separator: ";")
  }
}

/// How `report.html` looks: readable on a phone and on paper, in light and in dark.
enum ReportStyle {
  static let css =
    ReportPalette.css + String(decoding: PackageResources.report_css, as: UTF8.self)
}

/// How figures look: colours that people with any colour vision tell apart, on light and dark.
package enum FigureStyle {
  /// How many colours there are before they repeat with dashes.
  static let colours = 7

  /// The style sheet. Its names begin with `figure`, so that it can stand in a page with others.
  ///
  /// The light colours are Okabe and Ito's (2008), darkened where thin lines on white need it; the
  /// dark ones are the same hues, lighter.
  static let css = String(decoding: PackageResources.figure_css, as: UTF8.self) + shadeStyle

  // MARK: Shades

  /// How much of a hue the cells of a heat map have, from the weakest to the strongest.
  package static let opacities = [0.14, 0.30, 0.46, 0.66, 0.90]

  /// A hue on paper, with the inks that are read on its weak, middle and strong shades.
  package struct Palette: Sendable {
    package let paper: String
    package let up: String
    package let down: String
    package let same: String
    package let inks: [String]
  }

  /// On white paper.
  package static let light = Palette(
    paper: "#ffffff", up: "#0067a5", down: "#b04400", same: "#555b63",
    inks: ["#16191d", "#16191d", "#16191d", "#16191d", "#ffffff"])
  /// On dark paper.
  package static let dark = Palette(
    paper: "#16191e", up: "#5eb3f0", down: "#ff9159", same: "#c0c6cf",
    inks: ["#eceff3", "#eceff3", "#eceff3", "#000000", "#000000"])

  private static var shadeStyle: String {
    func variables(_ palette: Palette) -> String {
      let inks = palette.inks.enumerated().map { "--f-t\($0.offset + 1):\($0.element)" }
      return
        (["--f-up:\(palette.up)", "--f-down:\(palette.down)", "--f-same:\(palette.same)"]
        + inks).joined(separator: ";")
    }
    let hues = ["up", "down", "same"].map { ".figure-svg .figure-\($0){fill:var(--f-\($0))}" }
    let steps = opacities.enumerated().map { index, opacity in
      let name = index + 1
      return ".figure-svg .figure-s\(name){fill-opacity:\(opacity)}"
        + ".figure-svg .figure-t\(name){fill:var(--f-t\(name))}"
    }
    return ".figure-svg{\(variables(light))}\n"
      + "@media screen and (prefers-color-scheme:dark){.figure-svg{\(variables(dark))}}\n"
      + (hues + steps).joined(separator: "\n") + "\n"
  }

  // MARK: Lines

  /// The colour of a line or bar, as CSS.
  static func colour(_ index: Int) -> String { "var(--f-\(index % colours + 1))" }

  /// The colour and the dashes of a line, as CSS.
  static func stroke(_ index: Int) -> String {
    let dashes = index / colours
    return "stroke:\(colour(index))" + (dashes == 0 ? "" : ";stroke-dasharray:\(dashes * 4) 5")
  }
}
