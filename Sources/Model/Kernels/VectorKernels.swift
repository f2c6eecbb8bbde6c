import CKernels

/// y += x.
func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) {
  ck_add(PanelFactor.instructionSet, x, y, count)
}

/// x *= factor.
func multiply(_ x: UnsafeMutablePointer<Float>, by factor: Float, count: Int) {
  ck_scale(PanelFactor.instructionSet, factor, x, count)
}

/// y += factor * x.
func add(
  _ x: UnsafePointer<Float>, times factor: Float, to y: UnsafeMutablePointer<Float>, count: Int
) {
  ck_add_scaled(PanelFactor.instructionSet, factor, x, y, count)
}

/// The sum of x[i] * y[i].
func dotProduct(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) -> Float {
  ck_dot_product(PanelFactor.instructionSet, x, y, count)
}
