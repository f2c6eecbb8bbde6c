import Foundation

extension Double {
  /// The number with a fixed number of decimals, whatever the locale.
  func formatted(decimals: Int) -> String {
    isFinite ? String(format: "%.\(decimals)f", self) : "\(self)"
  }
}
