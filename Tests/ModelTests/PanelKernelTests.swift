import Model
import Testing

@Suite("Panel kernels")
struct PanelKernelTests {
  /// A kernel that this processor can run.
  struct Kernel: CustomTestStringConvertible, Sendable {
    let instructionSet: Int
    let precision: Precision
    var testDescription: String { "set \(instructionSet), \(precision.rawValue)" }

    static let all = PanelWeights.instructionSets.flatMap { set in
      Precision.allCases.map { Kernel(instructionSet: set, precision: $0) }
    }

    func product(_ x: [Float], rows: Int, weight: [Float], outputs: Int) -> [Float] {
      PanelWeights.product(
        x, rows: rows, weight: weight, outputs: outputs, .forward, precision,
        instructionSet: instructionSet)
    }
  }

  private static func numbers(_ count: Int, _ name: String) -> [Float] {
    var stream = RandomStream(seed: 1, name)
    return (0..<count).map { _ in Float(stream.normal()) }
  }

  @Test("products are right for every shape", arguments: Kernel.all)
  func product(kernel: Kernel) {
    for (inner, outputs, rows) in [
      (1, 1, 1), (7, 16, 5), (8, 17, 13), (15, 4, 25), (33, 40, 40), (130, 300, 3), (576, 33, 100),
    ] {
      let x = Self.numbers(rows * inner, "x")
      let weight = Self.numbers(outputs * inner, "weight")
      let stored = weight.map { kernel.precision.rounded($0) }
      let y = kernel.product(x, rows: rows, weight: weight, outputs: outputs)
      for row in 0..<rows {
        for output in 0..<outputs {
          let expected = (0..<inner).reduce(0.0) {
            $0 + Double(x[row * inner + $1]) * Double(stored[output * inner + $1])
          }
          #expect(abs(Double(y[row * outputs + output]) - expected) < 1e-4)
        }
      }
    }
  }

  @Test("products go backward, too", arguments: Kernel.all)
  func backward(kernel: Kernel) {
    let (outputs, inputs, rows) = (37, 50, 9)
    let dy = Self.numbers(rows * outputs, "dy")
    let weight = Self.numbers(outputs * inputs, "weight")
    let dx = PanelWeights.product(
      dy, rows: rows, weight: weight, outputs: outputs, .backward, kernel.precision,
      instructionSet: kernel.instructionSet)
    for row in 0..<rows {
      for input in 0..<inputs {
        let expected = (0..<outputs).reduce(0.0) {
          $0 + Double(dy[row * outputs + $1])
            * Double(kernel.precision.rounded(weight[$1 * inputs + input]))
        }
        #expect(abs(Double(dx[row * inputs + input]) - expected) < 1e-4)
      }
    }
  }

  @Test("a row's product does not depend on how many rows there are", arguments: Kernel.all)
  func independence(kernel: Kernel) {
    let (inner, outputs, rows) = (77, 35, 50)
    let x = Self.numbers(rows * inner, "x")
    let weight = Self.numbers(outputs * inner, "weight")
    func product(_ rows: Range<Int>) -> [Float] {
      kernel.product(
        Array(x[rows.lowerBound * inner..<rows.upperBound * inner]), rows: rows.count,
        weight: weight, outputs: outputs)
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
