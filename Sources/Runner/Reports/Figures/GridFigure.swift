/// Cells in rows and columns with their numbers, ready to be drawn: a heat map, or a confusion of
/// verdicts.
package struct GridFigure: Figure {
  /// The name in the recipe, which names the file too.
  package let name: String
  /// The heading.
  package let title: String
  /// What the cells show, with its unit.
  package let valueTitle: String
  /// The pictures.
  package let panels: [Panel]
  /// The shades with what they stand for.
  package let legend: [Swatch]
  /// What the numbers mean and what is missing: a sentence each.
  package let notes: [String]
  /// Every number that is drawn.
  package let numbers: FigureNumbers

  /// One picture.
  package struct Panel: Sendable {
    /// What tells it from the others; nil for a lone one.
    package let title: String?
    /// What the rows are.
    package let rowTitle: String
    /// What the columns are.
    package let columnTitle: String
    /// The names of the rows.
    package let rows: [String]
    /// The names of the columns.
    package let columns: [String]
    /// The cells by row and column.
    package let cells: [[Cell]]
  }

  /// One cell.
  package struct Cell: Sendable {
    /// What stands in it.
    package let text: String
    /// How it is filled.
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

  /// A shade in the legend.
  package struct Swatch: Sendable {
    /// What it stands for.
    package let label: String
    /// The shade.
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

  /// Draws the figure.
  package func markup(styled: Bool) -> Markup { GridFigureSVG(self).markup(styled: styled) }
}
