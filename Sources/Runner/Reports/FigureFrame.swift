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
  var bottom: Double { top + 280 }
  /// The height of the whole image.
  var height: Double { bottom + 54 + (notes.isEmpty ? 0 : 8 + 17 * Double(notes.count)) }

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

  init(legend labels: [String], notes: [String]) {
    self.notes = notes.flatMap { Self.wrap($0, to: 112) }
    var entries: [LegendEntry] = []
    var (x, y) = (margin, 56.0)
    for label in labels where labels.count > 1 {
      // Letters are about 7.2 pixels wide; nothing measures them here.
      let width = 54 + 7.2 * Double(label.count)
      if x > margin, x + width > right { (x, y) = (margin, y + 20) }
      entries.append(LegendEntry(label: label, x: x, y: y))
      x += width
    }
    legend = entries
    top = entries.isEmpty ? 68 : y + 40
  }

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
}
