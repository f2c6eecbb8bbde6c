/// What all figures share: the image with its texts for screen readers, title and notes.
struct FigureSheet {
  let name: String
  let title: String
  let summary: String
  let frame: FigureFrame

  init(_ figure: some Figure, frame: FigureFrame) {
    name = figure.name
    title = figure.title
    summary = figure.summary
    self.frame = frame
  }

  /// The whole image around what the figure draws.
  func markup(styled: Bool, _ drawn: [Markup]) -> Markup {
    let id = "figure-" + name
    let style = Markup.element("style", [:], Markup(trusted: FigureStyle.css))
    let heading = SVG.text(title, frame.margin, 28, "figure-title")
    return .element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "figure-svg", "role": "img",
        "viewBox": "0 0 \(SVG.number(frame.width)) \(SVG.number(frame.height))",
        "width": SVG.number(frame.width), "height": SVG.number(frame.height),
        "aria-labelledby": "\(id)-title \(id)-text",
      ],
      [
        .element("title", ["id": id + "-title"], Markup(title)),
        .element("desc", ["id": id + "-text"], Markup(summary)),
        styled ? style : .empty,
        .leaf("rect", ["class": "figure-paper", "width": "100%", "height": "100%"]),
        heading,
      ] + drawn + [notes])
  }

  /// The legend, with a swatch drawn for each entry at the given place.
  func legend(_ swatch: (_ index: Int, _ x: Double, _ y: Double) -> Markup) -> Markup {
    Markup(
      frame.legend.enumerated().map { index, entry in
        swatch(index, entry.x, entry.y)
          + SVG.text(entry.label, entry.x + 30, entry.y, "figure-label")
      })
  }

  /// Says in the middle that there is nothing to draw.
  var nothing: Markup {
    let middle = ((frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2)
    return SVG.text("nothing measured yet", middle.0, middle.1, "figure-soft", anchor: "middle")
  }

  private var notes: Markup {
    let first = frame.height - 17 * Double(frame.notes.count)
    return Markup(
      frame.notes.enumerated().map { index, line in
        SVG.text(line, frame.margin, first + 17 * Double(index), "figure-soft")
      })
  }
}

/// The shapes that figures are made of. Coordinates have one decimal, or none where they are whole.
enum SVG {
  /// A coordinate.
  static func number(_ value: Double) -> String {
    let text = NumberText.plain(value, decimals: 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// A text, from its base line.
  static func text(
    _ content: String, _ x: Double, _ y: Double, _ style: String, anchor: String = "start"
  ) -> Markup {
    .element(
      "text",
      ["class": style, "x": number(x), "y": number(y), "text-anchor": anchor], Markup(content))
  }

  /// A straight line.
  static func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String
  ) -> Markup {
    .leaf(
      "line",
      [
        "class": style, "x1": number(x1), "y1": number(y1), "x2": number(x2), "y2": number(y2),
      ])
  }

  /// A rectangle, with what it stands for as its tooltip.
  static func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String,
    fill: String? = nil, tooltip: String? = nil
  ) -> Markup {
    let colour = fill.map { " style=\"\(Markup.escape("fill:" + $0))\"" } ?? ""
    let open =
      "<rect class=\"\(Markup.escape(style))\" x=\"\(number(x))\" y=\"\(number(y))\""
      + " width=\"\(number(max(0, width)))\" height=\"\(number(max(0, height)))\"\(colour)"
    guard let tooltip else { return Markup(trusted: open + "/>") }
    return Markup(trusted: open + "><title>\(Markup.escape(tooltip))</title></rect>")
  }

  /// A closed or open path with a tooltip.
  static func path(_ shape: String, _ style: String, css: String, tooltip: String) -> Markup {
    .element(
      "path", ["class": style, "d": shape, "style": css],
      .element("title", [:], Markup(tooltip)))
  }
}
