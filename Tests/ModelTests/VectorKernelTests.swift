import CKernels
import Foundation
import Model
import Testing

@Suite("Vector kernels")
struct VectorKernelTests {
  /// A kernel on some numbers: everything that it writes and returns.
  struct Kernel: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let run: @Sendable (_ set: Int32, _ count: Int) -> [Float]
    /// The same in double precision, one number after the other.
    let expected: @Sendable (_ count: Int) -> [Double]
  }

  /// Numbers around zero, a few of them large.
  private static func numbers(_ count: Int, _ name: String) -> [Float] {
    var stream = RandomStream(seed: 7, name)
    return (0..<count).map { Float(stream.normal()) * ($0 % 11 == 3 ? 20 : 1) }
  }

  private static func wide(_ count: Int, _ name: String) -> [Double] {
    numbers(count, name).map(Double.init)
  }

  private static func softmax(_ x: [Double]) -> (weights: [Double], sums: [Double]) {
    let largest = x.max() ?? 0
    let values = x.map { exp($0 - largest) }
    let sum = values.reduce(0, +)
    let weights = values.map { $0 / sum }
    let entropy = -weights.reduce(0) { $0 + ($1 > 0 ? $1 * log($1) : 0) }
    return (weights, [largest + log(sum), entropy])
  }

  private static let rows: [Kernel] = [
    Kernel(testDescription: "maximum") { set, n in
      [ck_maximum_of(set, numbers(n, "x"), n)]
    } expected: {
      [wide($0, "x").max() ?? 0]
    },
    Kernel(testDescription: "sum") { set, n in
      [ck_sum(set, numbers(n, "x"), n)]
    } expected: {
      [wide($0, "x").reduce(0, +)]
    },
    Kernel(testDescription: "dot product") { set, n in
      [ck_dot_product(set, numbers(n, "x"), numbers(n, "y"), n)]
    } expected: { n in
      [zip(wide(n, "x"), wide(n, "y")).reduce(0) { $0 + $1.0 * $1.1 }]
    },
    Kernel(testDescription: "sum of squares") { set, n in
      let sum = ck_sum_of_squares(set, numbers(n, "x"), n)
      return [Float(sum), Float(sum - Double(Float(sum)))]
    } expected: { n in
      let sum = wide(n, "x").reduce(0) { $0 + $1 * $1 }
      return [sum, sum - Double(Float(sum))]
    },
    Kernel(testDescription: "add") { set, n in
      var y = numbers(n, "y")
      ck_add(set, numbers(n, "x"), &y, n)
      ck_add_scaled(set, 0.7, numbers(n, "z"), &y, n)
      ck_scale(set, 1.3, &y, n)
      return y
    } expected: { n in
      let (x, y, z) = (wide(n, "x"), wide(n, "y"), wide(n, "z"))
      return (0..<n).map { i -> Double in 1.3 * (x[i] + y[i] + 0.7 * z[i]) }
    },
    Kernel(testDescription: "widen") { set, n in
      let halves = numbers(n, "x").map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) }
      var x = [Float](repeating: 0, count: n)
      ck_widen(set, halves, &x, n)
      return x
    } expected: { n in
      numbers(n, "x").map { Double(Float(bitPattern: $0.bitPattern & 0xffff_0000)) }
    },
    Kernel(testDescription: "transpose") { set, n in
      let x = numbers(n * 21, "x")
      var y = [Float](repeating: 0, count: n * 21)
      ck_transpose(set, x, 21, n, 21, &y, n)
      return y
    } expected: { n in
      let x = wide(n * 21, "x")
      return (0..<n * 21).map { x[$0 % n * 21 + $0 / n] }
    },
    Kernel(testDescription: "pairs") { set, n in
      let x = numbers(n * 21, "x")
      var neighbours = [Float](repeating: 0, count: (n * 21 + 1) / 2)
      ck_pair_neighbours(set, x, n * 21, &neighbours)
      var rows = [Float](repeating: 0, count: (n + 1) / 2 * 21)
      ck_pair_rows(set, x, 21, n, 21, &rows, 21)
      return (neighbours + rows).flatMap { pair in
        [pair.bitPattern << 16, pair.bitPattern & 0xffff_0000].map { Float(bitPattern: $0) }
      }
    } expected: { n in
      let x = numbers(n * 21, "x").map { Double(Precision.bfloat16.rounded($0)) }
      let neighbours = x.count % 2 == 0 ? x : x + [0]
      let padded = n % 2 == 0 ? x : x + [Double](repeating: 0, count: 21)
      return neighbours
        + (0..<padded.count).map { index in
          let (pair, side) = (index / 2, index % 2)
          return padded[(2 * (pair / 21) + side) * 21 + pair % 21]
        }
    },
    Kernel(testDescription: "softmax") { set, n in
      var x = numbers(n, "x")
      let sums = ck_softmax(set, &x, n, 1)
      let others = ck_softmax_statistics(set, numbers(n, "x"), n)
      return x + [sums.log_sum, sums.entropy, others.log_sum, others.entropy]
    } expected: { n in
      let (weights, sums) = softmax(wide(n, "x"))
      return weights + sums + sums
    },
    Kernel(testDescription: "exponentials") { set, n in
      var x = numbers(n, "x")
      ck_exponentials(set, &x, 40, -2, n)
      return x
    } expected: { n in
      wide(n, "x").map { -2 * exp($0 - 40) }
    },
    Kernel(testDescription: "softmax, backward") { set, n in
      var dp = numbers(n, "dp")
      ck_softmax_backward(set, numbers(n, "p"), 0.4, &dp, n)
      return dp
    } expected: { n in
      (0..<n).map { wide(n, "p")[$0] * (wide(n, "dp")[$0] - 0.4) }
    },
  ]

  private static let layers: [Kernel] =
    [Int32(0), 1].flatMap { addsOne in
      [
        Kernel(testDescription: "norm, \(addsOne)") { set, n in
          var y = numbers(n, "x")
          numbers(n, "w").withUnsafeBufferPointer { w in
            let norm = ck_norm(weight: w.baseAddress, width: n, epsilon: 1e-5, adds_one: addsOne)
            ck_normalise(set, norm, numbers(n, "x"), &y)
          }
          return y
        } expected: { n in
          let x = wide(n, "x")
          let square = x.map { $0 * $0 }.reduce(0, +) / Double(n)
          let r = 1 / (square + 1e-5).squareRoot()
          return zip(x, wide(n, "w")).map { $0 * r * ($1 + Double(addsOne)) }
        },
        Kernel(testDescription: "norm, backward, \(addsOne)") { set, n in
          var (dx, dw) = (numbers(n, "add"), numbers(n, "dw"))
          numbers(n, "w").withUnsafeBufferPointer { w in
            let norm = ck_norm(weight: w.baseAddress, width: n, epsilon: 1e-5, adds_one: addsOne)
            ck_normalise_backward(
              set, norm, numbers(n, "x"), numbers(n, "dy"), numbers(n, "add"), &dx, &dw)
          }
          return dx + dw
        } expected: { n in
          let (x, dy) = (wide(n, "x"), wide(n, "dy"))
          let w = wide(n, "w").map { $0 + Double(addsOne) }
          let square = x.map { $0 * $0 }.reduce(0, +) / Double(n)
          let r = 1 / (square + 1e-5).squareRoot()
          let products = (0..<n).map { i -> Double in w[i] * dy[i] * x[i] }
          let mean = products.reduce(0, +) / Double(n)
          let (add, dw) = (wide(n, "add"), wide(n, "dw"))
          let back = r * r * r * mean
          let dx = (0..<n).map { i -> Double in add[i] + r * w[i] * dy[i] - x[i] * back }
          return dx + (0..<n).map { i -> Double in dw[i] + dy[i] * x[i] * r }
        },
      ]
    }
    + [Int32(CK_SILU), Int32(CK_TANH_GELU)].map { function in
      Kernel(testDescription: "gate, \(function)") { set, n in
        var (y, again) = (numbers(n, "y"), numbers(n, "y"))
        var (dGate, dUp) = (numbers(n, "dy"), numbers(n, "y"))
        let (gate, up, dy) = (numbers(n, "gate"), numbers(n, "up"), dGate)
        ck_gate(set, function, gate, up, &y, n)
        ck_gate_backward(set, function, gate, up, dy, &again, &dGate, &dUp, n)
        return y + again + dGate + dUp
      } expected: { n in
        let (gate, up, dy) = (wide(n, "gate"), wide(n, "up"), wide(n, "dy"))
        func f(_ x: Double) -> Double {
          let z = function == CK_SILU ? x : 1.5957691216057308 * (x + 0.044715 * x * x * x)
          return x / (1 + exp(-z))
        }
        func slope(_ x: Double) -> Double { (f(x + 1e-5) - f(x - 1e-5)) / 2e-5 }
        let y = zip(gate, up).map { f($0) * $1 }
        let dGate = (0..<n).map { i -> Double in dy[i] * up[i] * slope(gate[i]) }
        let dUp = (0..<n).map { i -> Double in dy[i] * f(gate[i]) }
        return y + y + dGate + dUp
      }
    }
    + [
      Kernel(testDescription: "rotation") { set, n in
        var x = numbers(2 * n, "x")
        ck_rotate(set, &x, n, numbers(n, "cos"), numbers(n, "sin"), -1)
        return x
      } expected: { n in
        let (x, c, s) = (wide(2 * n, "x"), wide(n, "cos"), wide(n, "sin").map { -$0 })
        let first = (0..<n).map { i -> Double in x[i] * c[i] - x[n + i] * s[i] }
        return first + (0..<n).map { i -> Double in x[n + i] * c[i] + x[i] * s[i] }
      },
      Kernel(testDescription: "AdamW") { set, n in
        var (w, m, v) = (numbers(n, "w"), numbers(n, "m"), numbers(n, "v").map { $0 * $0 })
        let step = ck_adamw_step(
          gradient_scale: 0.5, beta1: 0.9, beta2: 0.99, new_share1: 0.1, new_share2: 0.01,
          kept: 0.999, step_size: -0.01, inverse_root_correction: 1.2, epsilon: 1e-8)
        ck_adamw(set, step, &w, numbers(n, "g"), &m, &v, n)
        return w + m + v
      } expected: { n in
        let g = wide(n, "g").map { $0 / 2 }
        let w = wide(n, "w")
        let m = zip(wide(n, "m"), g).map { m, g -> Double in 0.9 * m + 0.1 * g }
        let v = zip(wide(n, "v"), g).map { v, g -> Double in 0.99 * v * v + 0.01 * g * g }
        let steps = (0..<n).map { i -> Double in m[i] / (1.2 * v[i].squareRoot() + 1e-8) }
        return (0..<n).map { i -> Double in 0.999 * w[i] - 0.01 * steps[i] } + m + v
      },
    ]

  static let counts = [1, 5, 15, 16, 17, 31, 32, 80, 100, 333]

  @Test("every kernel computes what it says, for every count", arguments: rows + layers)
  func right(kernel: Kernel) {
    for count in Self.counts {
      let expected = kernel.expected(count)
      let results = kernel.run(0, count)
      #expect(results.count == expected.count)
      for (index, (result, expected)) in zip(results, expected).enumerated() {
        let tolerance = 2e-5 * max(1, abs(expected))
        #expect(
          abs(Double(result) - expected) <= tolerance,
          "\(count), \(index): \(result), \(expected)")
      }
    }
  }

  @Test("all instruction sets give the same bits", arguments: rows + layers)
  func sameBits(kernel: Kernel) {
    for count in Self.counts {
      let baseline = kernel.run(0, count).map(\.bitPattern)
      for set in PanelFactor.instructionSets {
        #expect(kernel.run(Int32(set), count).map(\.bitPattern) == baseline, "\(set), \(count)")
      }
    }
  }

  @Test("nothing is written beyond the end")
  func bounds() {
    for set in PanelFactor.instructionSets {
      var x = [Float](repeating: 7, count: 40)
      _ = ck_softmax(Int32(set), &x, 21, 0)
      ck_scale(Int32(set), 3, &x, 19)
      ck_exponentials(Int32(set), &x, 0, 1, 5)
      #expect(x[21...].allSatisfy { $0 == 7 })
    }
  }

  @Test("infinite and missing numbers come through as such")
  func notFinite() {
    for set in PanelFactor.instructionSets {
      var row = [Float](repeating: .nan, count: 23)
      #expect(!ck_softmax(Int32(set), &row, 23, 0).log_sum.isFinite)
      row[20] = .infinity
      #expect(!ck_softmax_statistics(Int32(set), row, 23).log_sum.isFinite)
      #expect(ck_sum_of_squares(Int32(set), [1, .infinity, 2], 3) == .infinity)
      #expect(ck_dot_product(Int32(set), [.nan], [1], 1).isNaN)
    }
  }
}
