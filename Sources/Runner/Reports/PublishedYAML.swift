import Foundation

/// Published values in YAML, which name points of the table's axes.
extension PublishedTable {
  /// Reads a file's text.
  /// - Throws: `ReportError.mistakenPublished` with every mistake and its place.
  init(yaml text: String, file: URL) throws {
    var sink = DiagnosticSink()
    guard let node = YAMLLoader.load(text, into: &sink),
      let found = PublishedFile.decode(node, into: &sink), sink.diagnostics.isEmpty
    else {
      var sources = RecipeSources(file: file.relativePath)
      sources.add(text, of: nil)
      throw ReportError.mistakenPublished("\(RecipeError(sink.diagnostics, sources: sources))")
    }
    self.init(
      source: found.source, url: found.url, unit: found.unit, spread: found.spread,
      passes: found.passes, entries: found.values.map { $0.entry(model: found.model) })
  }
}

/// What a file of published values may say.
private struct PublishedFile: ParameterSet {
  var source = ""
  var url: String?
  var unit: PublishedUnit?
  var spread: String?
  var passes: Int?
  var model: String?
  var values: [PublishedEntry] = []

  static var fields: [Field<Self>] {
    [
      Field("source", \.source, required: true, "where the numbers are from, for people"),
      Field("url", \.url, "where to read on"),
      Field("unit", \.unit, "what the numbers are in; else the unit that the table shows"),
      Field("spread", \.spread, "what the deviations were taken over, for people"),
      Field("passes", \.passes, range: 1...1e9, "over how many evaluation passes"),
      Field("model", \.model, "what the numbers were measured of"),
      Field("values", \.values, required: true, "the numbers"),
    ]
  }

  func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    let place = positions["values"] ?? position
    var seen: Set<String> = []
    for entry in values where !seen.insert(entry.label).inserted {
      sink.report(place, "\(entry.label) has two numbers; keep one")
    }
    // Gains may be negative.
    for entry in values where unit == .percent && !(-100...100).contains(entry.mean) {
      sink.report(place, "\(entry.label) is \(entry.mean), which is no percentage")
    }
  }
}

/// One number of the file.
private struct PublishedEntry: ParameterSet {
  var at: [String: AxisText] = [:]
  var value: String?
  var mean = 0.0
  var deviation: Double?
  var problems: Int?
  var model: String?
  var caveat: String?

  static var fields: [Field<Self>] {
    [
      Field("at", \.at, required: true, "the point of the table's axes, as axis: value"),
      Field("value", \.value, "which value, where the table shows several; as after the dot"),
      Field("mean", \.mean, required: true, "the number"),
      Field("deviation", \.deviation, range: 0...1e300, "its standard deviation"),
      Field("problems", \.problems, range: 1...1e12, "how many problems it was measured on"),
      Field("model", \.model, "what it was measured of, where not the file's model"),
      Field("caveat", \.caveat, "what speaks against taking it at face value"),
    ]
  }

  var label: String {
    let point = at.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }
    return (point + [value].compactMap(\.self)).joined(separator: ", ")
  }

  func entry(model fileModel: String?) -> PublishedTable.Entry {
    PublishedTable.Entry(
      place: .point(at.mapValues(\.text), value: value),
      value: PublishedTable.Value(
        mean: mean, deviation: deviation, problems: problems, model: model ?? fileModel,
        caveat: caveat))
  }
}
