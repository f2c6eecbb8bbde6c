/// Where the parts of a figure stand, in pixels of its view box.
struct FigureFrame {
  /// The width of the whole image.
  let width = 760.0
  /// The empty space at the edges.
  let margin = 20.0
  /// The left end of the plot.
  let left = 68.0
  /// The right end of the plot.
  let right = 740.0
  /// The upper end of the plot.
  let top: Double
  /// The lower end of the plot.
  var bottom: Double { top + plotHeight }
  /// The height of the whole image.
  var height: Double { bottom + below + (notes.isEmpty ? 0 : 8 + 17 * Double(notes.count)) }

  /// One entry of the legend, at the base line of its text.
  struct LegendEntry {
    let label: String
    let x: Double
    let y: Double
  }

  /// The entries of the legend; none for a lone line, whose name the title says.
  let legend: [LegendEntry]
  /// The notes, broken into lines.
  let notes: [String]

  private let plotHeight: Double
  private let below: Double

  /// Arranges a figure.
  /// - Parameters:
  ///   - labels: the entries of the legend.
  ///   - plotHeight: the height of what is drawn, from the first panel's upper end to the last
  ///     one's lower end.
  ///   - below: the space under it for the labels of a horizontal axis.
  ///   - showsLone: whether a single entry is shown.
  init(
    legend labels: [String], notes: [String], plotHeight: Double = 280, below: Double = 54,
    showsLone: Bool = false
  ) {
    self.plotHeight = plotHeight
    self.below = below
    self.notes = notes.flatMap { Self.wrap($0, to: 112) }
    var entries: [LegendEntry] = []
    var (x, y) = (margin, 56.0)
    for label in labels where labels.count > 1 || showsLone {
      let width = 32 + 22 + Self.width(of: label)
      if x > margin, x + width > right { (x, y) = (margin, y + 20) }
      entries.append(LegendEntry(label: label, x: x, y: y))
      x += width
    }
    legend = entries
    top = entries.isEmpty ? 68 : y + 40
  }

  /// How wide a label is: letters are about 7.2 pixels wide; nothing measures them here.
  static func width(of label: String) -> Double { 7.2 * Double(label.count) }

  /// Breaks a sentence between words into lines of at most `count` letters.
  static func wrap(_ text: String, to count: Int) -> [String] {
    text.split(separator: " ").reduce(into: [String]()) { lines, word in
      if let last = lines.last, last.count + 1 + word.count <= count {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
  }

  /// A label of at most `count` letters; what is cut off is replaced by an ellipsis.
  static func shortened(_ label: String, to count: Int) -> String {
    label.count <= count ? label : label.prefix(max(1, count - 1)) + "…"
  }
}

/// The part of an image that one panel of a figure covers.
struct FigurePanel {
  /// The left end of the plot.
  let left: Double
  /// The right end of the plot.
  let right: Double
  /// The upper end of the plot.
  let top: Double
  /// The lower end of the plot.
  let bottom: Double
  /// Whether the horizontal axis is labelled; panels above others share the labels below.
  let isLowest: Bool

  /// Panels in two columns, each with room for a label above.
  static func columns(_ count: Int, in frame: FigureFrame, height: Double) -> [FigurePanel] {
    let width = (frame.right - frame.left - frame.left + 4) / 2
    return (0..<count).map { index in
      let left = frame.left + (index % 2 == 0 ? 0 : frame.right - frame.left - width)
      let top = frame.top + Double(index / 2) * (height + gap)
      return FigurePanel(
        left: left, right: left + width, top: top, bottom: top + height,
        isLowest: index + 2 >= count)
    }
  }

  /// The space between two rows of panels.
  static let gap = 44.0

  /// The height of so many panels in two columns.
  static func totalHeight(_ count: Int, height: Double) -> Double {
    let rows = Double((count + 1) / 2)
    return rows * height + max(0, rows - 1) * gap
  }
}
