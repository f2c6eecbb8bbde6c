import Base
import Foundation
import TestSupport
import Testing

@Suite struct SHA256DigestTests {
  /// The vectors of FIPS 180-4's examples.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func agreesWithTheStandard(text: String, expected: String) {
    #expect(SHA256Digest.hex(of: Data(text.utf8)) == expected)
  }

  @Test func readsFilesPieceByPiece() throws {
    let folder = try ScratchFolder()
    let data = Data(repeating: 0x61, count: 1_000_000 * 5)
    try data.write(to: folder.file("many"))
    let digest = SHA256Digest()
    for start in stride(from: 0, to: data.count, by: 777_777) {
      digest.update(data[start..<min(start + 777_777, data.count)])
    }
    let whole = SHA256Digest.hex(of: data)
    #expect(digest.hex() == whole)
    #expect(try SHA256Digest.hex(ofFile: folder.file("many")) == whole)
    #expect(throws: (any Error).self) { try SHA256Digest.hex(ofFile: folder.file("none")) }
  }
}
