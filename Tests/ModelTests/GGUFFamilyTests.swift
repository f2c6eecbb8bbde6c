import Foundation
import Model
import Testing

/// What the metadata of GGUF files says about families and rotary scaling.
@Suite struct GGUFFamilyTests {
  private enum Value {
    case text(String)
    case integer(UInt32)
    case number(Float)
  }

  private static let sizes: [(String, Value)] = [
    ("embedding_length", .integer(64)), ("feed_forward_length", .integer(8)),
    ("block_count", .integer(1)), ("attention.head_count", .integer(1)),
    ("context_length", .integer(131_072)), ("attention.layer_norm_rms_epsilon", .number(1e-5)),
    ("rope.freq_base", .number(500_000)),
  ]

  /// A file with an embedding and, where they are given, divisors of rotary frequencies.
  private func configuration(
    _ architecture: String = "llama", _ metadata: [(String, Value)] = [], divisors: [Float] = []
  ) throws -> ModelConfiguration {
    func bytes<Number>(_ number: Number) -> Data { withUnsafeBytes(of: number) { Data($0) } }
    func text(_ text: String) -> Data { bytes(UInt64(text.utf8.count)) + Data(text.utf8) }
    let entries =
      [("general.architecture", Value.text(architecture))]
      + (Self.sizes + metadata).map { ("\(architecture).\($0)", $1) }
    var tensors: [(name: String, shape: [Int], values: [Float])] = [
      ("token_embd.weight", [3, 64], [Float](repeating: 0, count: 192))
    ]
    if !divisors.isEmpty {
      tensors.append(("rope_freqs.weight", [divisors.count], divisors))
    }
    var out = Data("GGUF".utf8) + bytes(UInt32(3)) + bytes(UInt64(tensors.count))
    out += bytes(UInt64(entries.count))
    for (key, value) in entries {
      out += text(key)
      switch value {
      case .text(let value): out += bytes(UInt32(8)) + text(value)
      case .integer(let value): out += bytes(UInt32(4)) + bytes(value)
      case .number(let value): out += bytes(UInt32(6)) + bytes(value)
      }
    }
    var offset = 0
    for tensor in tensors {
      out += text(tensor.name) + bytes(UInt32(tensor.shape.count))
      for size in tensor.shape.reversed() { out += bytes(UInt64(size)) }
      out += bytes(UInt32(0)) + bytes(UInt64(offset))
      offset += 4 * tensor.values.count
    }
    out += Data(repeating: 0, count: (32 - out.count % 32) % 32)
    for value in tensors.flatMap(\.values) { out += bytes(value) }
    return try ModelConfiguration(gguf: try GGUFFile(out, path: "x.gguf"))
  }

  /// What llama.cpp's converter writes for Llama 3.1 (factor 8) and 3.2 (factor 32).
  private static func divisors(factor: Double) -> [Float] {
    (0..<32).map { index in
      let frequency = pow(500_000, -Double(index) / 32)
      let wavelength = 2 * Double.pi / frequency
      if wavelength < 8192.0 / 4 { return 1 }
      if wavelength > 8192 { return Float(factor) }
      let smooth = (8192 / wavelength - 1) / 3
      return Float(1 / ((1 - smooth) / factor + smooth))
    }
  }

  @Test(arguments: [8.0, 32])
  func llama3(factor: Double) throws {
    let read = try configuration(divisors: Self.divisors(factor: factor))
    #expect(read.rotaryScaling == .llama3(factor: factor, low: 1, high: 4, original: 8192))
    #expect(try configuration(divisors: [Float](repeating: 1, count: 32)).rotaryScaling == .none)
  }

  @Test func linear() throws {
    #expect(try configuration().rotaryScaling == .none)
    let old = try configuration("llama", [("rope.scale_linear", .number(4))])
    #expect(old.rotaryScaling == .linear(factor: 4))
    let new: [(String, Value)] = [
      ("rope.scaling.type", .text("linear")), ("rope.scaling.factor", .number(2.5)),
    ]
    #expect(try configuration("qwen2", new).rotaryScaling == .linear(factor: 2.5))
    let none: [(String, Value)] = [
      ("rope.scaling.type", .text("none")), ("rope.scaling.factor", .number(2)),
    ]
    #expect(try configuration("llama", none).rotaryScaling == .none)
  }

  @Test func refusesOthers() throws {
    func message(_ body: () throws -> ModelConfiguration) -> String {
      let error = #expect(throws: ModelImportError.self) { _ = try body() }
      return error?.description ?? ""
    }
    let yarn = message { try configuration("llama", [("rope.scaling.type", .text("yarn"))]) }
    #expect(yarn.contains("rope_scaling of the type 'yarn'"))
    var divisors = Self.divisors(factor: 8)
    divisors[20] *= 1.01
    #expect(message { try configuration(divisors: divisors) }.contains("those of Llama 3.1"))
    #expect(
      message { try configuration(divisors: [1, 2]) }.contains("such rope_freqs.weight"))
    #expect(message { try configuration("qwen3") }.contains("take its Hugging Face folder"))
    #expect(
      message { try configuration("gemma3") }.contains("Gemma 3, which is not read from GGUF"))
    #expect(message { try configuration("phi3") }.contains("family 'phi3'"))
  }
}
