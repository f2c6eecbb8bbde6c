import Foundation

/// UTF-8 text in Unicode's form NFC.
func normalised(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
  // All characters below U+0300 are in NFC, and 0xCC is the first byte of U+0300.
  guard text.contains(where: { $0 >= 0xCC }) else { return text }
  let composed = String(decoding: text, as: UTF8.self).precomposedStringWithCanonicalMapping
  return ArraySlice(composed.utf8)
}
