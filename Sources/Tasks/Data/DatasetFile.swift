import Base
import Foundation

/// A file of rows: Parquet, or JSON Lines, gzipped or not. The content tells which.
package enum DatasetFile {
  /// A row with its place, which counts from 1: the line of JSON Lines, else the row.
  package struct Row {
    package let number: Int
    package let fields: [String: JSONValue]
  }

  /// Reads all rows.
  /// - Throws: `DatasetError`, or `DataSourceError.damaged`.
  package static func rows(of file: URL) throws -> [Row] {
    let stored = try RegularFile.contents(of: file, options: .mappedIfSafe)
    let rows =
      try ParquetFile.isParquet(stored)
      ? parquetRows(stored, path: file.path)
      : JSONLinesFile.rows(of: stored, path: file.path)
    guard !rows.isEmpty else { throw DatasetError.empty(path: file.path) }
    return rows
  }

  private static func parquetRows(_ stored: Data, path: String) throws -> [Row] {
    do {
      return try ParquetFile.rows(of: Array(stored)).enumerated().map {
        Row(number: $0 + 1, fields: $1)
      }
    } catch let error as ParquetError {
      throw DatasetError.parquet(path: path, problem: error.description)
    }
  }
}

/// A file with one JSON object a line, gzipped or not.
enum JSONLinesFile {
  /// Reads all rows. Only the byte 0x0A ends a line; blank lines are skipped.
  /// - Throws: `DatasetError.malformed` with the line, or `DataSourceError.damaged`.
  static func rows(of stored: Data, path: String) throws -> [DatasetFile.Row] {
    let isGzip = stored.starts(with: [0x1F, 0x8B])
    let data = isGzip ? try Inflation.gunzip(stored, path: path) : stored
    var rows: [DatasetFile.Row] = []
    for (index, line) in data.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
      guard let fields = try? JSONValue(parsing: Data(line)).object else {
        throw DatasetError.malformed(path: path, line: index + 1)
      }
      rows.append(DatasetFile.Row(number: index + 1, fields: fields))
    }
    return rows
  }
}

/// The tasks whose published rows `dataset` reads.
package enum DatasetTask: String, Sendable, CaseIterable {
  /// MATH and MATH-500.
  case math
  case humanEvalPlus = "humaneval_plus"
  case mmluPro = "mmlu_pro"
  case knightsAndKnaves = "knights_and_knaves"

  /// The columns that every row must have.
  package var requiredColumns: [String] {
    switch self {
    case .math: ["problem", "solution"]
    case .humanEvalPlus: ["task_id", "prompt", "entry_point", "test"]
    case .mmluPro: ["question_id", "question", "options", "answer", "category"]
    case .knightsAndKnaves: ["quiz", "names", "solution", "index"]
    }
  }

  /// What tells a row from all others, wherever the file lies and in whatever order it is read.
  /// - Parameters:
  ///   - row: the row.
  ///   - number: its place in the file, from 0.
  ///   - file: the file's SHA-256, for rows that carry no id.
  package func id(of row: [String: JSONValue], number: Int, file: String) -> String {
    let published: String? =
      switch self {
      case .math: row["unique_id"]?.string
      case .humanEvalPlus: row["task_id"]?.string
      case .mmluPro: row["question_id"].map { $0.string ?? $0.text }
      case .knightsAndKnaves:
        row["index"]?.integer.map { "kk/\(row["names"]?.array?.count ?? 0)/\($0)" }
      }
    return published ?? "\(file.prefix(8))/\(number)"
  }

  /// The text that a problem asks, without any template; nil where the row has none.
  static func question(of row: [String: JSONValue]) -> String? {
    let texts = Problems.questionColumns.lazy.compactMap { row[$0]?.string }
    guard let question = texts.first else { return nil }
    // Questions such as "Which of these is true?" differ by their options only.
    return ([question] + Problems.options(of: row)).joined(separator: "\n")
  }
}

/// What can be wrong with a file of problems.
package enum DatasetError: Error, Sendable, CustomStringConvertible {
  /// A line is no JSON object.
  case malformed(path: String, line: Int)
  /// A Parquet file cannot be read; the problem says why and what to do.
  case parquet(path: String, problem: String)
  case missingColumn(String, path: String, line: Int)
  /// No completion could be compared with a row's right answer; the problem says what is expected.
  case unreadableGold(path: String, line: Int, problem: String)
  /// A row has a column that the program fills itself, with something else than a text.
  case reservedColumn(String, path: String)
  /// The file holds no rows.
  case empty(path: String)
  /// Two rows have the same id.
  case repeatedID(String, path: String)
  /// A parameter names a column that is not there.
  case unknownColumn(String, in: String, columns: [String])
  /// More rows are asked for than there are.
  case tooFew(wanted: Int, found: Int)
  /// Ids to split off are not among the problems.
  case unknownIDs([String])
  /// A row has no text that asks something.
  case noQuestion(id: String)

  package var description: String {
    switch self {
    case .malformed(let path, let line):
      "\(path):\(line): this line is no JSON object; each line must hold one"
    case .parquet(let path, let problem): "\(path) cannot be read as Parquet: \(problem)"
    case .missingColumn(let column, let path, let line):
      "\(path):\(line): the row has no '\(column)'; check that 'task' fits the file"
    case .unreadableGold(let path, let line, let problem): "\(path):\(line): \(problem)"
    case .reservedColumn(let column, let path):
      "\(path) has a column '\(column)' that holds no texts, as the program's own does; rename it"
    case .empty(let path): "\(path) holds no rows; fetch it again"
    case .repeatedID(let id, let path):
      "\(path) holds more than one row with the id '\(id)'; remove the repetition"
    case .unknownColumn(let column, let parameter, let columns):
      "'\(parameter)' names the column '\(column)', but the rows have \(columns.joined(separator: ", "))"
    case .tooFew(let wanted, let found):
      "\(wanted) rows are asked for, but there are \(found); ask for fewer"
    case .unknownIDs(let ids):
      "no problem has the id \(ids.map { "'\($0)'" }.joined(separator: ", ")); correct 'test_ids'"
    case .noQuestion(let id):
      "the problem '\(id)' has none of the columns "
        + "\(Problems.questionColumns.joined(separator: ", ")); it cannot be compared with others"
    }
  }
}
