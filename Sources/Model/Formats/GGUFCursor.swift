import Foundation

/// What is wrong at a place of a GGUF file; the file's name is added by whoever catches it.
struct GGUFProblem: Error {
  let sentence: String
}

/// Reads a GGUF file's fields one after the other, never beyond its end.
struct GGUFCursor {
  private let data: Data
  /// How many bytes have been read.
  private(set) var offset = 0

  init(_ data: Data) { self.data = data }

  /// How many bytes are left.
  var remaining: Int { data.count - offset }

  /// The next bytes.
  mutating func bytes(_ count: Int) throws -> Data {
    guard count >= 0, count <= remaining else {
      throw GGUFProblem(sentence: "it ends at byte \(data.count), in the middle of its header")
    }
    defer { offset += count }
    let start = data.startIndex + offset
    return data[start..<start + count]
  }

  /// The next little-endian integer.
  mutating func unsigned(_ width: Int) throws -> UInt64 {
    try bytes(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The next 64-bit count of things that take at least `size` bytes each.
  mutating func count(of things: String, atLeast size: Int) throws -> Int {
    let count = try unsigned(8)
    guard count <= UInt64(remaining / size) else {
      throw GGUFProblem(sentence: "it promises \(count) \(things), more than its size allows")
    }
    return Int(count)
  }

  /// The next text: a 64-bit length, then UTF-8.
  mutating func string() throws -> String {
    let length = try count(of: "bytes of text", atLeast: 1)
    guard let text = String(validating: try bytes(length), as: UTF8.self) else {
      throw GGUFProblem(sentence: "the text at byte \(offset - length) is not UTF-8")
    }
    return text
  }

  /// The next value of a type, `depth` lists deep.
  mutating func value(type: UInt64, depth: Int = 0) throws -> GGUFValue {
    switch type {
    case 0: return .integer(Int(try unsigned(1)))
    case 1: return .integer(Int(Int8(truncatingIfNeeded: try unsigned(1))))
    case 2: return .integer(Int(try unsigned(2)))
    case 3: return .integer(Int(Int16(truncatingIfNeeded: try unsigned(2))))
    case 4: return .integer(Int(try unsigned(4)))
    case 5: return .integer(Int(Int32(truncatingIfNeeded: try unsigned(4))))
    case 6: return .number(shortest(Float(bitPattern: UInt32(try unsigned(4)))))
    case 7: return .boolean(try unsigned(1) != 0)
    case 8: return .string(try string())
    case 9: return try list(depth: depth + 1)
    case 10: return .integer(try exact(try unsigned(8)))
    case 11: return .integer(Int(Int64(bitPattern: try unsigned(8))))
    case 12: return .number(Double(bitPattern: try unsigned(8)))
    default: throw GGUFProblem(sentence: "byte \(offset) has the unknown value type \(type)")
    }
  }

  private mutating func list(depth: Int) throws -> GGUFValue {
    guard depth <= 4 else { throw GGUFProblem(sentence: "its metadata nests lists too deeply") }
    let type = try unsigned(4)
    let count = try count(of: "elements of a list", atLeast: type == 9 ? 12 : type == 8 ? 8 : 1)
    var values: [GGUFValue] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try value(type: type, depth: depth)) }
    return .list(values)
  }

  private func exact(_ value: UInt64) throws -> Int {
    guard let exact = Int(exactly: value) else {
      throw GGUFProblem(sentence: "the number \(value) is too large")
    }
    return exact
  }
}

/// The shortest decimal that stands for a 32-bit float, so that 1e-5 does not become 9.99…e-6.
private func shortest(_ value: Float) -> Double {
  value.isFinite ? Double(value.description) ?? Double(value) : Double(value)
}
