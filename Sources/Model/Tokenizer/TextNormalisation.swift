/// UTF-8 text in Unicode's form NFC, as far as the reference knows characters.
func normalised(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
  // All characters below U+0300 are in NFC, and 0xCC is the first byte of U+0300.
  guard text.contains(where: { $0 >= 0xCC }) else { return text }
  let composer = CanonicalComposer.shared
  let scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
  var result: [Unicode.Scalar] = []
  var position = 0
  while let change = scalars[position...].firstIndex(where: composer.changes) {
    let start =
      (scalars[position..<change].lastIndex { !composer.composes($0) } ?? position - 1) + 1
    let end = scalars[change...].firstIndex { !composer.composes($0) } ?? scalars.count
    result += scalars[position..<start]
    result += composer.composed(scalars[start..<end])
    position = end
  }
  guard position > 0 else { return text }
  result += scalars[position...]
  var bytes: [UInt8] = []
  bytes.reserveCapacity(text.count)
  for scalar in result { bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter }
  return bytes[...]
}
