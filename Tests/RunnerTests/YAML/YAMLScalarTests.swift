import Runner
import Testing

@Suite struct YAMLScalarTests {
  @Test(arguments: [
    ("010", 10), ("0", 0), ("-0", 0), ("+12", 12), ("-7", -7), ("0x1F", 31), ("0o17", 15),
    ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
  ])
  func integers(text: String, expected: Int) throws {
    guard case .integer(expected) = try YAMLScalarResolver.resolve(text) else {
      Issue.record("\(text) is not \(expected)")
      return
    }
  }

  @Test(arguments: [
    ("1e-6", 1e-6), (".5", 0.5), ("1.", 1), ("-1.5E+3", -1500), ("+.5", 0.5), ("3.10", 3.1),
    (".inf", .infinity), ("-.INF", -.infinity), ("0.1", 0.1), ("1e3", 1000), ("00.5", 0.5),
  ])
  func numbers(text: String, expected: Double) throws {
    guard case .number(expected) = try YAMLScalarResolver.resolve(text) else {
      Issue.record("\(text) is not \(expected)")
      return
    }
  }

  @Test func notANumber() throws {
    guard case .number(let value) = try YAMLScalarResolver.resolve(".nan") else {
      Issue.record(".nan is a number")
      return
    }
    #expect(value.isNaN)
  }

  @Test(arguments: [
    "yes", "no", "on", "off", "y", "1:30", "190:20:30", "2024-01-02", "1_000", "0b11", "-0x1F",
    "0o18", "0xG", "0x", "+", "-", ".", "e5", "1e", "1e+", ".e1", "1.2.3", "++1", "inf", "nan",
    "+.nan", "tRue", "1 2", "٣", "0o", "=",
  ])
  func strings(text: String) throws {
    guard case .string(text) = try YAMLScalarResolver.resolve(text) else {
      Issue.record("\(text) is not a string")
      return
    }
  }

  @Test(arguments: ["", "~", "null", "Null", "NULL"])
  func nothing(text: String) throws {
    guard case .null = try YAMLScalarResolver.resolve(text) else {
      Issue.record("\(text) is not null")
      return
    }
  }

  @Test(arguments: [("true", true), ("TRUE", true), ("False", false), ("false", false)])
  func booleans(text: String, expected: Bool) throws {
    guard case .boolean(expected) = try YAMLScalarResolver.resolve(text) else {
      Issue.record("\(text) is not \(expected)")
      return
    }
  }

  @Test(arguments: [
    "9223372036854775808", "12345678901234567890", "0xFFFFFFFFFFFFFFFFF", "1e999", "-1e999",
  ])
  func overflow(text: String) {
    #expect(throws: YAMLNumberError.self) { try YAMLScalarResolver.resolve(text) }
  }
}
