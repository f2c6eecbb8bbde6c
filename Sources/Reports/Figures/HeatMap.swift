import Base
import Foundation
import OrderedCollections
import Runner

extension GridFigure {
  /// Makes a heat map from what a recipe asks for and what is done.
  /// - Throws: `ReportError.impossible` where the recipe asks for what does not exist.
  package init(
    heatMap name: String, _ specification: FigureSpecification, data: Findings
  ) throws {
    let grid = try ValueGrid(
      specification.heatMap,
      places: [
        "rows": specification.rows, "columns": specification.columns,
        "panels": specification.panels, "over": specification.over,
      ], baseline: specification.baseline,
      comparable: specification.rows + specification.columns + specification.panels
        + specification.over,
      else: "not in the figure", in: data, owner: "figure '\(name)'")
    self = HeatMapBuilder(specification, grid).figure(name: name)
  }
}

/// Arranges the cells of a heat map and chooses their shades.
private struct HeatMapBuilder {
  private let specification: FigureSpecification
  private let grid: ValueGrid
  private let writer: ValueWriter
  private let entries: [HeatMapValue]

  /// One cell before it has a shade.
  private struct HeatMapValue {
    let panel: AxisPoint
    let row: AxisPoint
    let column: String
    let cell: TableReport.Cell
    let base: TableReport.Cell?
    let value: Double?
  }

  init(_ specification: FigureSpecification, _ grid: ValueGrid) {
    self.specification = specification
    self.grid = grid
    let isCompared = !specification.baseline.isEmpty
    let writer = ValueWriter(
      format: specification.format, change: isCompared ? specification.change : nil)
    self.writer = writer
    var entries: [HeatMapValue] = []
    for panel in grid.comparedPoints(of: specification.panels) {
      for row in grid.comparedPoints(of: specification.rows) {
        for column in grid.comparedPoints(of: specification.columns) {
          let point = panel.merging(row) { $1 }.merging(column) { $1 }
          for reference in grid.references {
            let runs = grid.runs(reference, at: point, scale: specification.format.scale)
            let base =
              isCompared
              ? grid.baselineRuns(reference, at: point, scale: specification.format.scale)
              : nil
            entries.append(
              HeatMapValue(
                panel: panel, row: row, column: grid.label(of: reference, at: column),
                cell: runs.cell, base: base?.cell,
                value: writer.compared(runs, with: base, over: specification.over)?.mean))
          }
        }
      }
    }
    self.entries = entries
  }

  func figure(name: String) -> GridFigure {
    let metrics = grid.references.map(\.name)
    let metric = Set(metrics).count == 1 ? metrics[0] : "value"
    let panels = grid.comparedPoints(of: specification.panels)
    return GridFigure(
      name: name,
      title: specification.title ?? metrics.joined(separator: ", ")
        + (writer.change == nil ? "" : " against the baseline"),
      valueTitle: writer.title(of: metric, baseline: specification.baseline),
      panels: panels.map { panel in
        self.panel(panel, isLone: panels.count == 1)
      }, legend: legend, notes: notes, numbers: numbers)
  }

  private func panel(_ point: AxisPoint, isLone: Bool) -> GridFigure.Panel {
    let rows = grid.comparedPoints(of: specification.rows)
    let own = entries.filter { $0.panel == point }
    let columns = own.filter { $0.row == rows.first }.map(\.column)
    return GridFigure.Panel(
      title: isLone && point.isEmpty ? nil : point.label,
      rowTitle: specification.rows.joined(separator: " · "),
      columnTitle: specification.columns.isEmpty
        ? "value" : specification.columns.joined(separator: " · "),
      rows: rows.map(\.label), columns: columns,
      cells: rows.map { row in own.filter { $0.row == row }.map(cell) })
  }

  private func cell(_ entry: HeatMapValue) -> GridFigure.Cell {
    let place = [entry.panel.label, entry.row.label, entry.column].filter { !$0.isEmpty }
      .joined(separator: ", ")
    guard let value = entry.value else {
      let isPlanned = entry.cell.planned > 0
      return GridFigure.Cell(
        text: isPlanned ? "–" : "", shade: isPlanned ? .missing : .blank,
        tooltip: "\(place): " + (isPlanned ? reason(entry) : "not in the recipe"))
    }
    let plain = ValueWriter(format: writer.format, change: nil)
    let both = [entry.cell.mean, entry.base?.mean].compactMap { $0.map(plain.full) }
    let detail = writer.change == nil ? "" : " (\(both.joined(separator: " against ")))"
    return GridFigure.Cell(
      text: writer.text(value), shade: shade(value),
      tooltip: "\(place): \(writer.full(value))\(detail)")
  }

