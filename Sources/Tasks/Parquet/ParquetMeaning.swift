import Base
import Foundation

/// What the values of a column mean, beyond how they are kept.
///
/// Source: apache/parquet-format, "LogicalTypes.md"; files carry an older code (`ConvertedType`), a
/// newer description (`LogicalType`), or both.
enum ParquetMeaning: Equatable {
  case none
  case text
  case signed
  case unsigned
  /// Integers divided by a power of ten.
  case decimal(scale: Int)
  /// Days since 1970.
  case date
  /// Fractions of a second since midnight; how many a second has.
  case time(perSecond: Int64)
  /// Fractions of a second since 1970, of a place or of UTC.
  case timestamp(perSecond: Int64, isUTC: Bool)
  case uuid
  case half
  case list
  case map
  /// What has no plain form in JSON; the words say what it is.
  case other(String)

  init(of element: ThriftStructure) throws {
    if let logical = try element.structureIfSet(10, name: "a column's meaning"),
      let meaning = try Self.logical(logical)
    {
      self = meaning
    } else if let code = try element.integerIfSet(6) {
      self = Self.converted(code, scale: try element.integerIfSet(7) ?? 0)
    } else {
      self = .none
    }
  }

  /// Whether a leaf's values can be read as what they mean.
  func fits(_ leaf: ParquetLeaf) -> Bool {
    switch self {
    case .none: true
    case .text: leaf.type == .bytes
    case .signed, .unsigned: leaf.type == .int32 || leaf.type == .int64
    case .date: leaf.type == .int32
    case .time, .timestamp: leaf.type == .int32 || leaf.type == .int64
    case .decimal(let scale):
      (0...76).contains(scale) && ![.boolean, .int96, .float, .double].contains(leaf.type)
    case .uuid: leaf.type == .fixedBytes && leaf.width == 16
    case .half: leaf.type == .fixedBytes && leaf.width == 2
    case .list, .map, .other: false
    }
  }

  /// What the values are, for messages.
  var words: String {
    if case .other(let words) = self {
      words
    } else {
      "values that are not kept as such values are"
    }
  }

  private static func converted(_ code: Int, scale: Int) -> ParquetMeaning {
    switch code {
    case 0, 4, 19: .text
    case 1, 2: .map
    case 3: .list
    case 5: .decimal(scale: scale)
    case 6: .date
    case 7: .time(perSecond: 1000)
    case 8: .time(perSecond: 1_000_000)
    case 9: .timestamp(perSecond: 1000, isUTC: true)
    case 10: .timestamp(perSecond: 1_000_000, isUTC: true)
    case 11...14: .unsigned
    case 15...18: .signed
    case 20: .other("BSON")
    case 21: .other("intervals")
    default: .other("values of a kind that has no plain form")
    }
  }

  /// Nil for what this reader does not know.
  private static func logical(_ meaning: ThriftStructure) throws -> ParquetMeaning? {
    if meaning.has(1) || meaning.has(4) || meaning.has(12) { return .text }
    if meaning.has(2) { return .map }
    if meaning.has(3) { return .list }
    if let decimal = try meaning.structureIfSet(5, name: "a decimal's meaning") {
      return .decimal(scale: try decimal.integer(1))
    }
    if meaning.has(6) { return .date }
    if let time = try meaning.structureIfSet(7, name: "a time's meaning") {
      return .time(perSecond: try perSecond(time))
    }
    if let time = try meaning.structureIfSet(8, name: "a time's meaning") {
      return .timestamp(
        perSecond: try perSecond(time), isUTC: try time.boolean(1, default: false))
    }
    // A column of nulls alone.
    if meaning.has(11) { return ParquetMeaning.none }
    if meaning.has(13) { return .other("BSON") }
    if meaning.has(14) { return .uuid }
    if meaning.has(15) { return .half }
    if meaning.has(16) { return .other("variants") }
    if meaning.has(17) || meaning.has(18) { return .other("shapes on a map") }
    guard let integer = try meaning.structureIfSet(10, name: "an integer's meaning") else {
      return nil
    }
    return try integer.boolean(2, default: true) ? .signed : .unsigned
  }

  private static func perSecond(_ time: ThriftStructure) throws -> Int64 {
    let unit = try time.structure(2, name: "a time's unit")
    return unit.has(1) ? 1000 : unit.has(2) ? 1_000_000 : 1_000_000_000
  }
}

extension ParquetLeaf {
  /// A value that is kept as an integer.
  /// - Throws: `ParquetError.column` for one that is too large.
  func value(integer: Int64) throws -> JSONValue {
    switch meaning {
    case .unsigned where type == .int32:
      return .integer(Int(UInt32(truncatingIfNeeded: integer)))
    case .unsigned:
      guard integer >= 0 else {
        throw ParquetError.column("the column '\(name)' holds integers above \(Int.max)")
      }
      return .integer(Int(integer))
    case .decimal(let scale):
      return DecimalText.value("\(integer.magnitude)", isNegative: integer < 0, scale: scale)
    case .date: return .string(CalendarText.date(integer))
    case .time(let perSecond): return .string(CalendarText.time(integer, perSecond))
    case .timestamp(let perSecond, let isUTC):
      return .string(CalendarText.timestamp(integer, perSecond, isUTC: isUTC))
    default: return .integer(Int(integer))
    }
  }

