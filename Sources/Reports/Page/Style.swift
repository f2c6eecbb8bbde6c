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

/// How `report.html` looks: readable on a phone and on paper, in light and in dark.
enum ReportStyle {
  /// The style sheet.
  static let css = ReportPalette.css + base + tables + parts + BrowserStyle.css + paper

  private static let base = """
    *{box-sizing:border-box}
    html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,\
    "Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
    header,main,footer{max-width:58rem;margin:0 auto;padding:0 1.25rem}
    header{padding-top:3rem}
    h1{font-size:clamp(1.8rem,5vw,2.6rem);line-height:1.15;letter-spacing:-.02em;margin:.2rem 0 .6rem;\
    overflow-wrap:anywhere}
    h2{font-size:1.3rem;letter-spacing:-.01em;margin:3rem 0 1rem}
    h3{font-size:1rem;margin:0}
    h4{font-size:.8rem;font-weight:600;color:var(--soft);margin:1rem 0 .35rem}
    .kicker{margin:0;color:var(--soft);font-size:.85rem}
    .summary{font-size:1.15rem;max-width:42rem;margin:0 0 1.5rem;color:var(--soft)}
    .facts{display:flex;flex-wrap:wrap;gap:.5rem 2.5rem;margin:0 0 1.5rem}
    .facts div{display:flex;flex-direction:column}
    .facts dt{color:var(--soft);font-size:.85rem}
    .facts dd{margin:0;font-weight:650;font-variant-numeric:tabular-nums}
    nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:.75rem 0;border-top:1px solid \
    var(--line);border-bottom:1px solid var(--line)}
    a{color:var(--link);text-underline-offset:.2em}
    nav a{text-decoration:none}
    nav a:hover{text-decoration:underline}
    :focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:4px}
    footer{color:var(--soft);font-size:.85rem;padding-top:3rem;padding-bottom:3rem}
    .quiet{color:var(--soft);font-size:.875rem;font-weight:400}
    .warning{max-width:42rem;margin:0 0 1.5rem;background:var(--other-tint);color:var(--other);padding:.6rem .9rem;border-radius:8px}
    code,pre{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
    code{font-size:.9em;overflow-wrap:anywhere}
    pre{background:var(--code);border-radius:8px;padding:.9rem 1rem;margin:0;font-size:.8125rem;\
    line-height:1.55;white-space:pre-wrap;overflow-wrap:anywhere;max-height:28rem;overflow:auto}
    pre.source{white-space:pre;max-height:34rem}

    """

  private static let tables = """
    \(TableStyle.css)
    figure{margin:0 0 1.5rem}
    .table,.drawing,.card,.stage{background:var(--card);border:1px solid var(--line);\
    border-radius:12px;padding:1.25rem}
    figcaption{font-weight:650;margin-bottom:.75rem}
    .scroll{overflow-x:auto}
    .drawing{padding:.5rem}
    .drawing .figure-svg{display:block;width:100%;min-width:34rem;height:auto}
    table{border-collapse:collapse;min-width:min(100%,26rem);font-variant-numeric:tabular-nums;\
    border-top:2px solid var(--strong);border-bottom:2px solid var(--strong)}
    th{text-align:left;font-weight:600;white-space:nowrap}
    th,td{padding:.6rem .75rem;vertical-align:baseline}
    thead th{color:var(--soft);font-size:.85rem;border-bottom:1px solid var(--strong)}
    tbody tr+tr>*{border-top:1px solid var(--line)}
    .number{text-align:right;white-space:nowrap}
    .mean{font-weight:650}
    .spread{color:var(--soft)}
    .difference{padding-left:0;font-size:.875rem}
    .published{display:block;color:var(--soft);font-size:.8rem}
    .tag{display:inline-block;margin-left:.5rem;padding:.05rem .5rem;border-radius:99px;\
    background:var(--code);color:var(--soft);font-size:.75rem;font-weight:500}
    .notes{list-style:none;margin:.9rem 0 0;padding:0;color:var(--soft);font-size:.85rem}

    """

