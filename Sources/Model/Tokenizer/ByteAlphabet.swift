/// The alphabet in which byte-level vocabularies write bytes: each is one printable character.
///
/// Printable Latin-1 bytes stand for themselves, the 68 others for U+0100 and up, in order.
enum ByteAlphabet {
  /// The character of each byte.
  static let characters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0...255 as ClosedRange<UInt32>).map { byte in
      let isPrintable = (0x21...0x7E ~= byte) || (0xA1...0xAC ~= byte) || (0xAE...0xFF ~= byte)
      defer { if !isPrintable { next += 1 } }
      return Unicode.Scalar(isPrintable ? byte : next) ?? " "
    }
  }()

  private static let bytes = Dictionary(
    uniqueKeysWithValues: characters.enumerated().map { ($1, UInt8($0)) })

  /// Bytes as a vocabulary writes them.
  static func text(of bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(characters[Int(byte)]) }
    return String(text)
  }

  /// What a vocabulary's text stands for, or nil where a character is not of the alphabet.
  static func bytes(of text: some StringProtocol) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      guard let byte = bytes[scalar] else { return nil }
      result.append(byte)
    }
    return result
  }
}
