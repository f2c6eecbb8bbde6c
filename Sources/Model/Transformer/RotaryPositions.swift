import CKernels
import Foundation

/// Rotary positions, half-split: element i of a head is turned with element i + size/2 by the angle
/// position * theta^(-2i / size) (Su et al., 2021; the pairing is that of GPT-NeoX and Llama).
struct RotaryPositions {
  private let half: Int
  private let inverseFrequencies: [Double]
  private var cosines: [Float] = []
  private var sines: [Float] = []
  private var prepared = 0

  init(_ configuration: ModelConfiguration) {
    half = configuration.headSize / 2
    let size = Double(configuration.headSize)
    inverseFrequencies = (0..<half).map { pow(configuration.ropeTheta, -2 * Double($0) / size) }
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
    let sign = Vector(repeating: backwards ? -1 : 1)
    cosines.withUnsafeBufferPointer { cosines in
      sines.withUnsafeBufferPointer { sines in
        guard let c = cosines.baseAddress, let s = sines.baseAddress else { return }
        turn(head, cosines: c + position * half, sines: s + position * half, sign: sign)
      }
    }
  }

  private func turn(
    _ head: UnsafeMutablePointer<Float>, cosines: UnsafePointer<Float>,
    sines: UnsafePointer<Float>, sign: Vector
  ) {
    let upper = head + half
    forEachVector(half) { i, lanes in
      let c = cosines.vector(i, lanes)
      let s = sines.vector(i, lanes) * sign
      let a = head.vector(i, lanes)
      let b = upper.vector(i, lanes)
      head.store(a * c - b * s, i, lanes)
      upper.store(b * c + a * s, i, lanes)
    }
  }
}
