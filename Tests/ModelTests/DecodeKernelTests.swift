import Model
import Testing

@Suite("Decode kernels")
struct DecodeKernelTests {
  private static func numbers(_ count: Int, _ name: String) -> [Float] {
    var stream = RandomStream(seed: 1, name)
    return (0..<count).map { _ in Float(stream.normal()) }
  }

  @Test("products are right on every instruction set", arguments: RowProduct.instructionSets)
  func product(instructionSet: Int) {
    for inner in [1, 15, 16, 33, 130] {
      for outputs in [1, 4, 7, 21] {
        let x = Self.numbers(13 * inner, "x")
        let weight = Self.numbers(outputs * inner, "weight")
        let y = RowProduct.product(
          x, rows: 13, weight: weight, outputs: outputs, instructionSet: instructionSet)
        for row in 0..<13 {
          for output in 0..<outputs {
            let expected = (0..<inner).reduce(0.0) {
              $0 + Double(x[row * inner + $1]) * Double(weight[output * inner + $1])
            }
            #expect(abs(Double(y[row * outputs + output]) - expected) < 1e-4)
          }
        }
      }
    }
  }

  @Test(
    "a row's product does not depend on how many rows there are",
    arguments: RowProduct.instructionSets)
  func independence(instructionSet: Int) {
    let inner = 77
    let x = Self.numbers(14 * inner, "x")
    let weight = Self.numbers(9 * inner, "weight")
    func product(_ rows: Range<Int>) -> [Float] {
      RowProduct.product(
        Array(x[rows.lowerBound * inner..<rows.upperBound * inner]), rows: rows.count,
        weight: weight, outputs: 9, instructionSet: instructionSet)
    }
    let all = product(0..<14)
    for count in 1...7 {
      for first in 0...14 - count {
        #expect(product(first..<first + count) == Array(all[first * 9..<(first + count) * 9]))
      }
    }
  }

  @Test("weighted sums are right on every instruction set", arguments: RowProduct.instructionSets)
  func weightedSum(instructionSet: Int) {
    for columns in [1, 10, 16, 64, 71, 140] {
      let weights = Self.numbers(29, "weights")
      let values = Self.numbers(29 * columns, "values")
      let sum = RowProduct.weightedSum(weights, of: values, instructionSet: instructionSet)
      for column in 0..<columns {
        let expected = (0..<29).reduce(0.0) {
          $0 + Double(weights[$1]) * Double(values[$1 * columns + column])
        }
        #expect(abs(Double(sum[column]) - expected) < 1e-4)
      }
    }
  }
}
