import Base
import Foundation
import Testing

@Suite struct JSONParserTests {
  private func parse(_ text: String) throws -> JSONValue {
    try JSONValue(parsing: Data(text.utf8))
  }

  private static let readable: [(String, JSONValue)] = [
    ("1", JSONValue.integer(1)), ("1.0", .number(1)), ("-0", .integer(0)), ("-0.0", .number(-0.0)),
    ("1e3", .number(1000)), ("1E-6", .number(1e-6)), ("2.5e+2", .number(250)),
    ("9223372036854775807", .integer(.max)),
    ("9223372036854775808", .number(9_223_372_036_854_775_808)),
    (" \t\r\n true ", true), ("false", false), ("null", .null), ("[]", []), ("{ }", [:]),
    ("[1, [2.5, \"x\"], {\"a\": null}]", [1, [2.5, "x"], ["a": .null]]),
    ("{\"a\": 1, \"b\": [true], \"a\": 2}", ["a": 2, "b": [true]]),
    (#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000x""#, "\"\\/\u{8}\u{C}\n\r\t\u{e9}\u{1F600}\0x"),
    ("\"e\u{301}π😀\"", "e\u{301}π😀"),
  ]

  @Test(arguments: readable)
  func reads(text: String, value: JSONValue) throws {
    #expect(try parse(text) == value)
    #expect(try parse(value.text) == value)
  }

  @Test(arguments: [
    "", " ", "[1,]", "[1", "[,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01", "-", "1.",
    ".5",
    "1e", "+1", "0x1", "NaN", "Infinity", "1e999", "tru", "nulll", "\"", "\"\n\"", "\"\\x\"",
    "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "1 2", "1\0", "\0",
  ])
  func refuses(text: String) {
    #expect(throws: JSONError.self) { try parse(text) }
  }

  private func members(_ text: String) throws -> (given: [JSONValue], rest: JSONValue) {
    var given: [JSONValue] = []
    let rest = try JSONValue.parse(Data(text.utf8), membersOf: "many") {
      given += [.string($0), $1]
    }
    return (given, rest)
  }

  @Test func givesTheMembersOfOneMemberOneByOne() throws {
    let (given, rest) = try members(
      #" {"a": {"many": 1}, "many" : { "x": {"many": [1]}, "y" : 2, "x": 3 }, "b": [2]} "#)
    #expect(given == ["x", ["many": [1]], "y", 2, "x", 3])
    #expect(rest == ["a": ["many": 1], "many": [:], "b": [2]])
    for (text, rest) in [
      ("{}", [:]), (#"{"many": {}}"#, ["many": [:]]), (#"{"many": [1]}"#, ["many": [1]]),
    ] as [(String, JSONValue)] {
      let found = try members(text)
      #expect(found.given.isEmpty && found.rest == rest)
    }
  }

  @Test(arguments: [
    "", "[]", "1", "{", "{} 1", #"{"many": {"x": 1}"#, #"{"many": {"x": 1,}}"#,
    #"{"many": {}, "many": {}}"#, #"{"many": 1, "many": {}}"#,
  ])
  func refusesWhatIsNoObjectWithOneSuchMember(text: String) {
    #expect(throws: JSONError.self) { try members(text) }
  }

  @Test func refusesWhatIsNoUTF8AndWhatIsTooDeep() {
    #expect(throws: JSONError.self) { try JSONValue(parsing: Data([0x22, 0xFF, 0x22])) }
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.self) { try parse(deep) }
  }

  @Test func comparesStringsByTheirBytes() throws {
    #expect(try parse("\"e\u{301}\"").string?.utf8.count == 3)
    #expect(try parse("\"e\\u0301\"").string?.utf8.count == 3)
  }

  @Test func readsASliceOfData() throws {
    let lines = Data("{\"a\":1}\n{\"a\":2}\n".utf8).split(separator: 0x0A)
    #expect(try lines.map { try JSONValue(parsing: $0) } == [["a": 1], ["a": 2]])
  }
}
