/// Cells in rows and columns with their numbers, ready to be drawn: a heat map, or a confusion of
/// verdicts.
package struct GridFigure: Figure {
  /// The name in the recipe, which names the file too.
  package let name: String
  package let title: String
  /// What the cells show, with its unit.
  package let valueTitle: String
  package let panels: [Panel]
  /// The shades with what they stand for.
  package let legend: [Swatch]
  /// What the numbers mean and what is missing: a sentence each.
  package let notes: [String]
  package let numbers: FigureNumbers

  package struct Panel: Sendable {
    /// What tells it from the others; nil for a lone one.
    package let title: String?
    package let rowTitle: String
    package let columnTitle: String
    package let rows: [String]
    package let columns: [String]
    package let cells: [[Cell]]
  }

  package struct Cell: Sendable {
    package let text: String
    package let shade: Shade
    /// Everything known about it.
    package let tooltip: String
  }

  /// How a cell is filled. Strengths run from 1 to 5.
  package enum Shade: Sendable, Equatable {
    /// Blank: nothing is planned there, or the value is zero.
    case blank
    /// Hatched: runs are missing.
    case missing
    /// Framed: a sum of other cells.
    case total
    /// More than the baseline, or simply much.
    case up(Int)
    /// Less than the baseline.
    case down(Int)
    /// Neither better nor worse.
    case same(Int)

    /// The strength of a share of the largest magnitude: 1 to 5.
    static func strength(_ share: Double) -> Int {
      share.isFinite ? min(5, max(1, Int((share * 5).rounded(.up)))) : 5
    }
  }

  package struct Swatch: Sendable {
    package let label: String
    package let shade: Shade
  }

  /// What the figure shows, for people who cannot see it.
  package var summary: String {
    let cells = panels.flatMap { panel in
      ([panel.title.map { $0 + "." }].compactMap(\.self))
        + panel.cells.flatMap { $0 }.map { $0.tooltip + "." }
    }
    return (["\(valueTitle)."] + cells + notes).joined(separator: " ")
  }

  package func markup(_ medium: FigureMedium) -> Markup { GridFigureSVG.markup(self, medium) }
}

/// Draws cells in rows and columns as SVG. Equal figures give equal bytes.
struct GridFigureSVG: FigureDrawing {
  private let figure: GridFigure
  private let frame: FigureFrame
  private let places: [CellPosition]

  /// Where a panel stands, relative to the plot's upper left end.
  private struct CellPosition {
    let x: Double
    let y: Double
    let names: Double
    /// The height of the columns' names.
    let head: Double
    let cellWidth: Double

    static let rowHeight = 38.0
    static let titleHeight = 26.0
  }

  let isLegible: Bool

  init(_ figure: GridFigure, _ layout: FigureLayout) {
    self.figure = figure
    let room = layout == .wide ? 720.0 : 332
    var places: [CellPosition] = []
    var (x, y, lowest) = (0.0, 0.0, 0.0)
    for panel in figure.panels {
      let size = Self.size(of: panel, in: room, isAlone: figure.panels.count == 1)
      if x > 0, x + size.width > room { (x, y) = (0, lowest + 26) }
      places.append(
        CellPosition(x: x, y: y, names: size.names, head: size.head, cellWidth: size.cell))
      x += size.width + 36
      lowest = max(lowest, y + size.height)
    }
    self.places = places
    isLegible = zip(figure.panels, places).allSatisfy {
      Self.isLegible($0, names: $1.names, cell: $1.cellWidth, room: room)
    }
    frame = FigureFrame(
      layout, legend: figure.legend.map(\.label), notes: figure.notes, plotHeight: max(60, lowest),
      below: 16)
  }

  /// Whether no number and no name of a row or column would be left out or cut off.
  private static func isLegible(
    _ panel: GridFigure.Panel, names: Double, cell: Double, room: Double
  ) -> Bool {
    let columns = panel.columns.flatMap { FigureFrame.lines(of: $0, in: cell) }
    return panel.cells.joined().allSatisfy { FigureFrame.width(of: $0.text) * 0.95 <= cell }
      && panel.rows.allSatisfy { $0.count <= Int(names / 7.2) }
      && !columns.contains { $0.hasSuffix("…") }
      && FigureFrame.width(of: panel.title ?? "") <= room
  }

