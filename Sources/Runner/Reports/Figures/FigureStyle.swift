/// How figures look: colours that people with any colour vision tell apart, on light and dark.
package enum FigureStyle {
  /// How many colours there are before they repeat with dashes.
  static let colours = 7

  /// The style sheet. Its names begin with `figure`, so that it can stand in a page with others.
  ///
  /// The light colours are Okabe and Ito's (2008), darkened where thin lines on white need it; the
  /// dark ones are the same hues, lighter.
  static let css = """
    .figure-svg{--f-ink:#16191d;--f-soft:#5b636d;--f-grid:#e6e8eb;--f-axis:#9aa1aa;--f-paper:#fff;\
    --f-1:#0067a5;--f-2:#c94f00;--f-3:#00805d;--f-4:#a8477f;--f-5:#8a6a00;--f-6:#2e8fcb;--f-7:#555b63;\
    font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
    @media screen and (prefers-color-scheme:dark){.figure-svg{--f-ink:#eceff3;--f-soft:#a3abb6;\
    --f-grid:#2b3038;--f-axis:#69717c;--f-paper:#16191e;--f-1:#5eb3f0;--f-2:#ff9159;--f-3:#3fcf9f;\
    --f-4:#ea9fcd;--f-5:#eac14a;--f-6:#a5d8ff;--f-7:#c0c6cf}}
    .figure-svg text{fill:var(--f-ink);font-size:13px}
    .figure-svg .figure-title{font-size:16px;font-weight:650}
    .figure-svg .figure-soft{fill:var(--f-soft);font-size:12px}
    .figure-svg .figure-tick{fill:var(--f-soft);font-size:12px;font-variant-numeric:tabular-nums}
    .figure-svg .figure-grid{stroke:var(--f-grid);stroke-width:1}
    .figure-svg .figure-axis{stroke:var(--f-axis);stroke-width:1}
    .figure-svg .figure-paper{fill:var(--f-paper)}
    .figure-svg .figure-line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
    .figure-svg .figure-dot{fill:none;stroke-width:6;stroke-linecap:round}
    .figure-svg .figure-faint{fill:none;stroke-width:1;stroke-opacity:.35;stroke-linejoin:round}
    .figure-svg .figure-band{stroke:none;fill-opacity:.16}
    .figure-svg .figure-target{stroke:var(--f-ink);stroke-width:1.5;stroke-dasharray:6 4;fill:none}
    .figure-svg .figure-drop{fill:none;stroke-width:1;stroke-dasharray:2 3}
    .figure-svg .figure-mark{stroke:var(--f-paper);stroke-width:1.5}
    .figure-svg .figure-whisker{stroke:var(--f-ink);stroke-width:1.25;fill:none}
    .figure-svg .figure-value{font-size:12px;font-variant-numeric:tabular-nums}
    .figure-svg .figure-cell{stroke:var(--f-paper);stroke-width:1.5}
    .figure-svg .figure-total{fill:var(--f-paper);fill-opacity:0;stroke:var(--f-grid)}
    .figure-svg .figure-none{fill:var(--f-grid)}
    .figure-svg .figure-hatch{fill:none;stroke:var(--f-axis);stroke-width:1}
    .figure-svg .figure-panel{font-weight:650}
    @media screen and (max-width:46rem){.figure-wide{min-width:44rem}}
    .figure-numbers{padding:0 .75rem .25rem;font-size:.85rem}
    .figure-numbers[open]>summary{margin-bottom:.75rem}

    """ + shadeStyle

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
