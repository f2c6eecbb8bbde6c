/// How the numbers of a tensor are stored in a file.
public enum ElementFormat: Sendable, Hashable, CaseIterable {
  /// 32-bit floats.
  case float32
  /// IEEE half precision.
  case float16
  /// The upper half of a 32-bit float.
  case bfloat16
  /// Blocks of 32 signed bytes with a scale.
  case q8v0
  /// Blocks of 32 unsigned nibbles around 8 with a scale.
  case q4v0
  /// Blocks of 32 unsigned nibbles with a scale and a minimum.
  case q4v1
  /// Blocks of 32 five-bit numbers around 16 with a scale.
  case q5v0
  /// Blocks of 32 five-bit numbers with a scale and a minimum.
  case q5v1
  /// Super-blocks of 256 two-bit numbers.
  case q2k
  /// Super-blocks of 256 three-bit numbers.
  case q3k
  /// Super-blocks of 256 four-bit numbers.
  case q4k
  /// Super-blocks of 256 five-bit numbers.
  case q5k
  /// Super-blocks of 256 six-bit numbers.
  case q6k

  /// The name that GGUF tools show, such as `Q4_1`.
  public var name: String { layout.name }

  /// How many numbers a block holds.
  public var blockElements: Int { layout.elements }

  /// How many bytes a block takes.
  public var blockBytes: Int { layout.bytes }

  private var layout: (name: String, elements: Int, bytes: Int) {
    switch self {
    case .float32: ("F32", 1, 4)
    case .float16: ("F16", 1, 2)
    case .bfloat16: ("BF16", 1, 2)
    case .q8v0: ("Q8_0", 32, 34)
    case .q4v0: ("Q4_0", 32, 18)
    case .q4v1: ("Q4_1", 32, 20)
    case .q5v0: ("Q5_0", 32, 22)
    case .q5v1: ("Q5_1", 32, 24)
    case .q2k: ("Q2_K", 256, 84)
    case .q3k: ("Q3_K", 256, 110)
    case .q4k: ("Q4_K", 256, 144)
    case .q5k: ("Q5_K", 256, 176)
    case .q6k: ("Q6_K", 256, 210)
    }
  }

  /// The format of GGUF's type number, if it can be read.
  init?(ggufType: UInt64) {
    let types: [UInt64: ElementFormat] = [
      0: .float32, 1: .float16, 2: .q4v0, 3: .q4v1, 6: .q5v0, 7: .q5v1, 8: .q8v0, 10: .q2k,
      11: .q3k, 12: .q4k, 13: .q5k, 14: .q6k, 30: .bfloat16,
    ]
    guard let format = types[ggufType] else { return nil }
    self = format
  }
}
