import CKernels
import Foundation

/// How numbers lie in panels, and how they are multiplied.
package enum PanelFormat: Int32, Sendable, CaseIterable {
  /// Float32, multiplied with float32.
  case float32 = 0
  /// Rounded to bfloat16, multiplied with float32: half the memory to read.
  case bfloat16 = 1
  /// Rounded to bfloat16, multiplied with rows that are rounded likewise, two at a time. Sums are
  /// float32.
  case bfloat16Pairs = 2

  /// What decoding uses for a precision. Where the processor multiplies bfloat16 by itself, the
  /// numbers that meet the weights are rounded, too.
  static func decoding(_ precision: Precision) -> PanelFormat {
    guard precision == .bfloat16 else { return .float32 }
    return Precision.hasInstructionsForBfloat16 ? .bfloat16Pairs : .bfloat16
  }

  /// What training uses for a precision.
  static func training(_ precision: Precision) -> PanelFormat {
    precision == .bfloat16 ? .bfloat16Pairs : .float32
  }
}

extension Precision {
  /// Whether this processor multiplies bfloat16 by itself (AVX512-BF16), and does it as expected.
  public static let hasInstructionsForBfloat16 =
    ck_instruction_set() == Int32(CK_V4_BFLOAT16) && PanelFactor.instructionsAgree

  /// What training uses where this precision is asked for: float32 where the processor has no
  /// instructions for bfloat16. The environment variable `WARMUP_EMULATE_BFLOAT16` makes it emulate
  /// them instead, which is slow, and equal but for the last bits.
  public var forTraining: Precision {
    let emulates = ProcessInfo.processInfo.environment["WARMUP_EMULATE_BFLOAT16"] != nil
    return Precision.hasInstructionsForBfloat16 || emulates ? self : .float32
  }
}
