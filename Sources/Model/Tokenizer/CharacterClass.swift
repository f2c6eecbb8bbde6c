/// A set of characters in a regular expression: one that is written out, `[a-z]`, `\s` or `\p{L}`.
struct CharacterClass: Sendable, Equatable {
  /// General categories, a bit each.
  private(set) var categories: UInt32 = 0
  private(set) var ranges: [ClosedRange<UInt32>] = []
  private var hasSpace = false
  private var hasNonSpace = false
  private var isNegated = false
  /// The answer for each of the first 128 characters, worked out once.
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  static let all = CharacterClass { $0.ranges = [0...0x10FFFF] }

  /// `.`: all but the end of a line.
  static let anyInLine = CharacterClass {
    $0.ranges = [0x0A...0x0A]
    $0.isNegated = true
  }

  init(_ scalar: Unicode.Scalar) {
    self.init { $0.ranges = [scalar.value...scalar.value] }
  }

  init(_ build: (inout CharacterClass) -> Void) {
    build(&self)
    (low, high) = (0, 0)
    let table = CharacterTable.shared
    for code in 0..<UInt32(128) {
      guard let scalar = Unicode.Scalar(code), slowlyContains(scalar, table[scalar]) else {
        continue
      }
      if code < 64 { low |= 1 << UInt64(code) } else { high |= 1 << UInt64(code - 64) }
    }
  }

  mutating func insert(_ range: ClosedRange<UInt32>) { ranges.append(range) }

  mutating func insert(categories: UInt32, isNegated: Bool = false) {
    let all: UInt32 = 1 << UInt32(CharacterTable.categories.count) - 1
    self.categories |= isNegated ? all & ~categories : categories
  }

  mutating func insertSpace(isNegated: Bool = false) {
    if isNegated { hasNonSpace = true } else { hasSpace = true }
  }

  mutating func negate() { isNegated.toggle() }

  /// Whether it names single ASCII characters and ranges of them alone, which have no more cases
  /// than two; a few letters have a third beyond ASCII.
  var isPlainASCII: Bool {
    categories == 0 && !hasSpace && !hasNonSpace && !isNegated
      && ranges.allSatisfy { $0.upperBound < 128 }
  }

  /// The same in upper and lower case. For what `isPlainASCII` says yes to.
  var ignoringCase: CharacterClass {
    CharacterClass { result in
      for code in ranges.flatMap(\.self) {
        result.insert(code...code)
        switch code {
        case 0x41...0x5A: result.insert(code + 32...code + 32)
        case 0x61...0x7A: result.insert(code - 32...code - 32)
        default: continue
        }
        // The long s, whose upper case is S, and the sign for Kelvin, whose lower case is k.
        if code | 0x20 == 0x73 { result.insert(0x17F...0x17F) }
        if code | 0x20 == 0x6B { result.insert(0x212A...0x212A) }
      }
    }
  }

  func contains(_ scalar: Unicode.Scalar, _ traits: CharacterTable.Traits) -> Bool {
    let code = scalar.value
    if code < 64 { return low >> UInt64(code) & 1 != 0 }
    if code < 128 { return high >> UInt64(code - 64) & 1 != 0 }
    return slowlyContains(scalar, traits)
  }

  private func slowlyContains(_ scalar: Unicode.Scalar, _ traits: CharacterTable.Traits) -> Bool {
    let found =
      categories & traits.category != 0 || (traits.isSpace ? hasSpace : hasNonSpace)
      || ranges.contains { $0.contains(scalar.value) }
    return found != isNegated
  }
}
