import Model
import Testing

@Suite("Panel kernels")
struct PanelKernelTests {
  /// A kernel that this processor can run.
  struct Kernel: CustomTestStringConvertible, Sendable {
    let instructionSet: Int
    let format: PanelFormat
    var testDescription: String { "set \(instructionSet), \(format)" }

    static let all = PanelFactor.instructionSets.flatMap { set in
      PanelFormat.allCases.map { Kernel(instructionSet: set, format: $0) }
    }

    func product(
      _ x: [Float], rows: Int, _ factor: [Float], columns: Int, xIsTransposed: Bool = false,
      factorIsTransposed: Bool = false
    ) -> [Float] {
      PanelFactor.product(
        x, rows: rows, factor, columns: columns, format, instructionSet: instructionSet,
        xIsTransposed: xIsTransposed, factorIsTransposed: factorIsTransposed)
    }

    /// What the kernel makes of a number of either factor.
    func stored(_ value: Float) -> Float {
      format == .float32 ? value : Precision.bfloat16.rounded(value)
    }
  }

  private static func numbers(_ count: Int, _ name: String) -> [Float] {
    var stream = RandomStream(seed: 1, name)
    return (0..<count).map { _ in Float(stream.normal()) }
  }

  private static func transposed(_ matrix: [Float], columns: Int) -> [Float] {
    let rows = matrix.count / columns
    return (0..<matrix.count).map { matrix[$0 % rows * columns + $0 / rows] }
  }

  @Test("products are right for every shape and order of numbers", arguments: Kernel.all)
  func product(kernel: Kernel) {
    for (inner, columns, rows) in [
      (1, 1, 1), (7, 16, 5), (8, 17, 13), (15, 4, 25), (33, 40, 40), (130, 300, 3), (577, 33, 100),
      (4500, 18, 14),
    ] {
      let x = Self.numbers(rows * inner, "x")
      let factor = Self.numbers(inner * columns, "factor")
      var expected: [Double] = []
      for row in 0..<rows {
        for column in 0..<columns {
          expected.append(
            (0..<inner).reduce(0.0) {
              $0 + Double(kernel.stored(x[row * inner + $1]))
                * Double(kernel.stored(factor[$1 * columns + column]))
            })
        }
      }
      for (xIsTransposed, factorIsTransposed) in [
        (false, false), (false, true), (true, false), (true, true),
      ] {
        let y = kernel.product(
          xIsTransposed ? Self.transposed(x, columns: inner) : x, rows: rows,
          factorIsTransposed ? Self.transposed(factor, columns: columns) : factor,
          columns: columns, xIsTransposed: xIsTransposed, factorIsTransposed: factorIsTransposed)
        let worst = zip(y, expected).map { abs(Double($0) - $1) }.max() ?? 0
        #expect(worst < 2e-6 * Double(inner) + 1e-5, "\(inner), \(columns), \(rows)")
      }
    }
  }

  @Test("a row's product does not depend on how many rows there are", arguments: Kernel.all)
  func independence(kernel: Kernel) {
    let (inner, outputs, rows) = (77, 35, 50)
    let x = Self.numbers(rows * inner, "x")
    let factor = Self.numbers(outputs * inner, "factor")
    func product(_ rows: Range<Int>) -> [Float] {
      kernel.product(
        Array(x[rows.lowerBound * inner..<rows.upperBound * inner]), rows: rows.count,
        factor, columns: outputs)
    }
    let all = product(0..<rows)
    for count in [1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 24, 37] {
      for first in [0, 1, rows - count] {
        #expect(
          product(first..<first + count)
            == Array(all[first * outputs..<(first + count) * outputs]))
      }
    }
  }

  @Test("bfloat16 rounds to the nearest, ties to even")
  func rounding() {
    let cases: [(UInt32, UInt32)] = [
      (0x3F80_0000, 0x3F80_0000), (0x3F80_8000, 0x3F80_0000), (0x3F80_8001, 0x3F81_0000),
      (0x3F81_8000, 0x3F82_0000), (0xBF80_7FFF, 0xBF80_0000), (0x7F7F_FFFF, 0x7F80_0000),
      (0x7F80_0000, 0x7F80_0000), (0x0000_0001, 0x0000_0000),
    ]
    for (bits, expected) in cases {
      #expect(
        Precision.bfloat16.rounded(Float(bitPattern: bits)) == Float(bitPattern: expected))
    }
    #expect(Precision.bfloat16.rounded(.nan).isNaN)
    #expect(Precision.float32.rounded(1.2345678) == 1.2345678)
  }
}
