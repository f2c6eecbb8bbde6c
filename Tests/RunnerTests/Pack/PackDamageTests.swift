import Base
import Foundation
import HDF5
import Runner
import TestSupport
import Testing

/// Packed files that lost something, and files that somebody made up.
@Suite struct PackDamageTests {
  private let fixture: PackFixture
  private let packed: URL

  init() throws {
    fixture = try PackFixture()
    try fixture.run()
    packed = try fixture.pack()
  }

  private func refusal(of file: URL) throws -> String {
    let place = fixture.project.folder.file("place/out")
    let before = try FileManager.default.subpathsOfDirectory(
      atPath: fixture.project.folder.url.path)
    let error = #expect(throws: PackError.self) {
      try PackedFile(checking: file).unpack(to: place, registry: PackFixture.registry)
    }
    #expect(!FileManager.default.fileExists(atPath: place.path))
    let after = try FileManager.default.subpathsOfDirectory(
      atPath: fixture.project.folder.url.path)
    #expect(Set(after).subtracting(before).isSubset(of: ["place"]), "something was written")
    return try #require(error).description
  }

  @Test func aForgeryWithoutChangesIsRead() throws {
    let file = fixture.project.folder.file("same.h5")
    try PackForgery(packed).write(to: file)
    _ = try PackedFile(checking: file).opened(PackFixture.registry)
  }

  @Test(arguments: PackForgery.Kind.allCases)
  func forgeriesAreRefused(kind: PackForgery.Kind) throws {
    let file = fixture.project.folder.file("forged.h5")
    var forgery = try PackForgery(packed)
    try forgery.forge(kind)
    try forgery.write(to: file)
    let sentence = try refusal(of: file)
    #expect(sentence.contains(kind.words), "\(sentence)")
    #expect(sentence.hasSuffix("; ask whoever packed it for another"))
  }

  /// Results that are shown in each other's place, with keys that fit the lock.
  @Test func resultsAreShownAsWhatTheyAre() throws {
    var forgery = try PackForgery(packed)
    let keys = try ["trained[seed=1]", "trained[seed=2]"].map(forgery.key)
    let lock = try #require(try JSONValue(parsing: Data(forgery.lock.utf8)).object)
    var instances = try #require(lock["instances"]?.object)
    (instances["trained[seed=1]"], instances["trained[seed=2]"]) = (
      instances["trained[seed=2]"], instances["trained[seed=1]"]
    )
    forgery.lock = JSONValue.object(lock.merging(["instances": .object(instances)]) { $1 }).text
    let file = fixture.project.folder.file("swapped.h5")
    try forgery.write(to: file)
    let opened = try PackedFile(checking: file).opened(PackFixture.registry)
    let error = #expect(throws: PackError.self) {
      try opened.experiment.recipe(registry: PackFixture.registry)
    }
    #expect(
      error?.description.contains(
        "the result of 'trained[seed=1]' is another's: seed changed from 2 to 1") == true)
    #expect(keys[0] != keys[1])
  }

  @Test func aRecipeReadsNothingOutsideTheFile() throws {
    var forgery = try PackForgery(packed)
    forgery.texts[0] = forgery.texts[0].replacing("../published", with: "../../../published")
    let file = fixture.project.folder.file("reads.h5")
    try forgery.write(to: file)
    let opened = try PackedFile(checking: file).opened(PackFixture.registry)
    #expect(throws: PackError.self) {
      try opened.experiment.recipe(registry: PackFixture.registry)
    }
  }

  @Test func whatIsCutOffIsSaid() throws {
    let data = try Data(contentsOf: packed)
    let file = fixture.project.folder.file("cut.h5")
    for length in [0, 10, 24, 25, 200, 511, 512, 513, 5000, data.count - 1] {
      try data.prefix(length).write(to: file)
      let sentence = try refusal(of: file)
      let words =
        length < 25 ? "is not a packed file" : length < 140 ? "is damaged" : "is cut off: it has"
      #expect(length == 25 || sentence.contains(words) || length == 200, "\(length): \(sentence)")
    }
    try (data + Data([0])).write(to: file)
    #expect(try refusal(of: file).contains("has grown: it has"))
  }

  @Test func everyFlippedBitIsFound() throws {
    let data = try Data(contentsOf: packed)
    let file = fixture.project.folder.file("flipped.h5")
    let places = Array(0..<512) + Array(stride(from: 512, to: data.count, by: 997))
    for place in places {
      var flipped = data
      flipped[place] ^= UInt8(1 << (place % 8))
      try flipped.write(to: file)
      #expect(throws: PackError.self, "byte \(place)") { try PackedFile(checking: file) }
    }
  }

  @Test func damageOfFilesCompressedAsAWholeIsSaid() throws {
    let whole = fixture.project.folder.file("whole.h5.zst")
    try Zstandard.compress(packed, to: whole)
    let data = try Data(contentsOf: whole)
    let file = fixture.project.folder.file("damaged.h5.zst")
    for length in [4, 100, data.count - 1] {
      try data.prefix(length).write(to: file)
      #expect(try refusal(of: file).hasSuffix("is damaged: it breaks off; fetch it again"))
    }
    for place in Array(0..<16) + Array(stride(from: 16, to: data.count, by: 97)) {
      var flipped = data
      flipped[place] ^= UInt8(1 << (place % 8))
      // A few bits say nothing about the content, such as that of how much memory is enough.
      let content = try? Zstandard.decompress(flipped, limit: 1 << 30)
      if content == (try Data(contentsOf: packed)) { continue }
      try flipped.write(to: file)
      _ = try refusal(of: file)
    }
    try (data + data).write(to: file)
    #expect(try refusal(of: file).contains("has grown: it has"))
    let inner = fixture.project.folder.file("inner.h5")
    try Data(contentsOf: packed).dropLast(9).write(to: inner)
    try Zstandard.compress(inner, to: file)
    #expect(try refusal(of: file).contains("damaged.h5.zst is cut off: it has"))
  }

  @Test func aFileThatUnpacksToFarMoreIsRefused() throws {
    let zeros = fixture.project.folder.file("zeros")
    try Data(count: 70 << 20).write(to: zeros)
    let file = fixture.project.folder.file("zeros.h5.zst")
    try Zstandard.compress(zeros, to: file)
    #expect(
      try refusal(of: file).hasSuffix(
        "is damaged: it unpacks to more than 67108864 bytes; fetch it again"))
  }

  @Test func otherFilesAreToldApart() throws {
    let file = fixture.project.folder.file("other.h5")
    #expect(try refusal(of: file).hasSuffix("other.h5 cannot be read: there is no such file"))
    try HDF5File.create(file) { try $0.write([1], to: "/x") }
    #expect(try refusal(of: file).contains("is not a packed file; 'warmup pack RECIPE' writes one"))
    try Data("version: 1\n".utf8).write(to: file)
    #expect(try refusal(of: file).contains("is not a packed file"))
    #expect(PackedFile.isPacked(packed) && PackedFile.isPacked(file))
    #expect(!PackedFile.isPacked(fixture.recipeFile))
    let folder = fixture.project.folder.url
    #expect(try refusal(of: folder).hasSuffix("cannot be read: it is a folder"))
    let text = String(decoding: try Data(contentsOf: packed).prefix(512), as: UTF8.self)
    let newer = Data(text.replacing("format 1\n", with: "format 2\n").utf8)
    try (newer + (try Data(contentsOf: packed).dropFirst(512))).write(to: file)
    #expect(
      try refusal(of: file).hasSuffix(
        "is packed in format 2, and this program reads format 1; update warmup to read it"))
  }
}
