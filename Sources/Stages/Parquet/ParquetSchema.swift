/// The columns of a Parquet file: what a row looks like, and the leaves that its values lie in.
///
/// A value's *definition level* says how much of the way to it is not null or empty; its
/// *repetition level* says which list it goes on with.
struct ParquetSchema {
  /// The top-level columns.
  let fields: [ParquetField]
  /// The leaves, in the order in which the file keeps them.
  let leaves: [ParquetLeaf]

  /// Reads the descriptions of columns, which are a tree written from the top down.
  /// - Throws: `ParquetFault`.
  init(_ elements: [ThriftStructure]) throws {
    var reader = ParquetSchemaReader(elements)
    (fields, leaves) = try reader.tree()
  }
}

/// A column or a part of one.
struct ParquetField {
  /// What a field holds.
  indirect enum Shape {
    /// A value of its only leaf.
    case value
    /// Named fields.
    case structure([ParquetField])
    /// A list, whose elements follow each other at a repetition level and whose definition level,
    /// where it is not empty, is at least `filled`.
    case list(of: ParquetField, repetition: Int, filled: Int)
  }

  let name: String
  /// The definition level from which on it is not null.
  let definition: Int
  /// Its leaves, by their place among all.
  let leaves: Range<Int>
  let shape: Shape
}

/// A column of plain values.
struct ParquetLeaf {
  /// How values are kept; the numbers are the format's.
  enum PhysicalType: Int {
    case boolean = 0
    case int32 = 1
    case int64 = 2
    case float = 4
    case double = 5
    case bytes = 6
  }

  /// The names on the way to it.
  let path: [String]
  let type: PhysicalType
  /// Whether its integers have no sign.
  let isUnsigned: Bool
  /// The greatest definition level, at which there is a value.
  let definition: Int
  /// The greatest repetition level.
  let repetition: Int

  /// The names joined by dots.
  var name: String { path.joined(separator: ".") }
}
