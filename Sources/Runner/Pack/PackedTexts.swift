import Foundation
import OrderedCollections

/// Which columns of tables may be shared when texts may not.
///
/// Everything else that is a text, a list or an object is replaced by its SHA-256, so that whoever
/// has the texts can tell that they are the same.
public struct PackedTexts: Sendable {
  /// Columns of texts that stay: names, verdicts, what models wrote.
  public let kept: Set<String>
  /// Columns of numbers that are replaced all the same, because they are answers.
  public let answers: Set<String>

  /// Names the columns.
  public init(kept: Set<String>, answers: Set<String>) {
    self.kept = kept
    self.answers = answers
  }

  /// The table with texts replaced; nil where it has none.
  func hashed(_ table: RowTable) throws -> RowTable? {
    let replaced = table.columns.filter(isReplaced)
    if replaced.isEmpty { return nil }
    var columns = table.columns
    for (name, column) in replaced {
      let hashes = (0..<column.count).map { row in
        let value = column[row]
        return "sha256:" + SHA256Digest.hex(of: Data((value.string ?? value.text).utf8))
      }
      columns[name] = .strings(hashes)
    }
    return try RowTable(columns: columns, attributes: table.attributes)
  }

  private func isReplaced(_ name: String, _ column: RowTable.Column) -> Bool {
    switch column {
    case .strings, .json: !kept.contains(name)
    case .integers, .numbers, .booleans: answers.contains(name)
    }
  }
}
