/// A value of a GGUF file's metadata.
public enum GGUFValue: Sendable, Equatable {
  /// An integer of any width.
  case integer(Int)
  /// A 32-bit or 64-bit float, as the shortest decimal that stands for it.
  case number(Double)
  /// A boolean.
  case boolean(Bool)
  /// A text.
  case string(String)
  /// A list.
  case list([GGUFValue])

  /// The integer, where this is one.
  public var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  /// The boolean, where this is one.
  public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
  /// The text, where this is one.
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  /// The elements, where this is a list.
  public var list: [GGUFValue]? { if case .list(let value) = self { value } else { nil } }

  /// The number, where this is one or an integer.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}
