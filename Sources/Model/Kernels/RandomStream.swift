import Foundation

/// What may name a random stream: texts and integers.
package protocol RandomStreamName: Sendable {
  /// The words that stand for the name: equal ones for equal names of one type, and none that is the
  /// beginning of another's.
  var randomStreamWords: [UInt64] { get }
}

extension Int: RandomStreamName {
  /// A mark for integers and the value.
  package var randomStreamWords: [UInt64] { [1, UInt64(bitPattern: Int64(self))] }
}

extension String: RandomStreamName {
  /// A mark for texts, the number of UTF-8 bytes, and the bytes, eight a word.
  package var randomStreamWords: [UInt64] {
    let bytes = Array(utf8)
    return [2, UInt64(bytes.count)]
      + stride(from: 0, to: bytes.count, by: 8).map { start in
        bytes[start..<min(start + 8, bytes.count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      }
  }
}

/// Random numbers that belong to a seed and a name, the same on every machine.
///
/// Number i of a stream is a function of the seed, the names and i: two rounds of the finaliser of
/// SplitMix64 (Steele, Lea and Flood, 2014) with a 128-bit key. A stream goes on where it was when
/// ``position`` is put back.
package struct RandomStream: Sendable, Equatable {
  /// How many numbers were drawn.
  package var position: UInt64 = 0
  private var key: UInt64
  private var secondKey: UInt64

  /// The stream of a seed and names; other names, or the same in another order, give another stream.
  package init(seed: UInt64, _ names: any RandomStreamName...) {
    key = Self.mix(seed &+ Self.step)
    secondKey = Self.mix(key ^ Self.step)
    for word in names.flatMap(\.randomStreamWords) {
      key = Self.mix(key &+ Self.step ^ word)
      secondKey = Self.mix(secondKey &+ key)
    }
  }

  private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  package mutating func next() -> UInt64 {
    position &+= 1
    return Self.mix(Self.mix(key &+ position &* Self.step) ^ secondKey)
  }

  /// A number in 0..<1, a multiple of 2^-53.
  package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// An integer in 0..<bound, without bias (Lemire, 2019).
  package mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "an empty range has no random element")
    let bound = UInt64(bound)
    let threshold = (0 &- bound) % bound
    while true {
      let product = next().multipliedFullWidth(by: bound)
      if product.low >= threshold { return Int(product.high) }
    }
  }

  /// A number of the standard normal distribution (Box and Muller, 1958). It takes two draws.
  package mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }

  /// Brings elements into a random order, each order equally likely (Fisher and Yates).
  package mutating func shuffle<Element>(_ elements: inout [Element]) {
    for index in elements.indices.dropFirst().reversed() {
      elements.swapAt(index, integer(below: index + 1))
    }
  }

  package mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var shuffled = elements
    shuffle(&shuffled)
    return shuffled
  }
}
