/// Brings characters into Unicode's form NFC (Unicode Standard Annex 15).
///
/// Foundation does so, too, but for another version of Unicode with each toolchain; and that of
/// Swift 6.3 leaves U+C5B4 U+11A8 as it is.
struct CanonicalComposer: Sendable {
  private struct Pair: Hashable {
    let first: Unicode.Scalar
    let second: Unicode.Scalar
  }

  static let shared = CanonicalComposer()

  private var classes = [UInt8](repeating: 0, count: 0x30000)
  private var isChanging = [Bool](repeating: false, count: 0x30000)
  private var isComposing = [Bool](repeating: false, count: 0x30000)
  private var decompositions: [Unicode.Scalar: [Unicode.Scalar]] = [:]
  private var compositions: [Pair: Unicode.Scalar] = [:]

  private init() {
    readClasses()
    readDecompositions()
    for code in Hangul.leads { isComposing[Int(code)] = true }
    for code in Hangul.syllables { isComposing[Int(code)] = true }
    for code in Array(Hangul.vowels) + Array(Hangul.tails) { markAsChanging(Int(code)) }
  }

  /// Whether a text with the character may not be in form NFC; one without any such is.
  func changes(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < isChanging.count && isChanging[Int(scalar.value)]
  }

  /// Whether a character changes, or another may become one with it.
  func composes(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < isComposing.count && isComposing[Int(scalar.value)]
  }

  /// The form NFC of characters of which none composes with what is around them.
  func composed(_ run: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
    var scalars: [Unicode.Scalar] = []
    for scalar in run { decompose(scalar, into: &scalars) }
    orderMarks(&scalars)
    return compose(scalars)
  }

  private func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
    scalar.value < classes.count ? classes[Int(scalar.value)] : 0
  }

  private func decompose(_ scalar: Unicode.Scalar, into result: inout [Unicode.Scalar]) {
    guard let parts = Hangul.parts(of: scalar) ?? decompositions[scalar] else {
      result.append(scalar)
      return
    }
    for part in parts { decompose(part, into: &result) }
  }

  private func orderMarks(_ scalars: inout [Unicode.Scalar]) {
    var start = 0
    while start < scalars.count {
      let end = scalars[start...].firstIndex { combiningClass($0) == 0 } ?? scalars.count
      if end - start > 1 {
        scalars[start..<end].sort { combiningClass($0) < combiningClass($1) }
      }
      start = end + 1
    }
  }

  private func compose(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var starter: Int?
    for scalar in scalars {
      let itsClass = combiningClass(scalar)
      if let starter, let last = result.last {
        let isBlocked = starter < result.count - 1 && combiningClass(last) >= itsClass
        if !isBlocked, let composite = composite(result[starter], scalar) {
          result[starter] = composite
          continue
        }
      }
      result.append(scalar)
      if itsClass == 0 { starter = result.count - 1 }
    }
    return result
  }

  private func composite(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    Hangul.composite(first, second) ?? compositions[Pair(first: first, second: second)]
  }
}

extension CanonicalComposer {
  private mutating func readClasses() {
    var current: UInt8 = 0
    for word in CanonicalMappings.combiningClasses.split(separator: " ") {
      if word.hasPrefix("@") {
        current = UInt8(word.dropFirst(), radix: 16) ?? 0
      } else {
        for code in CharacterTable.range(word) {
          classes[code] = current
          markAsChanging(code)
        }
      }
    }
  }

  private mutating func readDecompositions() {
    for word in CanonicalMappings.decompositions.split(separator: " ") {
      let scalars = word.split { "=>.".contains($0) }
        .compactMap { UInt32($0, radix: 16).flatMap(Unicode.Scalar.init) }
      let whole = scalars[0]
      decompositions[whole] = Array(scalars.dropFirst())
      isComposing[Int(whole.value)] = true
      if word.contains("=") {
        compositions[Pair(first: scalars[1], second: scalars[2])] = whole
        isComposing[Int(scalars[1].value)] = true
        markAsChanging(Int(scalars[2].value))
      } else {
        markAsChanging(Int(whole.value))
      }
    }
  }

  private mutating func markAsChanging(_ code: Int) {
    isChanging[code] = true
    isComposing[code] = true
  }
}

/// Syllables of Hangul, which are composed by rule (Unicode Standard, 3.12).
private enum Hangul {
  static let leads: Range<UInt32> = 0x1100..<0x1113
  static let vowels: Range<UInt32> = 0x1161..<0x1176
  static let tails: Range<UInt32> = 0x11A8..<0x11C3
  static let syllables: Range<UInt32> = 0xAC00..<0xD7A4
  /// How many syllables have the same lead and vowel, the one without a tail among them.
  private static let tailCount = UInt32(tails.count) + 1

  static func parts(of scalar: Unicode.Scalar) -> [Unicode.Scalar]? {
    guard syllables.contains(scalar.value) else { return nil }
    let index = scalar.value - syllables.lowerBound
    let (pair, tail) = index.quotientAndRemainder(dividingBy: tailCount)
    let (lead, vowel) = pair.quotientAndRemainder(dividingBy: UInt32(vowels.count))
    let codes = [leads.lowerBound + lead, vowels.lowerBound + vowel]
    return (tail == 0 ? codes : codes + [tails.lowerBound + tail - 1])
      .compactMap(Unicode.Scalar.init)
  }

  static func composite(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    if leads.contains(first.value), vowels.contains(second.value) {
      let (lead, vowel) = (first.value - leads.lowerBound, second.value - vowels.lowerBound)
      return Unicode.Scalar(
        syllables.lowerBound + (lead * UInt32(vowels.count) + vowel) * tailCount)
    }
    guard syllables.contains(first.value), tails.contains(second.value),
      (first.value - syllables.lowerBound) % tailCount == 0
    else { return nil }
    return Unicode.Scalar(first.value + second.value - tails.lowerBound + 1)
  }
}

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

/// What becomes of a text before anything is looked for in it.
enum NormaliserStep: Sendable, Equatable {
  case nfc
  /// A text in front.
  case prepend(String)
  /// Every occurrence of one text becomes another.
  case replace(String, with: String)
}

extension [NormaliserStep] {
  /// Takes UTF-8 text.
  /// - Parameter isContinuation: whether the text goes on where another one ended, so that nothing is
  ///   put in front.
  func applied(to text: ArraySlice<UInt8>, isContinuation: Bool = false) -> ArraySlice<UInt8> {
    reduce(text) { text, step in
      switch step {
      case .nfc: normalised(text)
      case .prepend(let prefix):
        text.isEmpty || isContinuation ? text : ArraySlice([UInt8](prefix.utf8) + text)
      case .replace(let old, let new):
        Blank.replaced([UInt8](old.utf8), with: [UInt8](new.utf8), in: text)[...]
      }
    }
  }
}
