import CKernels

/// SwiGLU: y = silu(gate) * up, silu(x) = x / (1 + e^-x) (Shazeer, 2020).
enum GatedActivation {
  /// Writes the activation of `count` elements.
  static func apply(
    gate: UnsafePointer<Float>, up: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    forEachVector(count) { i, lanes in
      let g = gate.vector(i, lanes)
      y.store(g * up.vector(i, lanes) / (1 + ck_exponential(-g)), i, lanes)
    }
  }

  /// From dy: the activation again, and the gradients of gate and up. `dGate` may be `dy`.
  static func backward(
    gate: UnsafePointer<Float>, up: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    activation: UnsafeMutablePointer<Float>, dGate: UnsafeMutablePointer<Float>,
    dUp: UnsafeMutablePointer<Float>, count: Int
  ) {
    forEachVector(count) { i, lanes in
      let g = gate.vector(i, lanes)
      let u = up.vector(i, lanes)
      let gradient = dy.vector(i, lanes)
      let sigmoid = 1 / (1 + ck_exponential(-g))
      let silu = g * sigmoid
      activation.store(silu * u, i, lanes)
      dUp.store(gradient * silu, i, lanes)
      // d silu / dx = sigmoid + silu (1 - sigmoid)
      dGate.store(gradient * u * ck_multiply_add(silu, 1 - sigmoid, sigmoid), i, lanes)
    }
  }
}