  private static let parts = """
    .stage,.card{margin-bottom:.9rem;padding:1rem 1.25rem}
    .stage h3{display:flex;flex-wrap:wrap;align-items:baseline;gap:.3rem .75rem;margin-bottom:.35rem}
    .stage h3 .tag{margin:0}
    .row{border-top:1px solid var(--line);padding:.45rem 0;margin:0}
    summary{cursor:pointer}
    summary>*{margin-right:.75rem}
    summary .name{font-variant-numeric:tabular-nums}
    .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:0 2rem}
    .entries{margin:0;font-size:.875rem}
    .entries div{display:flex;justify-content:space-between;gap:1rem;padding:.2rem 0;\
    border-bottom:1px solid var(--line)}
    .entries dt{color:var(--soft)}
    .entries dd{margin:0;text-align:right;overflow-wrap:anywhere;min-width:0;\
    font-variant-numeric:tabular-nums}
    .key{margin:.75rem 0 .25rem}
    .bar{display:inline-flex;width:9rem;max-width:40vw;height:.6rem;border-radius:99px;\
    overflow:hidden;gap:2px;vertical-align:middle}
    .bar span{flex-basis:0}
    .bar .right{background:var(--right)}
    .bar .wrong{background:var(--wrong)}
    .bar .other{background:var(--other)}
    .arms{list-style:none;margin:0;padding:0;border-top:1px solid var(--line)}
    .arms>li{display:grid;grid-template-columns:11rem minmax(0,1fr);gap:.25rem 1.5rem;\
    padding:.8rem 0;border-bottom:1px solid var(--line)}
    .arms h3{overflow-wrap:anywhere}.arms p{margin:0;font-size:.85rem}
    .chain{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.5rem 0}
    .chain li{display:flex;flex-direction:column;max-width:20rem;line-height:1.35;font-size:.95rem}
    .chain li+li{margin-left:.9rem;padding-left:1.6rem;position:relative}
    .chain li+li::before{content:"→";position:absolute;left:0;color:var(--soft)}
    .chain a{font-weight:600}
    .kind,.chain .quiet{font-size:.8125rem;color:var(--soft);overflow-wrap:anywhere}
    .origins{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr));\
    gap:.9rem}
    .origins .card{margin:0}
    .origins h3{margin-bottom:.4rem;overflow-wrap:anywhere}
    td .badge{min-width:0}
    .fold{margin-top:.75rem;font-size:.875rem}
    .leak{display:block;font-size:.8rem;color:var(--wrong);white-space:normal}
    .plain-table td:not(.number){overflow-wrap:anywhere;min-width:8rem}
    .table .plain-table .number{white-space:nowrap}
    .table .plain-table .group th{padding-top:1.25rem;white-space:normal;overflow-wrap:anywhere}
    .table .plain-table tbody tr:not(.group) th{font-weight:400}
    tfoot th,tfoot td{border-top:1px solid var(--strong);font-weight:650}
    .extent{width:9rem;min-width:5rem}
    .extent span{display:block;height:.55rem;min-width:2px;border-radius:99px;background:var(--link)}
    .sample{border-top:1px solid var(--line);padding:.5rem 0}
    .badge{display:inline-block;min-width:6.5rem;padding:.05rem .55rem;border-radius:6px;\
    font-size:.8125rem;font-weight:600}
    .badge.right{background:var(--right-tint);color:var(--right)}
    .badge.wrong{background:var(--wrong-tint);color:var(--wrong)}
    .badge.other{background:var(--other-tint);color:var(--other)}

    """

  private static let paper = """
    @media (max-width:36rem){header{padding-top:1.75rem}
    .table,.card,.stage{padding:1rem;border-radius:10px}
    th,td{padding:.5rem .5rem}h2{margin-top:2.25rem}
    .arms>li{grid-template-columns:minmax(0,1fr)}.chain{flex-direction:column}
    .chain li+li{margin-left:0}}
    @media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
    @media print{:root{--page:#fff}body{font-size:10pt}nav,footer{display:none}
    .table,.drawing,.stage,.card{border:0;padding:0;break-inside:avoid}
    .scroll{overflow:visible}.drawing .figure-svg{min-width:0}
    pre{max-height:none;overflow:visible}pre.source{white-space:pre-wrap;max-height:none}
    h2,h3,h4{break-after:avoid}.arms h3{break-after:auto}.arms>li,.origins .card{break-inside:avoid}
    header{padding-top:0}}

    """
}

/// How the browser of completions looks: two columns of text on wide screens, one on a phone.
enum BrowserStyle {
  /// The style sheet.
  static let css = controls + list + detail

