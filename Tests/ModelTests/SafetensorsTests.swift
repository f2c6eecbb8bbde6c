import Foundation
import Model
import TestSupport
import Testing

@Suite struct SafetensorsTests {
  /// A file with a header written by hand.
  private func file(_ header: String, body: [UInt8] = []) -> Data {
    let length = UInt64(header.utf8.count).littleEndian
    return withUnsafeBytes(of: length) { Data($0) } + Data(header.utf8) + Data(body)
  }

  private func entry(_ type: String, _ shape: String, _ offsets: String) -> String {
    #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  @Test func readsEveryKindOfNumber() throws {
    let header =
      #"{"__metadata__":{"format":"pt"},"f":\#(entry("F32", "[2]", "[0,8]")),"#
      + #""h":\#(entry("F16", "[2]", "[8,12]")),"b":\#(entry("BF16", "[1,2]", "[12,16]")),"#
      + #""i":\#(entry("I64", "[1]", "[16,24]")),"s":\#(entry("F32", "[]", "[24,28]"))}"#
    let body: [UInt8] =
      [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0] + [0, 0x3C, 0, 0xB8] + [0x80, 0x3F, 0, 0xC1]
      + [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF] + [0, 0, 0x80, 0x40]
    let read = try SafetensorsFile(file(header, body: body), path: "x")
    #expect(try read.floats("f") == [1, -2])
    #expect(try read.floats("h") == [1, -0.5])
    #expect(try read.floats("b") == [1, -8])
    #expect(try read.integers("i") == [-2])
    #expect(try read.floats("s") == [4])
    #expect(read.entries["b"]?.shape == [1, 2])
    #expect(read.metadata == ["format": "pt"])
    #expect(throws: SafetensorsError.self) { try read.floats("i") }
    #expect(throws: SafetensorsError.self) { try read.floats("missing") }
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "do not fit"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "do not fit"),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "impossible"),
    (
      #"{"a":{"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,8]}}"#, 8,
      "impossible"
    ),
    (#"{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}}"#, 8, "not a type of numbers"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7, "in the middle of tensor 'a'"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9, "1 bytes follow"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "leaves a gap"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "'b' overlaps"
    ),
    (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8, "not the JSON"),
    (#"{"a":"#, 0, "not the JSON"),
    ("[]", 0, "not the JSON"),
  ])
  func refusesABadHeader(_ header: String, _ length: Int, _ words: String) {
    let data = file(header, body: [UInt8](repeating: 0, count: length))
    let error = #expect(throws: SafetensorsError.self) {
      try SafetensorsFile(data, path: "some/model.safetensors")
    }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    #expect(error?.description.contains("some/model.safetensors") == true)
  }

  @Test func refusesEveryTruncation() throws {
    let whole = file(
      #"{"a":\#(entry("F32", "[2,2]", "[0,16]"))}"#, body: [UInt8](repeating: 1, count: 16))
    _ = try SafetensorsFile(whole, path: "x")
    for length in 0..<whole.count {
      #expect(throws: SafetensorsError.self) {
        try SafetensorsFile(whole.prefix(length), path: "x")
      }
    }
  }

  @Test func refusesAHugeHeaderLength() {
    let data = Data(repeating: 0xFF, count: 8) + Data("{}".utf8)
    #expect(throws: SafetensorsError.self) { try SafetensorsFile(data, path: "x") }
  }

  @Test func readsWhatItWrites() throws {
    let folder = try ScratchFolder()
    let first = folder.url.appending(path: "first.safetensors")
    let second = folder.url.appending(path: "second.safetensors")
    for file in [first, second] {
      try SafetensorsWriter.write(
        [("w", [2, 2], [1, 2, 3, -0.0]), ("a\"b", [1], [.pi])], to: file)
    }
    let data = try Data(contentsOf: first)
    #expect(try Data(contentsOf: second) == data)
    #expect(data[0] % 8 == 0, "the tensors must begin at a multiple of 8")
    let read = try SafetensorsFile(contentsOf: first)
    #expect(try read.floats("w").map(\.bitPattern) == [1, 2, 3, -0.0].map(\Float.bitPattern))
    #expect(try read.floats("a\"b") == [.pi])
  }

  @Test func saysWhichFileIsMissing() {
    let error = #expect(throws: SafetensorsError.self) {
      try SafetensorsFile(contentsOf: URL(filePath: "/nowhere/model.safetensors"))
    }
    #expect(
      error?.description == "/nowhere/model.safetensors cannot be read: there is no such file")
  }
}
