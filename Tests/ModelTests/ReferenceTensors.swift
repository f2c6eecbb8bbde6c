import Foundation

/// The tensors of a safetensors file, for tests alone.
struct ReferenceTensors {
  private struct Header: Decodable {
    let dtype: String
    let shape: [Int]
    let offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype
      case shape
      case offsets = "data_offsets"
    }
  }

  private let data: Data
  private let headers: [String: Header]

  init(_ url: URL) throws {
    let file = try Data(contentsOf: url)
    let length = file.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    let json = try JSONSerialization.jsonObject(with: file.subdata(in: 8..<8 + length))
    var entries = json as? [String: Any] ?? [:]
    entries["__metadata__"] = nil
    headers = try JSONDecoder().decode(
      [String: Header].self, from: JSONSerialization.data(withJSONObject: entries))
    data = file.subdata(in: 8 + length..<file.count)
  }

  var names: [String] { headers.keys.sorted() }

  func shape(_ name: String) throws -> [Int] { try header(name).shape }

  func floats(_ name: String) throws -> [Float] { try values(name, dtype: "F32") }

  func integers(_ name: String) throws -> [Int] { try values(name, dtype: "I64") }

  private func header(_ name: String) throws -> Header {
    guard let header = headers[name] else { throw ReferenceError.missing(name) }
    return header
  }

  private func values<Value>(_ name: String, dtype: String) throws -> [Value] {
    let header = try header(name)
    guard header.dtype == dtype else { throw ReferenceError.missing("\(name) as \(dtype)") }
    let bytes = data.subdata(in: header.offsets[0]..<header.offsets[1])
    return bytes.withUnsafeBytes { raw in
      stride(from: 0, to: raw.count, by: MemoryLayout<Value>.stride)
        .map { raw.loadUnaligned(fromByteOffset: $0, as: Value.self) }
    }
  }
}

enum ReferenceError: Error {
  case missing(String)
}
