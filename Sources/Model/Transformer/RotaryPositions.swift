import CKernels
import Foundation

/// How a model that was made for shorter texts stretches its rotary frequencies.
package enum RotaryScaling: Sendable, Hashable {
  case none
  /// Every frequency is divided by a factor (Chen et al., 2023).
  case linear(factor: Double)
  /// Low frequencies are divided by a factor, high ones stay, those between go over smoothly
  /// (Llama 3.1). A frequency is low if it turns fewer than `low` times in `original` positions, high
  /// if more than `high` times.
  case llama3(factor: Double, low: Double, high: Double, original: Double)

  /// The frequencies of a head's pairs before they are scaled, in radians a position.
  static func frequencies(headSize: Int, theta: Double) -> [Double] {
    (0..<headSize / 2).map { pow(theta, -2 * Double($0) / Double(headSize)) }
  }

  /// What a frequency, in radians a position, becomes.
  package func scaled(_ frequency: Double) -> Double {
    switch self {
    case .none: return frequency
    case .linear(let factor): return frequency / factor
    case .llama3(let factor, let low, let high, let original):
      let turns = original * frequency / (2 * .pi)
      if turns < low { return frequency / factor }
      if turns > high { return frequency }
      let kept = (turns - low) / (high - low)
      return (1 - kept) * frequency / factor + kept * frequency
    }
  }
}

/// Rotary positions, half-split: element i of a head is turned with element i + size/2 by the angle
/// position * theta^(-2i / size) (Su et al., 2021; the pairing is that of GPT-NeoX and Llama).
struct RotaryPositions {
  private let half: Int
  private let inverseFrequencies: [Double]
  private var cosines: [Float] = []
  private var sines: [Float] = []
  private var prepared = 0

  init(headSize: Int, theta: Double, _ scaling: RotaryScaling) {
    half = headSize / 2
    inverseFrequencies = RotaryScaling.frequencies(headSize: headSize, theta: theta)
      .map(scaling.scaled)
  }

  /// Computes the angles of positions 0..<count where that has not been done.
  mutating func prepare(_ count: Int) {
    guard count > prepared else { return }
    for position in prepared..<count {
      for frequency in inverseFrequencies {
        cosines.append(Float(cos(Double(position) * frequency)))
        sines.append(Float(sin(Double(position) * frequency)))
      }
    }
    prepared = count
  }

  /// Turns one head in place by the angles of a position, or back by them.
  func rotate(_ head: UnsafeMutablePointer<Float>, position: Int, backwards: Bool = false) {
    precondition(position < prepared)
    cosines.withUnsafeBufferPointer { cosines in
      sines.withUnsafeBufferPointer { sines in
        guard let c = cosines.baseAddress, let s = sines.baseAddress else { return }
        let start = position * half
        ck_rotate(
          PanelFactor.instructionSet, head, half, c + start, s + start, backwards ? -1 : 1)
      }
    }
  }

  /// Turns all queries and keys of a row.
  func rotate(
    _ row: UnsafeMutablePointer<Float>, _ layout: HeadLayout, position: Int,
    backwards: Bool = false
  ) {
    for head in 0..<layout.headCount + layout.keyValueHeadCount {
      rotate(row + head * layout.headSize, position: position, backwards: backwards)
    }
  }
}

/// The rotary positions of each layer of a model.
struct LayerRotations {
  private let configuration: ModelConfiguration
  private var global: RotaryPositions
  /// That of sliding layers, where there are some.
  private var local: RotaryPositions?

  init(_ configuration: ModelConfiguration) {
    self.configuration = configuration
    global = RotaryPositions(
      headSize: configuration.headSize, theta: configuration.ropeTheta,
      configuration.rotaryScaling)
    local = configuration.localRopeTheta.map {
      RotaryPositions(headSize: configuration.headSize, theta: $0, .none)
    }
  }

  /// Computes the angles of positions 0..<count where that has not been done.
  mutating func prepare(_ count: Int) {
    global.prepare(count)
    local?.prepare(count)
  }

  /// How a layer turns queries and keys; nil where it does not.
  func of(_ layer: Int) -> RotaryPositions? {
    switch configuration.attention(of: layer) {
    case .full: global
    case .sliding: local ?? global
    case .unrotated: nil
    }
  }
}
