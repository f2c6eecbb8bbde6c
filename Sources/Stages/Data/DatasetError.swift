/// What can be wrong with a file of problems.
public enum DatasetError: Error, Sendable, CustomStringConvertible {
  /// A line is no JSON object.
  case malformed(path: String, line: Int)
  /// A Parquet file cannot be read; the problem says why and what to do.
  case parquet(path: String, problem: String)
  /// A row lacks a column.
  case missingColumn(String, path: String, line: Int)
  /// A row has a column that the program wants to write.
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

  /// A sentence for people.
  public var description: String {
    switch self {
    case .malformed(let path, let line):
      "\(path):\(line): this line is no JSON object; each line must hold one"
    case .parquet(let path, let problem): "\(path) cannot be read as Parquet: \(problem)"
    case .missingColumn(let column, let path, let line):
      "\(path):\(line): the row has no '\(column)'; check that 'task' fits the file"
    case .reservedColumn(let column, let path):
      "\(path) has a column '\(column)', which the program fills itself; rename it"
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
      "the problem '\(id)' has none of the columns quiz, problem, question, prompt; "
        + "it cannot be compared with others"
    }
  }
}
