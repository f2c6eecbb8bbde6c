import Base

/// Draws the stages of a recipe in rows, each below all that it reads.
struct RecipeGraphDrawing {
  /// A box, or a place where an arrow passes a row.
  private struct Place {
    /// Nil where an arrow passes.
    let node: Int?
    let width: Double
    /// Those in the row above that lead here.
    var above: [Int] = []
    /// The middle.
    var x = 0.0
  }

  private static let (height, rowGap, gap, margin) = (52.0, 44.0, 22.0, 12.0)
  private static let (wordWidth, padding) = (7.2, 24.0)

  private let graph: RecipeGraph
  private var places: [Place]
  /// The places of each row, from left to right.
  private var rows: [[Int]]
  /// From each arrow's producer to its consumer, a place in each row.
  private var arrows: [[Int]] = []
  private var width = 0.0

  init(_ graph: RecipeGraph) {
    self.graph = graph
    let levels = Self.levels(graph)
    places = graph.nodes.enumerated().map { index, node in
      let longest = [node.name, node.kind, node.points].map(\.count).max() ?? 0
      return Place(node: index, width: Double(longest) * Self.wordWidth + Self.padding)
    }
    rows = Array(repeating: [], count: (levels.max() ?? -1) + 1)
    for (index, level) in levels.enumerated() { rows[level].append(index) }
    var drawn: Set<[Int]> = []
    for edge in graph.edges where drawn.insert([edge.from, edge.to]).inserted {
      route(edge.from, edge.to, levels)
    }
    arrange()
  }

  /// How many stages the longest way to each goes through.
  private static func levels(_ graph: RecipeGraph) -> [Int] {
    var levels = graph.nodes.map { _ in 0 }
    for index in graph.nodes.indices {
      let above = graph.edges.filter { $0.to == index }.map { levels[$0.from] + 1 }
      levels[index] = above.max() ?? 0
    }
    return levels
  }

  private mutating func route(_ from: Int, _ to: Int, _ levels: [Int]) {
    var path = [from]
    for level in (levels[from] + 1)..<levels[to] {
      places.append(Place(node: nil, width: 6))
      rows[level].append(places.count - 1)
      path.append(places.count - 1)
    }
    path.append(to)
    for (one, other) in zip(path, path.dropFirst()) { places[other].above.append(one) }
    arrows.append(path)
  }

  /// Puts what is in a row below what it comes from, as far as there is room.
  private mutating func arrange() {
    for level in rows.indices {
      let wanted = rows[level].map { place in
        let above = places[place].above.map { places[$0].x }
        return above.isEmpty ? 0 : above.reduce(0, +) / Double(above.count)
      }
      let order = rows[level].indices.sorted { (wanted[$0], $0) < (wanted[$1], $1) }
      rows[level] = order.map { rows[level][$0] }
      let total = rows[level].map { places[$0].width + Self.gap }.reduce(-Self.gap, +)
      var left = -total / 2
      for place in rows[level] {
        places[place].x = left + places[place].width / 2
        left += places[place].width + Self.gap
      }
      width = max(width, total)
    }
    for index in places.indices { places[index].x += width / 2 + Self.margin }
  }

  private func top(_ level: Int) -> Double {
    Self.margin + Double(level) * (Self.height + Self.rowGap)
  }

  var markup: Markup {
    let height = top(rows.count) - Self.rowGap + Self.margin
    let size = "\(SVG.number(width + 2 * Self.margin)) \(SVG.number(height))"
    let boxes = rows.enumerated().flatMap { level, row in
      row.compactMap { place in places[place].node.map { box($0, places[place], level) } }
    }
    return .element(
      "svg", ["xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(size)", "role": "img"],
      .element("title", [:], "The stages of the recipe"),
      .element("style", [:], Markup(trusted: Self.style)), Markup(arrows.map(arrow)), Markup(boxes))
  }

  private func arrow(_ path: [Int]) -> Markup {
    guard let first = path.first, let node = places[first].node else { return .empty }
    var level = rows.firstIndex { $0.contains(first) } ?? 0
    var line = "M\(SVG.number(places[first].x)) \(SVG.number(top(level) + Self.height))"
    var before = places[first].x
    for place in path.dropFirst() {
      let (x, start, end) = (places[place].x, top(level) + Self.height, top(level + 1))
      let middle = SVG.number((start + end) / 2)
      line += "C\(SVG.number(before)) \(middle) \(SVG.number(x)) \(middle)"
      line += " \(SVG.number(x)) \(SVG.number(end))"
      (before, level) = (x, level + 1)
      if places[place].node == nil { line += "v\(SVG.number(Self.height))" }
    }
    let end = places[path[path.count - 1]]
    line += "m-4 -7l4 7l4 -7"
    let names = [graph.nodes[node].name, end.node.map { graph.nodes[$0].name } ?? ""]
    return .element(
      "path", ["class": "arrow", "d": line],
      .element("title", [:], Markup(names.joined(separator: " → "))))
  }

  private func box(_ index: Int, _ place: Place, _ level: Int) -> Markup {
    let node = graph.nodes[index]
    let (left, top) = (place.x - place.width / 2, top(level))
    let words = [node.name, node.kind, node.points].filter { !$0.isEmpty }
    let first = top + Self.height / 2 - Double(words.count - 1) * 7.5 + 4
    let lines = words.enumerated().map { line, word in
      Markup.element(
        "text",
        [
          "x": SVG.number(place.x), "y": SVG.number(first + Double(line) * 15),
          "class": line == 0 ? "name" : "quiet",
        ], Markup(word))
    }
    let frame = Markup.leaf(
      "rect",
      [
        "x": SVG.number(left), "y": SVG.number(top), "width": SVG.number(place.width),
        "height": SVG.number(Self.height), "rx": node.gate == nil ? "5" : "18",
      ])
    return frame + Markup(lines)
  }

  private static let style =
    "text{font:12px ui-monospace,monospace;text-anchor:middle;fill:#222}"
    + "text.name{font-weight:600}text.quiet{fill:#666}rect{fill:#fff;stroke:#888}"
    + ".arrow{fill:none;stroke:#888}@media(prefers-color-scheme:dark){text{fill:#eee}"
    + "text.quiet{fill:#aaa}rect{fill:#222}}"
}
