import Foundation
import Reports
import Testing

/// The report's colours, by the formula of WCAG 2.2.
@Suite struct ContrastTests {
  private static func colours(_ palette: KeyValuePairs<String, String>) -> [String: String] {
    Dictionary(uniqueKeysWithValues: palette.map { ($0.key, $0.value) })
  }

  /// The relative luminance of `#rrggbb`.
  private static func luminance(_ colour: String) throws -> Double {
    let value = try #require(Int(colour.dropFirst(), radix: 16))
    let weights = [(16, 0.2126), (8, 0.7152), (0, 0.0722)]
    return weights.reduce(0) { sum, channel in
      let share = Double(value >> channel.0 & 255) / 255
      return sum + channel.1
        * (share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4))
    }
  }

  private static func contrast(_ first: String, _ second: String) throws -> Double {
    let both = [try luminance(first), try luminance(second)].sorted()
    return (both[1] + 0.05) / (both[0] + 0.05)
  }

  @Test func theFormulaKnowsBlackOnWhite() throws {
    #expect(try Self.contrast("#000000", "#ffffff") == 21)
    #expect(abs(try Self.contrast("#767676", "#ffffff") - 4.54) < 0.01)
  }

  @Test(arguments: ["light", "dark"])
  func textCanBeReadAndControlsSeen(scheme: String) throws {
    let colours = Self.colours((scheme == "light" ? Palette.light : Palette.dark).page)
    for (pairs, least) in [(Palette.textPairs, 4.5), (Palette.outlinePairs, 3.0)] {
      for pair in pairs {
        let found = try Self.contrast(
          #require(colours[pair.text]), #require(colours[pair.ground]))
        #expect(found >= least, "\(pair.text) on \(pair.ground), \(scheme): \(found)")
      }
    }
  }

  @Test func bothSchemesNameTheSameColours() {
    #expect(Palette.light.page.map(\.key) == Palette.dark.page.map(\.key))
  }
}
