import Foundation
import Model
import Testing

@Suite struct GGUFTests {
  @Test func readsMetadataOfAllTypes() throws {
    var builder = GGUFBuilder()
    builder.add("u8", type: 0, [200])
    builder.add("i8", type: 1, [0xFE])
    builder.add("u16", type: 2, [1, 2])
    builder.add("i16", type: 3, [0xFE, 0xFF])
    builder.add("u32", type: 4, [0xFF, 0xFF, 0xFF, 0xFF])
    builder.add("i32", type: 5, [0xFD, 0xFF, 0xFF, 0xFF])
    builder.add("f32", type: 6, GGUFBuilder.bytes(Float(1e-5).bitPattern))
    builder.add("bool", type: 7, [1])
    builder.add("text", type: 8, GGUFBuilder.text("né"))
    builder.add(
      "list", type: 9, GGUFBuilder.bytes(UInt32(2)) + GGUFBuilder.bytes(UInt64(2)) + [7, 0, 8, 0])
    builder.add("u64", type: 10, GGUFBuilder.bytes(UInt64(1) << 40))
    builder.add("i64", type: 11, GGUFBuilder.bytes(UInt64.max))
    builder.add("f64", type: 12, GGUFBuilder.bytes((0.1).bitPattern))
    let read = try GGUFFile(builder.data, path: "x")
    let expected: [String: GGUFValue] = [
      "u8": .integer(200), "i8": .integer(-2), "u16": .integer(513), "i16": .integer(-2),
      "u32": .integer(4_294_967_295), "i32": .integer(-3), "f32": .number(1e-5),
      "bool": .boolean(true), "text": .string("né"), "list": .list([.integer(7), .integer(8)]),
      "u64": .integer(1 << 40), "i64": .integer(-1), "f64": .number(0.1),
    ]
    #expect(read.metadata == expected)
  }

  @Test func readsATensor() throws {
    var builder = GGUFBuilder()
    builder.tensor = (
      name: "w", dimensions: [2, 1], type: 0, offset: 0, bytes: [0, 0, 128, 63, 0, 0, 0, 64]
    )
    let read = try GGUFFile(builder.data, path: "x")
    #expect(read.tensors["w"]?.shape == [1, 2])
    #expect(try read.floats("w") == [1, 2])
    #expect(throws: GGUFError.self) { try read.floats("v") }
  }

  @Test func refusesEveryTruncation() throws {
    var builder = GGUFBuilder()
    builder.add("text", type: 8, GGUFBuilder.text("hello"))
    builder.tensor = (
      name: "w", dimensions: [2], type: 0, offset: 0, bytes: [0, 0, 128, 63, 0, 0, 0, 64]
    )
    let whole = builder.data
    _ = try GGUFFile(whole, path: "x")
    for length in 0..<whole.count {
      #expect(throws: GGUFError.self) { try GGUFFile(whole.prefix(length), path: "x") }
    }
  }

  /// Any byte may be wrong: reading then fails or succeeds, but never crashes.
  @Test func survivesEveryDamagedByte() throws {
    var builder = GGUFBuilder()
    builder.add(
      "list", type: 9,
      GGUFBuilder.bytes(UInt32(8)) + GGUFBuilder.bytes(UInt64(1)) + GGUFBuilder.text("a"))
    builder.add("general.alignment", type: 4, [32, 0, 0, 0])
    builder.tensor = (
      name: "w", dimensions: [32, 2], type: 2, offset: 0, bytes: [UInt8](repeating: 1, count: 36)
    )
    let whole = builder.data
    #expect(try GGUFFile(whole, path: "x").floats("w").count == 64)
    for index in 0..<whole.count {
      for value in [0, 1, 9, 0x7F, 0x80, 0xFF] as [UInt8] {
        var damaged = whole
        damaged[index] = value
        if let file = try? GGUFFile(damaged, path: "x") {
          for name in file.names { _ = try? file.floats(name) }
        }
      }
    }
  }

  @Test(arguments: [
    (Data("PK".utf8), "does not begin with 'GGUF'"),
    (Data("GGUF".utf8) + GGUFBuilder.bytes(UInt32(1)), "version 1"),
    (Data("GGUF".utf8) + GGUFBuilder.bytes(UInt32(3).byteSwapped), "big-endian"),
  ])
  func saysWhatIsWrong(_ data: Data, _ words: String) {
    let error = #expect(throws: GGUFError.self) { try GGUFFile(data, path: "a/b.gguf") }
    #expect(error?.description.contains(words) == true)
    #expect(error?.description.contains("a/b.gguf") == true)
  }

  // Skipped unless the environment variable WARMUP_SMOLLM2 names the GGUF file of SmolLM2-135M.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["WARMUP_SMOLLM2"] != nil))
  func importsSmolLM2() throws {
    let path = try #require(ProcessInfo.processInfo.environment["WARMUP_SMOLLM2"])
    let model = try ImportedModel(contentsOf: URL(filePath: path))
    let c = model.weights.configuration
    #expect(model.weights.layout.count == 134_515_008)
    #expect(c.beginToken == 1 && c.endTokens == [2] && c.normEpsilon == 1e-5)
    #expect(model.tokenizer?.token(of: "<|im_end|>") == 2)
    #expect(model.chatTemplate?.contains("<|im_start|>") == true)
  }
}

/// Writes small GGUF files by hand.
struct GGUFBuilder {
  var metadata: [UInt8] = []
  var metadataCount = 0
  var tensor: (name: String, dimensions: [UInt64], type: UInt32, offset: UInt64, bytes: [UInt8])?

  static func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  static func text(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + Array(text.utf8) }

  /// A list of texts.
  mutating func add(_ key: String, texts: [String]) {
    let count = Self.bytes(UInt64(texts.count))
    add(key, type: 9, Self.bytes(UInt32(8)) + count + texts.flatMap(Self.text))
  }

  mutating func add(_ key: String, type: UInt32, _ value: [UInt8]) {
    metadata += Self.text(key) + Self.bytes(type) + value
    metadataCount += 1
  }

  var data: Data {
    var out = Array("GGUF".utf8) + Self.bytes(UInt32(3))
    out += Self.bytes(UInt64(tensor == nil ? 0 : 1)) + Self.bytes(UInt64(metadataCount)) + metadata
    if let tensor {
      out += Self.text(tensor.name) + Self.bytes(UInt32(tensor.dimensions.count))
      out += tensor.dimensions.flatMap { Self.bytes($0) }
      out += Self.bytes(tensor.type) + Self.bytes(tensor.offset)
      out += [UInt8](repeating: 0, count: (32 - out.count % 32) % 32) + tensor.bytes
    }
    return Data(out)
  }
}
