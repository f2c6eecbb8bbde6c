import Foundation

/// The header of a safetensors file, checked.
struct SafetensorsHeader {
  let entries: [String: SafetensorsFile.Entry]
  let metadata: [String: String]
  /// How many bytes come before the tensors.
  let byteCount: Int

  init(_ data: Data, path: String) throws {
    func damaged(_ problem: String) -> SafetensorsError { .damaged(path: path, problem: problem) }
    guard data.count >= 8 else {
      throw damaged("it has \(data.count) bytes, too few for a header")
    }
    let length = data.prefix(8).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(data.count - 8) else {
      throw damaged("its header should have \(length) bytes, but the file ends before that")
    }
    byteCount = 8 + Int(length)
    let json = Data(data.dropFirst(8).prefix(Int(length)))
    guard json.first == UInt8(ascii: "{"),
      let decoded = try? JSONDecoder().decode(HeaderJSON.self, from: json)
    else { throw damaged("its header is not the JSON that the format asks for") }
    metadata = decoded.metadata
    do {
      entries = try decoded.tensors.mapValues { try $0.checked() }
      try Self.checkCoverage(entries, length: data.count - byteCount)
    } catch let problem as HeaderProblem {
      throw damaged(problem.sentence)
    }
  }

  /// Tensors must follow each other without gap or overlap and end with the file.
  private static func checkCoverage(
    _ entries: [String: SafetensorsFile.Entry], length: Int
  ) throws {
    let ordered = entries.sorted {
      ($0.value.range.lowerBound, $0.value.range.upperBound, $0.key)
        < ($1.value.range.lowerBound, $1.value.range.upperBound, $1.key)
    }
    var end = 0
    for (name, entry) in ordered {
      guard entry.range.lowerBound == end else {
        let fault = entry.range.lowerBound < end ? "overlaps another" : "leaves a gap before it"
        throw HeaderProblem(sentence: "tensor '\(name)' \(fault)")
      }
      end = entry.range.upperBound
      guard end <= length else {
        throw HeaderProblem(sentence: "it ends in the middle of tensor '\(name)'")
      }
    }
    guard end == length else {
      throw HeaderProblem(sentence: "\(length - end) bytes follow the last tensor")
    }
  }
}

private struct HeaderProblem: Error {
  let sentence: String
}

/// The JSON of a header: `__metadata__`, and a description of each tensor.
private struct HeaderJSON: Decodable {
  var tensors: [String: TensorJSON] = [:]
  var metadata: [String: String] = [:]

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    for key in container.allKeys {
      if key.stringValue == "__metadata__" {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        tensors[key.stringValue] = try container.decode(TensorJSON.self, forKey: key)
      }
    }
  }
}

private struct TensorJSON: Decodable {
  let dtype: String
  let shape: [Int]
  let offsets: [Int]

  enum CodingKeys: String, CodingKey {
    case dtype
    case shape
    case offsets = "data_offsets"
  }

  func checked() throws -> SafetensorsFile.Entry {
    let sizes = [
      "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2,
      "U16": 2, "I8": 1, "U8": 1, "BOOL": 1,
    ]
    guard let size = sizes[dtype] else {
      throw HeaderProblem(sentence: "'\(dtype)' is no type of numbers that can be read")
    }
    guard shape.allSatisfy({ $0 >= 0 }), let count = product(shape, times: size) else {
      throw HeaderProblem(sentence: "the shape \(shape) is impossible")
    }
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1],
      offsets[1] - offsets[0] == count
    else {
      throw HeaderProblem(sentence: "the offsets \(offsets) do not fit the shape \(shape)")
    }
    return SafetensorsFile.Entry(type: dtype, shape: shape, range: offsets[0]..<offsets[1])
  }
}

/// The product of sizes, or nil where it overflows.
func product(_ sizes: [Int], times first: Int = 1) -> Int? {
  sizes.reduce(first as Int?) { product, size in
    guard let (value, overflow) = product?.multipliedReportingOverflow(by: size) else {
      return nil
    }
    return overflow ? nil : value
  }
}

/// Any key of a JSON object.
struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
