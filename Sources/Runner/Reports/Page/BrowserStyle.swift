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
