import Foundation
import HDF5
import TestSupport
import Testing

/// Files as this program writes them, in all forms that the library gives them as they grow.
@Suite struct HDF5ReaderTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// Groups of few links, of many in one block, and of so many that their index has two levels.
  @Test(arguments: [0, 1, 8, 9, 40, 300, 3000])
  func findsEveryMember(count: Int) throws {
    let url = folder.file("members.h5")
    let names = (0..<count).map { "a name of some length, and the number \($0)" }
    try HDF5File.create(url) { file in
      try file.createGroup("/all")
      for (index, name) in names.enumerated() { try file.write([index], to: "/all/\(name)") }
    }
    let file = try HDF5Reader(url)
    #expect(
      try file.members(of: "/all") == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    for index in stride(from: 0, to: count, by: 1 + count / 20) {
      #expect(try file.read("/all/\(names[index])") == [index])
    }
    try file.check()
  }

  @Test func readsWhatIsCompressed() throws {
    let url = folder.file("small.h5")
    var noise = UInt64(1)
    let bytes = (0..<1_000_000).map { index -> UInt8 in
      noise = noise &* 6_364_136_223_846_793_005 &+ 1
      return index < 600_000 ? UInt8(index / 1000 % 256) : UInt8(noise >> 56)
    }
    try HDF5File.create(url) { file in
      try bytes.withUnsafeBufferPointer { try file.write($0, to: "/x", isCompressed: true) }
      let numbers = (0..<10).map { $0 }
      try numbers.withUnsafeBufferPointer { try file.write($0, to: "/i", isCompressed: true) }
    }
    let file = try HDF5Reader(url)
    #expect(file.bytes < 600_000)
    #expect(try file.read("/x") == bytes)
    #expect(try file.read("/i") == Array(0..<10))
    for start in [0, 262_143, 262_144, 500_000, 999_999] {
      let length = min(300_000, bytes.count - start)
      let block = HDF5Block(start: [start], shape: [length])
      #expect(try file.read("/x", block: block) == Array(bytes[start..<start + length]))
    }
    try file.check()
  }

  /// Texts that fill several collections, one of them larger than a collection usually is.
  @Test func readsManyTexts() throws {
    let url = folder.file("texts.h5")
    let texts = (0..<5000).map { $0 == 77 ? String(repeating: "π", count: 100_000) : "text \($0)" }
    try HDF5File.create(url) { file in
      try file.write(strings: texts, to: "/texts")
      try file.write(strings: ["alone"], to: "/one", shape: [])
    }
    let file = try HDF5Reader(url)
    #expect(try file.readStrings("/texts") == texts)
    #expect(try file.readStrings("/one") == ["alone"])
    // Reading again takes nothing from what may be read.
    #expect(try file.readStrings("texts") == texts)
  }

  @Test func manyAttributesAreRead() throws {
    let url = folder.file("attributes.h5")
    let names = (0..<40).map { "attribute \($0)" }
    try HDF5File.create(url) { file in
      for (index, name) in names.enumerated() { try file.setAttribute(name, .integer(index)) }
    }
    let file = try HDF5Reader(url)
    #expect(Set(try file.attributeNames()) == Set(names))
    #expect(try file.attribute("attribute 39") == .integer(39))
  }

  @Test func specialFilesAreNotRead() throws {
    let pipe = folder.file("pipe.h5")
    #expect(mkfifo(pipe.path, 0o600) == 0)
    for path in [pipe.path, "/dev/zero", folder.url.path] {
      let error = #expect(throws: HDF5Error.self) { try HDF5Reader(URL(filePath: path)) }
      #expect(error?.reason == "it is not a regular file")
    }
  }
}
