import Base
import Foundation
import Testing

@Suite struct NumberTextTests {
  /// Ties and what binary arithmetic makes of them: 0.3135 * 100 is 31.349999999999998.
  @Test(arguments: [
    (31.25, 1, "31.3"), (31.35, 1, "31.4"), (0.3135 * 100, 1, "31.4"), (-31.25, 1, "-31.3"),
    (31.25 - 4.9, 1, "26.4"), (0.05, 1, "0.1"), (0.045, 2, "0.05"), (0.04, 1, "0.0"),
    (-0.04, 1, "0.0"), (0.004, 1, "0.0"), (2.5, 0, "3"), (0.5, 0, "1"), (-0.5, 0, "-1"),
    (99.95, 1, "100.0"), (9.995, 2, "10.00"), (0.9995, 3, "1.000"), (0, 2, "0.00"),
    (1.0005, 3, "1.001"), (31.2499999, 1, "31.2"), (1e20, 1, "100000000000000000000.0"),
    (123_456_789.25, 1, "123456789.2"), (12_345_678_901.5, 0, "12345678902"), (1e-300, 3, "0.000"),
  ])
  func tiesGoAwayFromZero(value: Double, decimals: Int, text: String) {
    #expect(NumberText.plain(value, decimals: decimals) == text)
  }

  /// Whoever rounds the CSV's number gets what the table shows; checked with decimal arithmetic.
  @Test func textAndExactNumberAgree() throws {
    for problems in [12, 16, 40, 64, 80, 500, 640] {
      for right in 0...problems {
        let value = Double(right) / Double(problems) * 100
        for number in [value, value - 12.5, 7.3 - value] {
          var exact = try #require(Decimal(string: NumberText.exact(number)))
          var expected = Decimal()
          NSDecimalRound(&expected, &exact, 1, .plain)
          let shown = try #require(Decimal(string: NumberText.plain(number, decimals: 1)))
          #expect(shown == expected, "\(right) of \(problems): \(number)")
        }
      }
    }
  }

  @Test(arguments: [
    (1.00005, "1.0001"), (0.000_123_455, "0.00012346"), (12345.5, "12346"), (1234.55, "1234.6"),
    (-0.25, "\u{2212}0.25"), (0.1, "0.1"), (3, "3"), (120_000, "120\u{202F}000"),
    (123_456.5, "1.2346e+05"), (99_999.5, "100000"), (1e-5, "1e\u{2212}05"), (.nan, "–"),
  ])
  func fiveSignificantFigures(value: Double, text: String) {
    #expect(NumberText.short(value) == text)
  }

  @Test func aSignIsAlwaysShown() {
    #expect(NumberText.signed(31.25, decimals: 1) == "+31.3")
    #expect(NumberText.signed(-31.25, decimals: 1) == "\u{2212}31.3")
    #expect(NumberText.signed(-0.04, decimals: 1) == "±0.0")
  }

  @Test(arguments: [
    (0.3, "under 1 s"), (21.4, "about 21 s"), (119, "about 119 s"), (185, "about 3 min"),
    (7199, "about 2 h 0 min"), (7860, "about 2 h 10 min"), (-1, "–"), (.infinity, "–"),
  ])
  func timesThatAreNotKnownWell(seconds: Double, text: String) {
    #expect(NumberText.about(seconds) == text)
  }
}
