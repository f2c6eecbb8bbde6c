import Base
import Foundation

/// The part of an image that one panel of a figure covers.
struct FigurePanel {
  let left: Double
  let right: Double
  /// The upper end of the plot.
  let top: Double
  /// The lower end of the plot.
  let bottom: Double
  /// Whether the horizontal axis is labelled; panels above others share the labels below.
  let isLowest: Bool

  /// Panels in two columns, or in one where it is narrow, each with room for a label above.
  static func columns(_ count: Int, in frame: FigureFrame, height: Double) -> [FigurePanel] {
    if frame.layout == .narrow {
      return (0..<count).map { index in
        let top = frame.top + Double(index) * (height + gap)
        return FigurePanel(
          left: frame.left, right: frame.right, top: top, bottom: top + height,
          isLowest: index + 1 == count)
      }
    }
    let width = (frame.right - frame.left - frame.left + 4) / 2
    return (0..<count).map { index in
      let left = frame.left + (index % 2 == 0 ? 0 : frame.right - frame.left - width)
      let top = frame.top + Double(index / 2) * (height + gap)
      return FigurePanel(
        left: left, right: left + width, top: top, bottom: top + height,
        isLowest: index + 2 >= count)
    }
  }

  /// The space between two rows of panels.
  static let gap = 44.0

  /// The height of so many panels in these columns.
  static func totalHeight(_ count: Int, _ layout: FigureLayout, height: Double) -> Double {
    let rows = layout == .narrow ? Double(count) : Double((count + 1) / 2)
    return rows * height + max(0, rows - 1) * gap
  }
}

extension FigurePanel {
  /// The ticks of a vertical axis: their labels at the left, level lines through the plot.
  /// - Parameter line: the class of the line at a tick; nil for none.
  func levels(_ ticks: [Double], on y: AxisScale, line: (Double) -> String?) -> [Markup] {
    ticks.map { tick in
      (line(tick).map { SVG.line(left, y.pixel(tick), right, y.pixel(tick), $0) } ?? .empty)
        + SVG.text(y.label(tick), left - 8, y.pixel(tick) + 4, "figure-tick", anchor: "end")
    }
  }

  /// Marks below the plot, labelled where no panel stands below.
  func marks(_ marks: [(tick: Double, label: String)], on x: AxisScale) -> [Markup] {
    marks.map { tick, label in
      SVG.line(x.pixel(tick), bottom, x.pixel(tick), bottom + 5, "figure-axis")
        + (isLowest
          ? SVG.text(label, x.pixel(tick), bottom + 20, "figure-tick", anchor: "middle") : .empty)
    }
  }

  /// What runs along the horizontal axis.
  func xLabel(_ label: String) -> Markup {
    isLowest ? SVG.text(label, right, bottom + 38, "figure-soft", anchor: "end") : .empty
  }
}

/// An axis: the range of its numbers, where its ticks stand, and the pixels that it covers.
package struct AxisScale {
  package let range: ClosedRange<Double>
  /// Where the ticks stand: multiples of 1, 2 or 5 times a power of ten.
  package let ticks: [Double]
  /// How many decimals the labels of the ticks need.
  package let decimals: Int
  /// Whether equal ratios, not equal differences, are equally far apart.
  package let isLogarithmic: Bool
  private let start: Double
  private let end: Double

  /// Makes an axis.
  /// - Parameters:
  ///   - values: the numbers that must fit; those that are not finite are ignored.
  ///   - pixels: where the axis begins and ends.
  ///   - count: about how many ticks there should be.
  ///   - isRounded: whether the range is widened to whole ticks.
  ///   - isLogarithmic: whether equal ratios are equally far apart; all values are then above 0.
  package init(
    _ values: [Double], pixels: (Double, Double), count: Int, isRounded: Bool,
    isLogarithmic: Bool = false
  ) {
    self.isLogarithmic = isLogarithmic
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

  func pixel(_ value: Double) -> Double {
    let place: (Double) -> Double = { isLogarithmic ? log($0) : $0 }
    let low = place(range.lowerBound)
    return start + (place(value) - low) / (place(range.upperBound) - low) * (end - start)
  }

  /// Whether places such as 1, 4, 16, 64 and 256 stand too close together on a linear axis: half of
  /// them in its first quarter, and the last 16 times the first.
  package static func isCrowded(_ places: [Double]) -> Bool {
    let places = Set(places.filter(\.isFinite))
    guard places.count > 2, let low = places.min(), let high = places.max(), low > 0,
      high >= 16 * low
    else { return false }
    return 2 * places.count { $0 <= low + (high - low) / 4 } >= places.count
  }

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
