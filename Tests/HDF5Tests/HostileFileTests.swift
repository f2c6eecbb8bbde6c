import Foundation
import HDF5
import TestSupport
import Testing

/// Files that others made, as `Tests/Fixtures/hdf5/make.py` does: they reach elsewhere, claim what they
/// do not hold, or are written in forms that this program never writes.
@Suite struct HostileFileTests {
  private static let folder = ProjectFolder.fixtures.appending(path: "hdf5")

  private static func open(_ name: String) throws -> HDF5Reader {
    try HDF5Reader(folder.appending(path: "\(name).h5"))
  }

  private static func reason(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was thrown"
    } catch let error as HDF5Error {
      return error.reason
    } catch {
      return "\(error)"
    }
  }

  @Test func filesOfOtherProgramsAreRead() throws {
    let file = try Self.open("plain")
    #expect(try file.members().count == 31)
    #expect(try file.read("column_7") == [0, 7, 14, 21])
    #expect(try file.readStrings("text") == ["a", "b", "", "π"])
    #expect(try file.attribute("task") == .string("sums"))
    try file.check()
  }

  static let refusals: KeyValuePairs = [
    "external_link": "'x' is a link to another file, which is not followed",
    "external_link_inside": "'text' is a link to another file, which is not followed",
    "soft_link": "'x' is a link to another place, which is not followed",
    "external_storage": "its data lie in another file, which is not read",
    "virtual": "it is a virtual dataset, made up of others, which are not read",
    "filters": "it is kept through filters other than deflate, which are not run",
    "lzf": "it is kept through filters other than deflate, which are not run",
    "scale_offset": "it is kept through filters other than deflate, which are not run",
    "reference": "'/x' is of a type that this program does not read",
    "compound": "'/x' is of a type that this program does not read",
    "committed": "an object shares its description with another one",
    "big_endian": "'/x' is of a type that this program does not read",
    "unwritten": "it claims 1099511627776 elements, of which none was written",
    "overflow": "is larger than any file",
    "two_names": "is another name of something else",
    "circle": "'/x/up' is another name of something else",
    "amplified": "its parts claim more than the file can hold",
    "ratio": "its parts claim more than the file can hold",
    "big_chunk": "its chunks are larger than this program writes",
    "text_attribute": "it is not a single value",
    "newer": "it is written in a newer form of HDF5 than this program reads",
    "many_attributes": "it is written in a newer form of HDF5 than this program reads",
  ]

  @Test(arguments: refusals.map { [$0.key, $0.value] })
  func othersAreRefused(name: [String]) throws {
    let (name, words) = (name[0], name[1])
    let reason = Self.reason { try Self.open(name).check() }
    #expect(reason.contains(words), "\(name): \(reason)")
  }

  /// Reading alone is refused as well, without a check before it.
  @Test(arguments: [
    "external_link", "soft_link", "external_storage", "virtual", "filters", "unwritten", "overflow",
    "amplified", "ratio", "big_chunk", "reference",
  ])
  func nothingOfThemIsRead(name: String) {
    #expect(throws: HDF5Error.self) { _ = try Self.open(name).read("x", as: UInt8.self) }
    #expect(throws: HDF5Error.self) { _ = try Self.open(name).read("x", as: Double.self) }
    #expect(throws: HDF5Error.self) { _ = try Self.open(name).readStrings("x") }
  }

  /// A short file that may be read is read, whatever is changed in it, or is refused.
  @Test func everyFlippedByteIsReadOrRefused() throws {
    let data = try Data(contentsOf: Self.folder.appending(path: "plain.h5"))
    let scratch = try ScratchFolder()
    var refused = 0
    for place in stride(from: 0, to: data.count, by: 17) {
      var changed = data
      changed[place] ^= UInt8(truncatingIfNeeded: 0x81 + place)
      let file = scratch.file("changed.h5")
      try changed.write(to: file)
      if Self.reason({ try HDF5Reader(file).check() }) != "nothing was thrown" { refused += 1 }
    }
    #expect(refused > 50)
  }
}
