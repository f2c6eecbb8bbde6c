import Base

/// What there is to say of a kind, from its type: for `warmup kinds` and docs/kinds.md, which cannot
/// say anything else than what recipes are read by.
package struct KindReference: Sendable {
  /// A table with a heading.
  struct Section: Sendable {
    let title: String
    let header: [String]
    let rows: [[String]]
  }

  package let name: String
  private let version: Int
  package let summary: String
  private let sections: [Section]
  private let example: String

  package init(_ kind: any Stage.Type) {
    name = kind.kind
    version = kind.version
    summary = Self.sentence(kind.summary)
    sections = [
      Section(title: "inputs", header: ["port", "type", ""], rows: Self.inputs(of: kind)),
      Section(
        title: "outputs", header: ["port", "type", ""],
        rows: kind.outputs.map { [$0.name, $0.type.name, $0.summary] }),
      Section(
        title: "params", header: ["name", "type", "default", ""],
        rows: Self.fields(of: kind).flatMap { Self.rows($0, below: "") }),
      Section(title: "publishes", header: ["", ""], rows: Self.published(by: kind)),
    ]
    example = kind.example
  }

  private static func sentence(_ summary: String) -> String {
    let text = summary.prefix(1).uppercased() + summary.dropFirst()
    return text.hasSuffix(".") ? text : text + "."
  }

  private static func inputs(of kind: any Stage.Type) -> [[String]] {
    let ports = kind.inputs.map { port in
      [port.name, port.type.name, port.summary + (port.isOptional ? " (optional)" : "")]
    }
    if kind.openInputs.isEmpty { return ports }
    let types = kind.openInputs.map(\.name).joined(separator: " | ")
    return ports + [
      ["…", types, "any number of these, all of one type, under names of your choice"]
    ]
  }

  private static func published(by kind: any Stage.Type) -> [[String]] {
    let names = kind.names
    return [
      ("values", names.values), ("facts", names.facts), ("metrics by step", names.metrics),
    ].filter { !$0.1.isEmpty }.map { [$0.0, $0.1.joined(separator: ", ")] }
  }

  private static func fields<Kind: Stage>(of kind: Kind.Type) -> [FieldDescription] {
    Kind.Parameters.fields.map(\.description)
  }

  /// The row of a parameter, and those of the parameters in it.
  private static func rows(_ field: FieldDescription, below prefix: String) -> [[String]] {
    let name = prefix + field.name
    func group(_ fields: [FieldDescription], _ value: String) -> [[String]] {
      [[name, "mapping", value, field.summary]] + fields.flatMap { rows($0, below: name + ".") }
    }
    if case .group(let fields) = field.shape { return group(fields, "") }
    if case .optional(.group(let fields)) = field.shape { return group(fields, "none") }
    let note = field.isIdentity ? "" : " (does not change the result)"
    let range = Self.range(field.minimum, field.maximum)
    return [
      [
        name, words(field.shape) + range, field.defaultValue.map(words) ?? "required",
        field.summary + note,
      ]
    ]
  }

  private static func words(_ shape: ParameterShape) -> String {
    switch shape {
    case .boolean: "true | false"
    case .integer: "integer"
    case .number: "number"
    case .string: "text"
    case .choice(let names): names.joined(separator: " | ")
    case .list(let element): "list of \(words(element))"
    case .group: "mapping"
    case .dictionary(let value): "mapping to \(words(value))"
    case .optional(let wrapped): words(wrapped)
    }
  }

  private static func words(_ value: JSONValue) -> String {
    if case .null = value { return "none" }
    return value.string ?? value.text
  }

  private static func range(_ minimum: Double?, _ maximum: Double?) -> String {
    func short(_ bound: Double) -> String { Int(exactly: bound).map(String.init) ?? "\(bound)" }
    return switch (minimum, maximum) {
    case (let low?, let high?): ", \(short(low)) to \(short(high))"
    case (let low?, nil): ", at least \(short(low))"
    case (nil, let high?): ", at most \(short(high))"
    case (nil, nil): ""
    }
  }

  /// For a terminal.
  package var text: String {
    var parts = ["\(name)  (version \(version))\n\(summary)\n"]
    for section in sections where !section.rows.isEmpty {
      let lines = AlignedText.lines(section.rows).map { "  \($0)\n" }
      parts.append("\(section.title)\n" + lines.joined())
    }
    if !example.isEmpty {
      let lines = example.split(separator: "\n").map { "  \($0)\n" }
      parts.append("example\n" + lines.joined())
    }
    return parts.joined(separator: "\n")
  }

  /// A section of docs/kinds.md.
  package var markdown: String {
    var text = "## \(name)\n\n\(summary) Version \(version).\n"
    for section in sections where !section.rows.isEmpty {
      text += "\n**\(section.title)**\n\n"
      let rows = section.rows.map { row in
        ["`\(row[0])`"] + row.dropFirst().map { $0.replacing("|", with: "\\|") }
      }
      let isNamed = section.title != "publishes"
      for row in [section.header, section.header.map { _ in "---" }]
        + (isNamed ? rows : section.rows)
      {
        text += "| \(row.joined(separator: " | ")) |\n"
      }
    }
    if !example.isEmpty { text += "\n```yaml\n\(example)\n```\n" }
    return text
  }
}

extension KindRegistry {
  /// Every kind, by name.
  package var references: [KindReference] { names.compactMap { self[$0] }.map(KindReference.init) }

  /// docs/kinds.md.
  package var markdown: String {
    """
    # Kinds

    What a stage of a recipe can do. `warmup kinds` lists the kinds, and `warmup kinds distill` shows \
    one; this page is made by `warmup kinds --markdown > docs/kinds.md`. How stages refer to each \
    other, `keep`, `require` and `over` are described in [the recipe language](recipe.md). The examples \
    of this page make one recipe.

    """ + references.map { "\n" + $0.markdown }.joined()
  }
}
