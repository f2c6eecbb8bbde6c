import Foundation

/// How numbers are written for people: a fixed number of decimals, a real minus sign, no locale.
///
/// There is one rule of rounding. A number is taken with the ten significant digits that `exact`
/// writes into CSV files, which hides the noise of binary arithmetic, and ties go away from zero: so
/// 31.25 and 31.35 become 31.3 and 31.4 in tables, differences and figures alike, as they do for
/// whoever rounds the CSV's number.
package enum NumberText {
  /// The minus sign that is as wide as a plus.
  package static let minus = "\u{2212}"

  /// A number with so many decimals, such as `−0.41`.
  package static func fixed(_ value: Double, decimals: Int) -> String {
    let text = plain(value, decimals: decimals)
    return text.hasPrefix("-") ? minus + text.dropFirst() : text
  }

  /// A number with its sign always shown, such as `+10.2`; zero is `±0.0`.
  package static func signed(_ value: Double, decimals: Int) -> String {
    let text = plain(value, decimals: decimals)
    if text.hasPrefix("-") { return minus + text.dropFirst() }
    let isZero = !text.contains { ("1"..."9").contains($0) }
    return (isZero ? "±" : "+") + text
  }

  /// The bounds of an interval, such as `[+5.1, +15.0]`, with a zero that has no sign.
  package static func bounds(_ range: ClosedRange<Double>, decimals: Int) -> String {
    [range.lowerBound, range.upperBound]
      .map { signed($0, decimals: decimals).replacing("±", with: "") }.joined(separator: ", ")
  }

  /// A number for machines: ten significant digits, which hides the noise of a multiplication by
  /// a hundred and nothing else.
  package static func exact(_ value: Double) -> String {
    String(format: "%.10g", value == 0 ? 0 : value)
  }

  /// How many decimals show four significant figures of numbers up to `magnitude`, at most three.
  package static func decimals(for magnitude: Double) -> Int {
    if magnitude >= 100 { return 1 }
    return magnitude >= 10 ? 2 : 3
  }

  /// A measured value: whole numbers in full, others with five significant figures.
  package static func short(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    if let whole = Int(exactly: value) {
      return whole < 0 ? minus + grouped(-whole) : grouped(whole)
    }
    guard 1e-4..<1e5 ~= abs(value) else {
      return String(format: "%.5g", value).replacing("-", with: minus)
    }
    let decimals = 4 - Int(log10(abs(value)).rounded(.down))
    let text = fixed(value, decimals: decimals)
    guard text.contains(".") else { return text }
    let significant = text.prefix(text.count - text.reversed().prefix { $0 == "0" }.count)
    return String(significant.hasSuffix(".") ? significant.dropLast() : significant)
  }

  /// A whole number with thin spaces between thousands.
  package static func grouped(_ value: Int) -> String {
    let digits = Array(String(value))
    guard digits.count > 4 else { return String(digits) }
    return digits.enumerated().reduce(into: "") { text, digit in
      if digit.offset > 0, (digits.count - digit.offset) % 3 == 0 { text += "\u{202F}" }
      text.append(digit.element)
    }
  }

  /// A time such as `0.4 s`, `12 s`, `3 min 20 s` or `3 h 12 min`.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "–" }
    if seconds < 10 { return fixed(seconds, decimals: 1) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  /// A time in few characters, for displays of progress: `0.4s`, `12s`, `1m 12s`, `2h 05m`.
  package static func compactDuration(_ seconds: Double) -> String {
    if seconds < 9.95 { return String(format: "%.1fs", max(0, seconds)) }
    let whole = Int(min(seconds, 1e9).rounded())
    if whole < 60 { return "\(whole)s" }
    if whole < 3600 { return String(format: "%dm %02ds", whole / 60, whole % 60) }
    return String(format: "%dh %02dm", whole / 3600, whole / 60 % 60)
  }

  /// A time that is not known well, such as `about 21 s`, `about 3 min` or `about 2 h 10 min`.
  package static func about(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "–" }
    if seconds < 1 { return "under 1 s" }
    if seconds < 120 { return "about \(Int(seconds.rounded())) s" }
    let minutes = Int(min(seconds / 60, 1e9).rounded())
    if minutes < 120 { return "about \(minutes) min" }
    return "about \(minutes / 60) h \(minutes % 60 / 10 * 10) min"
  }

  /// A number rounded to so many decimals, as it is written.
  package static func rounded(_ value: Double, decimals: Int) -> Double {
    Double(plain(value, decimals: decimals)) ?? value
  }

  /// A number with so many decimals and a plain hyphen, for SVG and other machines.
  package static func plain(_ value: Double, decimals: Int) -> String {
    guard value.isFinite else { return String(format: "%f", value) }
    let text = magnitude(abs(value), decimals: decimals)
    let isZero = !text.contains { ("1"..."9").contains($0) }
    return value < 0 && !isZero ? "-" + text : text
  }

  /// How many significant digits a number is taken with.
  private static let digits = 10

  private static func magnitude(_ value: Double, decimals: Int) -> String {
    // One digit, the point, nine more, `e` and the exponent.
    let text = Array(String(format: "%.\(digits - 1)e", value).utf8)
    let point = text.firstIndex(of: UInt8(ascii: "e")) ?? text.endIndex
    let exponent = Int(String(decoding: text[point...].dropFirst(), as: UTF8.self)) ?? 0
    let significant = [text[0]] + text[2..<point]
    let kept = exponent + 1 + decimals
    // As many digits as are taken are shown, or more: nothing is left to decide a tie.
    guard kept < digits else { return String(format: "%.\(decimals)f", value) }
    guard kept >= 0 else { return String(format: "%.\(decimals)f", 0.0) }
    let whole = Int(String(decoding: significant[..<kept], as: UTF8.self)) ?? 0
    let number = String(whole + (significant[kept] >= UInt8(ascii: "5") ? 1 : 0))
    guard decimals > 0 else { return number }
    let padded = String(repeating: "0", count: max(0, decimals + 1 - number.count)) + number
    return padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }
}

extension Double {
  /// The number with a fixed number of decimals, whatever the locale.
  package func formatted(decimals: Int) -> String {
    isFinite ? NumberText.plain(self, decimals: decimals) : "\(self)"
  }
}
