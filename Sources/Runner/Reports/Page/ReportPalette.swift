/// The colours of `report.html`, by what they are for.
///
/// Text has a contrast of at least 4.5 to what it stands on, in both schemes (WCAG 2.2, 1.4.3);
/// a test computes it.
package enum ReportPalette {
  /// On light.
  package static let light: KeyValuePairs<String, String> = [
    "ink": "#16191d", "soft": "#5b636d", "line": "#dfe2e6", "edge": "#7d8590",
    "strong": "#16191d", "page": "#f6f7f8", "card": "#ffffff", "link": "#0067a5",
    "right": "#006b4b", "right-tint": "#dff3ea", "wrong": "#b3261e", "wrong-tint": "#fbe6e4",
    "other": "#7f5300", "other-tint": "#fbf0d9", "code": "#f0f2f4", "chosen": "#e3eff8",
  ]

  /// On dark.
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
