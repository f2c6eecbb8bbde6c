import Base
import Foundation
import TestSupport
import Testing

@Suite struct ZstandardTests {
  /// More than the buffers of any step hold, and nothing that is guessed from what went before.
  private static func mixed(_ count: Int) -> Data {
    var state: UInt64 = 1
    return Data(
      (0..<count).map { index in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return index % 3 == 0 ? 7 : UInt8(truncatingIfNeeded: state >> 60)
      })
  }

  private func packed(_ data: Data, in folder: ScratchFolder) throws -> Data {
    let (plain, target) = (folder.url.appending(path: "plain"), folder.url.appending(path: "zst"))
    try data.write(to: plain)
    try Zstandard.compress(plain, to: target)
    return try Data(contentsOf: target)
  }

  @Test(arguments: [0, 1, 1 << 18, 1 << 18 + 1, 5_000_000])
  func whatIsPackedIsUnpackedAgain(count: Int) throws {
    let folder = try ScratchFolder()
    let data = Self.mixed(count)
    let packed = try packed(data, in: folder)
    #expect(Zstandard.begins(packed))
    #expect(packed.count < count / 2 + 100)
    #expect(try Zstandard.decompress(packed, limit: count) == data)
    #expect(try Zstandard.decompress(packed + packed, limit: 2 * count) == data + data)

    let (source, target) = (folder.url.appending(path: "a"), folder.url.appending(path: "b"))
    try packed.write(to: source)
    try Zstandard.decompress(source, to: target, limit: count)
    #expect(try Data(contentsOf: target) == data)
  }

  @Test func zerosThatFillABufferComeOutWhole() throws {
    let folder = try ScratchFolder()
    let data = Data(count: 3 << 20)
    let packed = try packed(data, in: folder)
    #expect(packed.count < 1000)
    #expect(try Zstandard.decompress(packed, limit: data.count) == data)
  }

  @Test func whatUnpacksToMoreThanAllowedIsRefused() throws {
    let folder = try ScratchFolder()
    let packed = try packed(Data(count: 3 << 20), in: folder)
    let error = #expect(throws: ZstandardError.self) {
      try Zstandard.decompress(packed, limit: 3 << 20 - 1)
    }
    #expect(error?.description == "it unpacks to more than \(3 << 20 - 1) bytes")
  }

  @Test func whatBreaksOffOrIsChangedIsRefused() throws {
    let folder = try ScratchFolder()
    let packed = try packed(Self.mixed(100_000), in: folder)
    for count in [0, 1, 4, 10, packed.count / 2, packed.count - 1] {
      let error = #expect(throws: ZstandardError.self, "\(count)") {
        try Zstandard.decompress(packed.prefix(count), limit: 1 << 20)
      }
      #expect(error?.description == "it breaks off", "\(count)")
    }
    for place in [4, 20, packed.count / 2, packed.count - 1] {
      var changed = packed
      changed[changed.startIndex + place] ^= 0x40
      #expect(throws: ZstandardError.self, "\(place)") {
        try Zstandard.decompress(changed, limit: 1 << 20)
      }
    }
  }
}