  /// Panels that have others beside them are drawn narrower, so that two fit into a row.
  private static func size(
    of panel: GridFigure.Panel, in room: Double, isAlone: Bool
  ) -> (names: Double, head: Double, cell: Double, width: Double, height: Double) {
    let labels = panel.rows + [panel.rowTitle]
    let names = min(210, max(40, labels.map(FigureFrame.width).max() ?? 0)) + 12
    let count = Double(max(1, panel.columns.count))
    let longest = panel.columns.map(FigureFrame.width).max() ?? 0
    let text = panel.cells.flatMap { $0 }.map { FigureFrame.width(of: $0.text) }.max() ?? 0
    let cell = min(
      (room - names) / count,
      max(isAlone ? 76 : 60, text + 16, min(isAlone ? 120 : 60, longest + 16)))
    let lines = panel.columns.map { FigureFrame.lines(of: $0, in: cell).count }.max() ?? 1
    let head = 22 + 15 * Double(lines)
    let title = panel.title == nil ? 0 : CellPosition.titleHeight
    let height = title + head + CellPosition.rowHeight * Double(panel.rows.count)
    let wide = max(names + cell * count, FigureFrame.width(of: panel.title ?? "") + 12)
    return (names, head, cell, wide, height)
  }

  var sheet: FigureSheet {
    FigureSheet(figure, frame: frame) { index, x, y in
      box(x + 2, y - 12, 20, 15, figure.legend[index].shade, tooltip: nil)
    }
  }

  var parts: [Markup] {
    let panels = zip(figure.panels, places).map(panel)
    return [
      SVG.text(figure.valueTitle, frame.margin, frame.top - 12, "figure-soft"),
      panels.isEmpty ? sheet.nothing : Markup(panels),
    ]
  }

  /// Slanted lines across a missing cell. A pattern would need a reference, which pages do without.
  private func hatch(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> Markup {
    let lines = stride(from: 8.0, to: width + height, by: 8).map { offset in
      let start = (x + max(0, offset - height), y + min(offset, height))
      let end = (x + min(offset, width), y + max(0, offset - width))
      return "M\(SVG.number(start.0)) \(SVG.number(start.1))"
        + "L\(SVG.number(end.0)) \(SVG.number(end.1))"
    }
    return .leaf("path", ["class": "figure-hatch", "d": lines.joined()])
  }

  // MARK: Panels

  private func panel(_ panel: GridFigure.Panel, _ place: CellPosition) -> Markup {
    let left = frame.margin + place.x
    var top = frame.top + place.y
    var parts: [Markup] = []
    if let title = panel.title {
      parts.append(SVG.text(title, left, top + 14, "figure-panel"))
      top += CellPosition.titleHeight
    }
    let first = left + place.names
    parts.append(SVG.text(panel.rowTitle, left, top + place.head - 8, "figure-soft"))
    parts.append(SVG.text(panel.columnTitle, first, top + 10, "figure-soft"))
    for (index, label) in panel.columns.enumerated() {
      let middle = first + (Double(index) + 0.5) * place.cellWidth
      let lines = FigureFrame.lines(of: label, in: place.cellWidth)
      for (number, line) in lines.enumerated() {
        let height = top + place.head - 8 - 15 * Double(lines.count - 1 - number)
        parts.append(SVG.text(line, middle, height, "figure-value", anchor: "middle"))
      }
    }
    for (index, label) in panel.rows.enumerated() {
      let y = top + place.head + Double(index) * CellPosition.rowHeight
      let short = FigureFrame.shortened(label, to: Int(place.names / 7.2))
      parts.append(SVG.text(short, left, y + CellPosition.rowHeight / 2 + 4.5, "figure-label"))
      for (column, cell) in panel.cells[index].enumerated() {
        parts.append(
          self.cell(cell, first + Double(column) * place.cellWidth, y, place.cellWidth))
      }
    }
    return Markup(parts)
  }

  private func cell(_ cell: GridFigure.Cell, _ x: Double, _ y: Double, _ width: Double) -> Markup {
    let shape = box(x, y, width, CellPosition.rowHeight, cell.shade, tooltip: cell.tooltip)
    let isWide = FigureFrame.width(of: cell.text) * 0.95 > width
    if cell.text.isEmpty || isWide || cell.shade == .missing { return shape }
    let ink = Self.strength(of: cell.shade).map { " figure-t\($0)" } ?? ""
    return shape
      + SVG.text(
        cell.text, x + width / 2, y + CellPosition.rowHeight / 2 + 4.5, "figure-value" + ink,
        anchor: "middle")
  }

  private func box(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ shade: GridFigure.Shade,
    tooltip: String?
  ) -> Markup {
    let strength = Self.strength(of: shade).map { " figure-s\($0)" } ?? ""
    let style =
      switch shade {
      case .blank, .missing: "figure-cell figure-total"
      case .total: "figure-total"
      case .up: "figure-cell figure-up" + strength
      case .down: "figure-cell figure-down" + strength
      case .same: "figure-cell figure-same" + strength
      }
    let shape = SVG.rectangle(x, y, width, height, style, tooltip: tooltip)
    return shade == .missing ? hatch(x, y, width, height) + shape : shape
  }

  private static func strength(of shade: GridFigure.Shade) -> Int? {
    switch shade {
    case .up(let strength), .down(let strength), .same(let strength): strength
    case .blank, .missing, .total: nil
    }
  }
}