  private func reason(_ entry: HeatMapValue) -> String {
    if entry.cell.mean != nil {
      return entry.base?.mean == nil
        ? "the baseline has no value yet" : "the baseline is zero, so there is no ratio"
    }
    return "\(entry.cell.values.count) of \(entry.cell.planned) runs are done"
  }

  // MARK: Shades

  /// What the shade follows: the value, or for ratios their logarithm, so that halved and doubled
  /// are equally strong.
  private func tone(_ value: Double) -> Double {
    guard writer.change == .relative else { return value }
    return log2(max(1 + value / writer.format.scale, 1.0 / 1024))
  }

  private func value(ofTone tone: Double) -> Double {
    writer.change == .relative ? (exp2(tone) - 1) * writer.format.scale : tone
  }

  private var tones: [Double] { entries.compactMap { $0.value.map(tone) } }

  /// The tones of the palest and of the strongest shade; round where shades follow the value itself,
  /// so that the legend is.
  private var range: (low: Double, high: Double) {
    let most = tones.map(abs).max() ?? 0
    switch writer.change {
    case .relative: return (0, most)
    case .difference: return (0, most > 0 ? Self.roundStep(above: most) : 0)
    case nil:
      let (low, high) = (tones.min() ?? 0, tones.max() ?? 0)
      guard high > low else { return (low, high) }
      var step = Self.roundStep(above: (high - low) / Self.shades)
      while (low / step).rounded(.down) * step + Self.shades * step < high {
        step = Self.roundStep(above: step * 1.01)
      }
      let first = (low / step).rounded(.down) * step
      return (first, first + Self.shades * step)
    }
  }

  private static let shades = 5.0

  /// The least number of one or two digits that people count in and that is not below another.
  private static func roundStep(above least: Double) -> Double {
    let power = pow(10, log10(least).rounded(.down))
    let multiple = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].first { $0 >= least / power - 1e-9 } ?? 10
    return multiple * power
  }

  private func shade(_ value: Double) -> GridFigure.Shade {
    let (low, high) = range
    let tone = tone(value)
    if writer.change == nil {
      return .up(high > low ? GridFigure.Shade.strength((tone - low) / (high - low)) : 3)
    }
    if tone == 0 || high == 0 { return .blank }
    let strength = GridFigure.Shade.strength(abs(tone) / high)
    return tone > 0 ? .up(strength) : .down(strength)
  }

  private var legend: [GridFigure.Swatch] {
    var swatches: [GridFigure.Swatch] = []
    let (low, high) = range
    func text(_ tone: Double) -> String { writer.text(value(ofTone: tone)) + writer.unit }
    if tones.isEmpty {
      swatches = []
    } else if writer.change == nil {
      let step = (high - low) / Self.shades
      swatches =
        high > low
        ? (1...Int(Self.shades)).map { strength in
          let end = low + step * Double(strength)
          let label = "\(NumberText.short(end - step))–\(NumberText.short(end))\(writer.unit)"
          return GridFigure.Swatch(label: label, shade: .up(strength))
        } : [.init(label: text(low), shade: .up(3))]
    } else if high > 0 {
      swatches = [
        .init(label: text(-high), shade: .down(5)), .init(label: text(-high / 2), shade: .down(3)),
        .init(label: "no change", shade: .blank),
        .init(label: text(high / 2), shade: .up(3)), .init(label: text(high), shade: .up(5)),
      ]
    }
    let isMissing = entries.contains { $0.value == nil && $0.cell.planned > 0 }
    return swatches + (isMissing ? [.init(label: "not done", shade: .missing)] : [])
  }

  // MARK: Texts

  private var notes: [String] {
    var notes: [String] = []
    if entries.contains(where: { $0.cell.planned > 1 }) {
      notes.append("Cells are means over \(specification.over.joined(separator: " and ")).")
    }
    if writer.change == .relative {
      notes.append(
        "The change is the mean over the baseline's mean, minus one. Shades follow the logarithm of"
          + " the ratio: halved and doubled are equally strong.")
    }
    return notes + grid.gateNotes
  }

  private var numbers: FigureNumbers {
    FigureNumbers(
      header: [
        "panel", "row", "column", "shown", "mean", "low", "high", "baseline", "runs", "planned",
      ],
      rows: entries.map { entry in
        [
          entry.panel.label, entry.row.label, entry.column, FigureNumbers.field(entry.value),
          FigureNumbers.field(entry.cell.mean),
          FigureNumbers.field(entry.cell.interval?.lowerBound),
          FigureNumbers.field(entry.cell.interval?.upperBound),
          FigureNumbers.field(entry.base?.mean), String(entry.cell.values.count),
          String(entry.cell.planned),
        ]
      })
  }
}