  /// A value that is kept as bytes.
  /// - Throws: `ParquetError.column` for bytes that are no text and mean none.
  func value(bytes: ArraySlice<UInt8>) throws -> JSONValue {
    switch meaning {
    case .decimal(let scale):
      guard bytes.count <= 32 else {
        throw ParquetError.column("the column '\(name)' holds decimals of more than 76 digits")
      }
      let isNegative = (bytes.first ?? 0) >= 0x80
      return DecimalText.value(
        DecimalText.digits(bytes, isNegative: isNegative), isNegative: isNegative, scale: scale)
    case .uuid:
      let digits = Array(Self.hexadecimal(bytes))
      let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
      return .string(groups.joined(separator: "-"))
    case .half:
      let bits = UInt16(bytes[bytes.startIndex]) | UInt16(bytes[bytes.startIndex + 1]) << 8
      return .number(Self.half(bits))
    case .none where type == .int96:
      return .string(CalendarText.timestamp(int96: Array(bytes)))
    default:
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw ParquetError.column("the column '\(name)' holds bytes that are no text")
      }
      return .string(text)
    }
  }

  private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// A float of 16 bits (IEEE 754 binary16).
  private static func half(_ bits: UInt16) -> Double {
    let (exponent, fraction) = (Int(bits >> 10 & 0x1F), Double(bits & 0x3FF))
    let magnitude =
      switch exponent {
      case 0: fraction * 0x1p-24
      case 31: fraction == 0 ? Double.infinity : .nan
      default: (1 + fraction / 1024) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
      }
    return bits >> 15 == 1 ? -magnitude : magnitude
  }
}

/// Decimals as JSON: an integer or a number where that is exact, else a text.
private enum DecimalText {
  /// - Parameter digits: the integer that is divided by 10^scale.
  static func value(_ digits: String, isNegative: Bool, scale: Int) -> JSONValue {
    let sign = isNegative ? "-" : ""
    if scale == 0 { return Int(sign + digits).map { .integer($0) } ?? .string(sign + digits) }
    let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
    let text = sign + padded.dropLast(scale) + "." + padded.suffix(scale)
    // A number of 15 digits or fewer comes back from 64 bits as it was.
    let significant = digits.drop { $0 == "0" }.count
    guard significant <= 15, let number = Double(text) else { return .string(text) }
    return .number(number)
  }

  /// The digits of an integer in two's complement, highest byte first.
  static func digits(_ bytes: ArraySlice<UInt8>, isNegative: Bool) -> String {
    var rest = bytes.map { isNegative ? ~$0 : $0 }
    if isNegative {
      var place = rest.count - 1
      while place >= 0 {
        rest[place] &+= 1
        if rest[place] != 0 { break }
        place -= 1
      }
    }
    var digits = ""
    while rest.contains(where: { $0 != 0 }) {
      var remainder = 0
      for index in rest.indices {
        let value = remainder << 8 | Int(rest[index])
        rest[index] = UInt8(value / 10)
        remainder = value % 10
      }
      digits.append("\(remainder)")
    }
    return digits.isEmpty ? "0" : String(digits.reversed())
  }
}

/// Days and times in the form of ISO 8601.
private enum CalendarText {
  private static let daySeconds: Int64 = 86_400

  /// A day of the Gregorian calendar, such as 2025-05-19.
  ///
  /// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
  static func date(_ days: Int64) -> String {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
    let part = (5 * dayOfYear + 2) / 153
    let month = part < 10 ? part + 3 : part - 9
    let fullYear = year + era * 400 + (month <= 2 ? 1 : 0)
    let sign = fullYear < 0 ? "-" : ""
    return sign + padded(abs(fullYear), 4) + "-" + padded(month, 2) + "-"
      + padded(dayOfYear - (153 * part + 2) / 5 + 1, 2)
  }

  /// A time of day, such as 09:30:00.25.
  static func time(_ count: Int64, _ perSecond: Int64) -> String {
    let seconds = floorDivide(count, perSecond)
    let fraction = count - seconds * perSecond
    let clock =
      padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2) + ":" + padded(seconds % 60, 2)
    guard fraction != 0 else { return clock }
    var digits = padded(fraction, "\(perSecond)".count - 1)
    while digits.last == "0" { digits.removeLast() }
    return clock + "." + digits
  }

  static func timestamp(_ count: Int64, _ perSecond: Int64, isUTC: Bool) -> String {
    let days = floorDivide(count, daySeconds * perSecond)
    let rest = count - days * daySeconds * perSecond
    return date(days) + "T" + time(rest, perSecond) + (isUTC ? "Z" : "")
  }

  /// Nanoseconds of the day in 8 bytes and a Julian day in 4, as Impala writes timestamps.
  static func timestamp(int96 bytes: [UInt8]) -> String {
    let nanoseconds = Int64(bitPattern: number(bytes[0..<8]))
    let day = Int64(Int32(truncatingIfNeeded: number(bytes[8..<12]))) - 2_440_588
    let extra = floorDivide(nanoseconds, daySeconds * 1_000_000_000)
    return date(day + extra) + "T"
      + time(nanoseconds - extra * daySeconds * 1_000_000_000, 1_000_000_000)
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    let quotient = a / b
    return a % b < 0 ? quotient - 1 : quotient
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let text = "\(value)"
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
