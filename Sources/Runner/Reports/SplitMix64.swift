/// SplitMix64 (Steele, Lea and Flood 2014): a small generator whose stream is its seed's alone.
package struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  /// Begins a stream.
  package init(state: UInt64) { self.state = state }

  /// A number from 0 to `count` − 1, by multiplying and keeping the upper half.
  mutating func index(below count: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }

  /// The next 64 bits.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