  private static let controls = """
    .browser{display:none}
    .scripted .browser{display:block}
    .scripted .plain{display:none}
    .controls{display:grid;grid-template-columns:minmax(0,1fr) auto minmax(0,1fr) minmax(0,1fr) \
    minmax(0,1fr);gap:.6rem .75rem;align-items:end;margin-bottom:.9rem}
    .controls label{display:flex;flex-direction:column;gap:.2rem;font-size:.8rem;color:var(--soft)}
    .controls .search{grid-column:2/-1}
    .alone .controls .search{grid-column:3/-1}
    .browser select,.browser input,.browser button{font:inherit;font-size:.9rem;color:var(--ink);\
    background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:.45rem .6rem;\
    min-width:0;width:100%;min-height:2.5rem}
    .browser button{width:auto;cursor:pointer}
    .browser button:hover:not(:disabled){border-color:var(--link);color:var(--link)}
    .browser button:disabled{opacity:.45;cursor:default}
    .browser .swap{min-width:2.5rem;padding:.45rem}
    .alone .swap,.alone .pairs,.alone .counts,.alone #browser-second{display:none}
    .alone .arm+button+.arm{display:none}
    .counts{display:flex;flex-wrap:wrap;gap:.5rem;margin-bottom:.9rem}
    .counts[hidden]{display:none}
    .counts .count{font-size:.85rem;border-color:var(--line);border-left-width:4px;\
    border-left-style:solid;min-height:2.25rem;padding:.25rem .75rem}
    .counts strong{font-variant-numeric:tabular-nums}
    .count[aria-pressed=true]{background:var(--chosen);border-color:var(--link)}
    .counts .lost{border-left-color:var(--wrong)}
    .counts .won{border-left-color:var(--right)}
    .counts .both-wrong,.counts .both-correct{border-left-color:var(--edge)}
    .walk{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1rem;margin-bottom:.75rem}
    .status{font-variant-numeric:tabular-nums;font-weight:600;min-width:6rem;text-align:center}
    kbd{font:inherit;font-size:.8rem;border:1px solid var(--line);border-bottom-width:2px;\
    border-radius:4px;padding:0 .3rem;background:var(--card)}

    """

  private static let list = """
    .panes{display:grid;grid-template-columns:17rem minmax(0,1fr);border:1px solid var(--line);\
    border-radius:12px;background:var(--card);overflow:hidden}
    .list{list-style:none;margin:0;padding:.4rem;border-right:1px solid var(--line);\
    max-height:46rem;overflow-y:auto;scrollbar-width:thin}
    .list .entry{display:flex;gap:.6rem;align-items:baseline;width:100%;text-align:left;border:0;\
    background:none;border-radius:8px;padding:.3rem .5rem;min-height:2.25rem}
    .list .entry[aria-current]{background:var(--chosen)}
    .entry-name{display:flex;flex-direction:column;min-width:0;overflow-wrap:anywhere;\
    line-height:1.3;font-size:.85rem}
    .entry-name .quiet{font-size:.75rem}
    .marks{white-space:nowrap;font-weight:700}
    .mark{display:inline-block;width:1.1em;text-align:center}
    .mark.right{color:var(--right)}
    .mark.wrong{color:var(--wrong)}
    .mark.other{color:var(--other)}
    .mark.none{color:var(--soft)}

    """

  private static let detail = """
    .detail{padding:1.1rem 1.25rem 1.25rem;min-width:0;min-height:30rem}
    .detail-head{display:flex;flex-wrap:wrap;align-items:baseline;gap:.2rem .75rem}
    .detail-head h3{overflow-wrap:anywhere}
    .change{margin:0}
    .change.lost{background:var(--wrong-tint);color:var(--wrong)}
    .change.won{background:var(--right-tint);color:var(--right)}
    .field pre{max-height:16rem}
    .prompt{margin-top:1rem;font-size:.875rem}
    .prompt pre{margin-top:.5rem}
    .both{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr));\
    gap:1rem 1.25rem;margin-top:1.1rem}
    .written{border-top:2px solid var(--strong);padding-top:.1rem;min-width:0}
    .arm-name{font-size:.95rem;color:var(--ink);margin:.5rem 0 .35rem;overflow-wrap:anywhere}
    .facts-line{display:flex;flex-wrap:wrap;align-items:baseline;gap:.2rem .6rem;margin:0 0 .4rem}
    .facts-line .badge{min-width:0}
    .read{margin:0 0 .5rem;font-size:.875rem}
    .written pre{max-height:34rem}
    .omitted{display:block;margin:.75rem 0;padding:.25rem 0;text-align:center;color:var(--soft);\
    border-top:1px dashed var(--edge);border-bottom:1px dashed var(--edge)}
    .empty{color:var(--soft)}
    @media (max-width:56rem){.panes{grid-template-columns:minmax(0,1fr)}
    .list{max-height:11.5rem;border-right:0;border-bottom:1px solid var(--line)}
    .detail{min-height:0}}
    @media (max-width:44rem){.controls{display:flex;flex-wrap:wrap}
    .controls label{flex:1 1 40%}.controls .arm{flex-basis:30%}.controls .search{flex-basis:100%}
    .counts{display:grid;grid-template-columns:1fr 1fr}
    .walk{justify-content:space-between}.keys{display:none}
    .detail{padding:1rem}}
    @media print{.scripted .browser{display:none}.scripted .plain{display:block}}

    """
}
