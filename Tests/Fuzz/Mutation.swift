/// Random numbers that depend on a seed and a number alone (SplitMix64).
struct CaseRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64, number: Int) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(number) &* 0xD1B5_4A32_D192_ED03
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A file to be changed, with the places where changes hurt most.
struct SeedFile {
  let name: String
  let bytes: [UInt8]
  /// Where structures begin, by their signatures.
  let marks: [Int]

  private static let signatures = [
    "TREE", "HEAP", "GCOL", "FRHP", "FHDB", "FHIB", "BTHD", "BTLF", "SNOD", "GGUF", "PAR1",
  ].map { Array($0.utf8) }

  init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
    var marks: [Int] = []
    for place in 0..<max(0, bytes.count - 4)
    where Self.signatures.contains(where: { $0.elementsEqual(bytes[place..<place + 4]) }) {
      marks.append(place)
    }
    self.marks = marks
  }
}

/// Changes files: bits, splices, ends cut off, lengths at their extremes.
struct Mutator {
  var random: CaseRandom

  private static let extremes: [UInt64] = [
    0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 1 << 24, 0x7FFF_FFFF, 0x8000_0000,
    0xFFFF_FFFF, 1 << 32, 1 << 40, 1 << 48, 1 << 61, 1 << 62, .max >> 1, 1 << 63, .max - 1, .max,
  ]

  private static let words = [
    "1e999", "-1", "0", "99999999999999999999999", "9223372036854775807", "-9223372036854775808",
    "null", "true", "[]", "{}", "\"\"", "NaN", "1e-400", "4294967296", "\u{0}", "\u{1B}[2J", "π",
    "\"\\ud800\"", "*a", "&a ", "<<: ", "!!binary x", "- ", ": ", "${seed}", "|", "\n", "\t",
  ]

  /// - Parameters:
  ///   - isText: whether numbers and words of texts are changed as well.
  ///   - keepsLength: whether nothing may be inserted or cut off.
  mutating func changed(
    _ seed: SeedFile, other: SeedFile, isText: Bool, keepsLength: Bool = false,
    in range: Range<Int>? = nil
  ) -> [UInt8] {
    var bytes = seed.bytes
    let range = range ?? 0..<bytes.count
    let count = 1 << Int.random(in: 0...(isText ? 1 : 3), using: &random)
    for _ in 0..<count where !bytes.isEmpty && !range.isEmpty {
      let place = min(place(in: seed, range), bytes.count - 1)
      if isText, Bool.random(using: &random) {
        changeText(&bytes, at: place)
      } else if keepsLength || Int.random(in: 0..<3, using: &random) > 0 {
        overwrite(&bytes, at: place, end: keepsLength ? range.upperBound : bytes.count)
      } else {
        splice(&bytes, at: place, other.bytes)
      }
    }
    return bytes
  }

  private mutating func place(in seed: SeedFile, _ range: Range<Int>) -> Int {
    let marks = seed.marks.filter(range.contains)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return range.lowerBound + Int.random(in: 0..<min(2048, range.count), using: &random)
    case 1, 2:
      guard let mark = marks.randomElement(using: &random) else { fallthrough }
      return min(mark + Int.random(in: -64..<160, using: &random), range.upperBound - 1)
    default: return Int.random(in: range, using: &random)
    }
  }

  private mutating func overwrite(_ bytes: inout [UInt8], at place: Int, end: Int) {
    guard place >= 0, place < end else { return }
    switch Int.random(in: 0..<3, using: &random) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes[place] = .random(in: 0...255, using: &random)
    default:
      let width = [1, 2, 4, 8].randomElement(using: &random) ?? 8
      var value = Self.extremes.randomElement(using: &random) ?? .max
      if Bool.random(using: &random) {
        value = .random(in: 0...UInt64(bytes.count), using: &random)
      }
      let start = Bool.random(using: &random) ? place / 8 * 8 : place
      for index in 0..<width where start + index < end && start + index >= 0 {
        bytes[start + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
      }
    }
  }

  private mutating func splice(_ bytes: inout [UInt8], at place: Int, _ other: [UInt8]) {
    guard place >= 0 else { return }
    let length = 1 << Int.random(in: 0...12, using: &random)
    let end = min(place + length, bytes.count)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes.removeSubrange(place...)
    case 1: bytes.removeSubrange(place..<end)
    case 2: bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
    case 3:
      let from = Int.random(in: 0..<bytes.count, using: &random)
      let part = Array(bytes[from..<min(from + length, bytes.count)])
      bytes.replaceSubrange(place..<min(place + part.count, bytes.count), with: part)
    default:
      guard !other.isEmpty else { return }
      bytes.removeSubrange(place...)
      bytes += other[min(place, other.count)...]
    }
  }

  private mutating func changeText(_ bytes: inout [UInt8], at place: Int) {
    guard place >= 0 else { return }
    switch Int.random(in: 0..<5, using: &random) {
    case 0, 1:
      // A number, or else a byte, becomes another word.
      var (start, end) = (place, place)
      let isDigit: (UInt8) -> Bool = { (48...57).contains($0) }
      while start < bytes.count, !isDigit(bytes[start]), start < place + 200 { start += 1 }
      if start == bytes.count || !isDigit(bytes[start]) { start = place }
      end = start
      while end < bytes.count, isDigit(bytes[end]) { end += 1 }
      let word = Self.words.randomElement(using: &random) ?? "0"
      bytes.replaceSubrange(start..<min(max(end, start + 1), bytes.count), with: Array(word.utf8))
    case 2:
      bytes.insert(
        contentsOf: Array((Self.words.randomElement(using: &random) ?? "").utf8), at: place)
    case 3:
      let open =
        ["[", "{\"a\":", "(", "- ", "\\left(", "{a: "].randomElement(using: &random) ?? "["
      let depth = 1 << Int.random(in: 2...16, using: &random)
      bytes.insert(contentsOf: Array(String(repeating: open, count: depth).utf8), at: place)
    default:
      // A line again, in another place.
      let lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map(Array.init)
      guard let line = lines.randomElement(using: &random) else { return }
      bytes.insert(contentsOf: line + [10], at: place)
    }
  }
}
