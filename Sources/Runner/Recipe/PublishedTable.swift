import Base
import Foundation

/// Numbers that somebody else published for the cells of a table: a YAML file beside the recipe,
/// which `docs/statistics.md` describes.
package struct PublishedTable: ParameterSet, Equatable {
  /// Where the numbers are from, for people.
  package var source = ""
  package var url: String?
  /// What the numbers are in; nil for the unit that the table shows.
  package var unit: PublishedUnit?
  /// What the deviations were taken over, for people.
  package var spread: String?
  /// Over how many evaluation passes.
  package var passes: Int?
  private var model: String?
  private var withGuesses: Bool?
  private var macro: MeanKind?
  /// The numbers, in the order of the file.
  package var values: [PublishedValue] = []

  package init() {}

  package static var fields: [Field<Self>] {
    [
      Field("source", \.source, required: true, "where the numbers are from, for people"),
      Field("url", \.url, "where to read on"),
      Field("unit", \.unit, "what the numbers are in; else the unit that the table shows"),
      Field("spread", \.spread, "what the deviations were taken over, for people"),
      Field("passes", \.passes, range: 1...1e9, "over how many evaluation passes"),
      Field("model", \.model, "what the numbers were measured of"),
      Field(
        "with_guesses", \.withGuesses,
        "whether random guesses count in place of missing answers, where a number does not say"),
      Field("macro", \.macro, "over what the numbers are means, where a number does not say"),
      Field("values", \.values, required: true, "the numbers"),
    ]
  }

  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    let place = positions["values"] ?? position
    var seen: Set<String> = []
    for value in values where !seen.insert(value.label).inserted {
      sink.report(place, "\(value.label) has two numbers; keep one")
    }
    // Gains may be negative.
    for value in values where unit == .percent && !(-100...100).contains(value.mean) {
      sink.report(place, "\(value.label) is \(value.mean), which is not a percentage")
    }
  }
}

package struct PublishedValue: ParameterSet, Equatable {
  /// The point of the table's axes to which it belongs.
  package var at: [String: AxisText] = [:]
  /// Which of the values that the table shows, where it shows several.
  package var value: String?
  /// The mean, or the only value.
  package var mean = 0.0
  /// The standard deviation, where there is one.
  package var deviation: Double?
  /// How many problems it was measured on.
  package var problems: Int?
  /// Whether random guesses count in place of missing answers; nil where nobody says.
  package fileprivate(set) var withGuesses: Bool?
  /// Over what it is a mean; nil where nobody says.
  package fileprivate(set) var macro: MeanKind?
  /// What it was measured of, such as `Qwen2.5-3B`.
  package fileprivate(set) var model: String?
  /// What speaks against taking it at face value.
  package var caveat: String?

  package init() {}

  package static var fields: [Field<Self>] {
    [
      Field("at", \.at, required: true, "the point of the table's axes, as axis: value"),
      Field("value", \.value, "which value, where the table shows several; as after the dot"),
      Field("mean", \.mean, required: true, "the number"),
      Field("deviation", \.deviation, range: 0...1e300, "its standard deviation"),
      Field("problems", \.problems, range: 1...1e12, "how many problems it was measured on"),
      Field(
        "with_guesses", \.withGuesses,
        "whether random guesses count in place of missing answers, where not as the file says"),
      Field("macro", \.macro, "over what it is a mean, where not as the file says"),
      Field("model", \.model, "what it was measured of, where not the file's model"),
      Field("caveat", \.caveat, "what speaks against taking it at face value"),
    ]
  }

  /// Where it belongs, for people, such as `arm=base, benchmark=math500`.
  package var label: String {
    let point = at.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }
    return (point + [value].compactMap(\.self)).joined(separator: ", ")
  }

  /// The number in a unit `factor` times as small.
  package func scaled(by factor: Double) -> PublishedValue {
    var scaled = self
    scaled.mean *= factor
    scaled.deviation = deviation.map { $0 * factor }
    return scaled
  }
}

/// Over what a value is a mean.
package enum MeanKind: String, ParameterChoice {
  /// Every problem counts the same.
  case problems = "none"
  /// Every category of problems counts the same.
  case category
}

/// What published numbers are in.
package enum PublishedUnit: String, ParameterChoice {
  /// Shares, of a hundred.
  case percent
  /// Lengths, in tokens.
  case tokens
  /// Anything else, as it is; shares of one.
  case number
}

extension PublishedTable {
  /// Reads a file.
  /// - Throws: `ReportError.unreadablePublished`; for mistakes in the file,
  ///   `ReportError.mistakenPublished` with all of them.
  package init(contentsOf file: URL) throws {
    guard ["yaml", "yml"].contains(file.pathExtension) else {
      throw ReportError.mistakenPublished("\(file.relativePath): \(Self.form)")
    }
    let text: String
    do {
      text = try RecipeText.read(file)
    } catch {
      throw ReportError.unreadablePublished(path: file.relativePath, reason: "\(error)")
    }
    var sink = DiagnosticSink()
    guard let node = YAMLLoader.load(text, into: &sink), var table = Self.decode(node, into: &sink)
    else {
      var sources = RecipeSources(file: file.relativePath)
      sources.add(text, of: nil)
      throw ReportError.mistakenPublished("\(RecipeError(sink.diagnostics, sources: sources))")
    }
    for index in table.values.indices {
      let value = table.values[index]
      table.values[index].model = value.model ?? table.model
      table.values[index].withGuesses = value.withGuesses ?? table.withGuesses
      table.values[index].macro = value.macro ?? table.macro
    }
    self = table
  }

  private static let form = """
    published values are written in YAML, in a file that ends in .yaml:
      source: "Doe et al. 2025, table 9"
      unit: percent
      values:
        - {at: {start: warmed}, value: accuracy, mean: 54.0, deviation: 1.4}
    """

  /// The file that a recipe names, relative to its folder.
  package static func file(_ path: String, beside folder: URL) -> URL {
    path.hasPrefix("/") ? URL(filePath: path) : folder.appending(path: path)
  }
}
