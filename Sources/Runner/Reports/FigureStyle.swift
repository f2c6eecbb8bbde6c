/// How figures look: colours that people with any colour vision tell apart, on light and dark.
enum FigureStyle {
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

    """
}
