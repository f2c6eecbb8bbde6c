/// How tables look in `report.html`, beyond what all of its parts share.
enum TableStyle {
  /// The style sheet; it needs the colours of `ReportStyle`.
  static let css = """
    .table table{border-collapse:separate;border-spacing:0}
    .table tbody th,.table thead tr>:first-child{position:sticky;left:0;background:var(--card)}
    .table tbody .number{white-space:normal}
    .table .estimate,.table .difference b,.table .interval{white-space:nowrap}
    .table .interval,.table .verdict{display:inline-block}
    .table .line,.table .difference{display:block}
    .table .difference{font-size:.85rem;padding:0;color:var(--soft)}
    .table .difference b{font-weight:600;color:var(--ink)}
    .table .metric+.metric{margin-top:.35rem}
    .table .verdict{font-size:.75rem;font-weight:600;line-height:1.3;padding:.1rem .5rem;\
    border-radius:6px}
    .table .verdict.right{background:var(--right-tint);color:var(--right)}
    .table .verdict.wrong{background:var(--wrong-tint);color:var(--wrong)}
    .table .verdict.open{background:var(--code);color:var(--soft)}
    .table sup{line-height:0}
    .table .more{margin-top:.9rem;font-size:.85rem}
    .table .more .scroll{margin-top:.6rem}
    .table .all{font-size:.8rem;border-width:1px}
    .table .all th,.table .all td{padding:.3rem .6rem;white-space:nowrap}
    .table .all tbody tr>:first-child{position:sticky;left:0;background:var(--card)}
    @media (max-width:36rem){.table .tag{display:block;width:max-content;margin:.15rem 0 0}
    .table th{white-space:normal}.table .difference{font-size:.8rem}
    .table th,.table td{padding:.5rem .35rem}.table tr>:first-child{padding-left:0}}
    @media print{.table .more:not([open]){display:none}}

    """
}
