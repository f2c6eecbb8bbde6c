import Base
import Runner
import Testing

@Suite struct ParameterSetTests {
  private struct Inner: ParameterSet {
    var size = 1
    var threads = 1
    static var fields: [Field<Self>] {
      [
        Field("size", \.size, range: 1...9, "a size"),
        Field("threads", \.threads, identity: false, "how many threads"),
      ]
    }
  }

  private struct Outer: ParameterSet {
    var needed = ""
    var rate = 0.5
    var inner = Inner()
    var maybe: Inner?
    var many: [Inner] = []
    var named: [String: Inner] = [:]
    var later = 3
    static var fields: [Field<Self>] {
      [
        Field("needed", \.needed, required: true, "what is needed"),
        Field("rate", \.rate, range: 0...1, "a rate"), Field("inner", \.inner, "a group"),
        Field("maybe", \.maybe, "a group or nothing"), Field("many", \.many, "groups"),
        Field("named", \.named, "groups by name"), Field("later", \.later, later: true, "new"),
      ]
    }

    func check(
      positions: [String: SourcePosition], at position: SourcePosition,
      into sink: inout DiagnosticSink
    ) {
      if inner.size > 5, rate > 0.9 {
        sink.report(positions["rate"] ?? position, "too much of everything")
      }
    }
  }

  private func decode(_ text: String) throws -> (Outer?, [Diagnostic]) {
    var sink = DiagnosticSink()
    let node = try #require(YAMLLoader.load(text, into: &sink))
    let value = Outer.decode(node, into: &sink)
    return (value, sink.diagnostics)
  }

  @Test func whatCannotChangeAResultStaysOutOfTheIdentity() throws {
    let text = """
      needed: x
      maybe: {size: 2, threads: 8}
      many: [{threads: 8}]
      named: {a: {size: 3, threads: 8}}
      """
    let value = try #require(try decode(text).0)
    #expect(
      value.identity == [
        "needed": "x", "rate": 0.5, "inner": ["size": 1], "maybe": ["size": 2],
        "many": [["size": 1]], "named": ["a": ["size": 3]],
      ])
    #expect(value.json["many"] == [["size": 1, "threads": 8]])
    #expect(value.json["later"] == 3)
    #expect(try decode("{needed: x, later: 4}").0?.identity["later"] == 4)
  }

  @Test func requiredParameters() throws {
    let (value, diagnostics) = try decode("rate: 0.25")
    #expect(value == nil)
    #expect(diagnostics.map(\.message) == ["missing key 'needed': what is needed"])
    #expect(Outer.fields[0].description.isRequired)
    #expect(!Outer.fields[3].description.isRequired)
    #expect(Outer.fields[3].description.defaultValue == .some(.null))
  }

  @Test func everythingWrongIsReportedWhereItStands() throws {
    let marked = MarkedText(
      """
      needed: x
      rate: §2
      named: {a: {size: §0}, b: §1, c: {size: §10}}
      many: [{size: 1}, {§sise: 2}, §x]
      inner: §[]
      """)
    let (value, diagnostics) = try decode(marked.text)
    #expect(value == nil)
    #expect(diagnostics.map(\.position) == marked.places)
    #expect(diagnostics[0].message == "'rate' must be between 0 and 1, found 2.0")
  }

  @Test func checksOfSeveralParametersTogether() throws {
    let (_, diagnostics) = try decode("{needed: x, rate: 1, inner: {size: 6}}")
    #expect(diagnostics.map(\.message) == ["too much of everything"])
    #expect(diagnostics.map(\.position.column) == [19])
    #expect(try decode("{needed: x, rate: 1, inner: {size: 5}}").1.isEmpty)
  }

  @Test(arguments: [
    (1.0...2.0, "between 1 and 2"), (.atLeast(0.5), "at least 0.5"),
    (-Double.infinity...3, "at most 3"),
  ])
  func ranges(range: ClosedRange<Double>, words: String) throws {
    struct One: ParameterSet {
      var value = 1.0
      static let ranges = [1.0...2.0, .atLeast(0.5), -Double.infinity...3]
      static var fields: [Field<Self>] {
        ranges.enumerated().map { Field("value\($0)", \.value, range: $1, "a value") }
      }
    }
    let index = try #require(One.ranges.firstIndex(of: range))
    var sink = DiagnosticSink()
    let node = try #require(
      YAMLLoader.load("value\(index): \(range.contains(-9) ? 9 : -9)", into: &sink))
    #expect(One.decode(node, into: &sink) == nil)
    #expect(sink.diagnostics.first?.message.contains(words) == true)
  }
}
