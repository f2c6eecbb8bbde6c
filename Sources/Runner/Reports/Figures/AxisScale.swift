import Foundation

/// A linear axis: the range of its numbers, where its ticks stand, and the pixels that it covers.
package struct AxisScale {
  /// The numbers at the ends.
  package let range: ClosedRange<Double>
  /// Where the ticks stand: multiples of 1, 2 or 5 times a power of ten.
  package let ticks: [Double]
  /// How many decimals the labels of the ticks need.
  package let decimals: Int
  private let start: Double
  private let end: Double

  /// Makes an axis.
  /// - Parameters:
  ///   - values: the numbers that must fit; those that are not finite are ignored.
  ///   - pixels: where the axis begins and ends.
  ///   - count: about how many ticks there should be.
  ///   - isRounded: whether the range is widened to whole ticks.
  package init(_ values: [Double], pixels: (Double, Double), count: Int, isRounded: Bool) {
    let finite = values.filter(\.isFinite)
    var low = finite.min() ?? 0
    var high = finite.max() ?? 1
    if low == high {
      let margin = low == 0 ? 0.5 : abs(low) * 0.1
      (low, high) = (low - margin, high + margin)
    }
    var step = Self.niceStep(for: (high - low) / Double(count))
    // Between whole numbers, such as steps, there is nothing to mark.
    if finite.allSatisfy({ $0 == $0.rounded() }), high - low > 1 { step = max(step, 1) }
    if isRounded {
      low = (low / step).rounded(.down) * step
      high = (high / step).rounded(.up) * step
    }
    range = low...high
    let first = (low / step - 1e-9).rounded(.up)
    let last = (high / step + 1e-9).rounded(.down)
    ticks = first <= last ? stride(from: first, through: last, by: 1).map { $0 * step } : []
    decimals = max(0, -Int((log10(step) + 1e-9).rounded(.down)))
    (start, end) = pixels
  }

  /// The pixel of a number.
  func pixel(_ value: Double) -> Double {
    let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    return start + share * (end - start)
  }

  /// The label of a tick.
  package func label(_ tick: Double) -> String {
    if max(abs(range.lowerBound), abs(range.upperBound)) >= 1e7 {
      return String(format: "%.4g", tick == 0 ? 0 : tick).replacing("-", with: NumberText.minus)
    }
    if decimals == 0, abs(tick) >= 10_000, abs(tick) < 1e15 {
      return (tick < 0 ? NumberText.minus : "") + NumberText.grouped(Int(abs(tick)))
    }
    return decimals > 4
      ? String(format: "%.3g", tick) : NumberText.fixed(tick, decimals: decimals)
  }

  /// The least of 1, 2, 5, 10, … times a power of ten that is not below `rough`.
  static func niceStep(for rough: Double) -> Double {
    let power = pow(10, log10(rough).rounded(.down))
    let multiple = [1.0, 2, 5, 10].first { $0 >= rough / power - 1e-9 } ?? 10
    return multiple * power
  }
}
