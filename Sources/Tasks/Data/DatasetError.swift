import Base

/// What can be wrong with a file of problems.
package enum DatasetError: Error, Sendable, CustomStringConvertible {
  /// A line is no JSON object.
  case malformed(path: String, line: Int)
  /// A Parquet file cannot be read; the problem says why and what to do.
  case parquet(path: String, problem: String)
  /// A file is something else than rows.
  case foreign(path: String, ForeignFormat)
  /// A text is not in UTF-8.
  case notUnicode(path: String, line: Int)
  /// A file holds one JSON object over several lines; lists of objects are under these keys.
  case oneObject(path: String, lists: [String])
  /// A file begins like a JSON list, and is none.
  case brokenList(path: String)
  /// An element of a JSON list is no object.
  case noObject(path: String, element: Int)
  /// A file that looks like CSV is not called so.
  case unnamedCSV(path: String)
  case csv(path: String, line: Int, problem: String)
  /// A row has none of some columns.
  case missingColumn([String], path: String, line: Int, present: [String])
  /// A column that is needed could not be read.
  case leftOut(String, path: String, reason: String)
  /// A column holds something else than the task needs.
  case wrongType(
    String, path: String, line: Int, found: JSONValue, wanted: String, task: String)
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
      "\(path):\(line): this line is not a JSON object; each line must hold one"
    case .parquet(let path, let problem): "\(path) cannot be read as Parquet: \(problem)"
    case .foreign(let path, let format):
      "\(path) is \(format.name), which is not read here; \(format.advice)"
    case .notUnicode(let path, let line):
      "\(path):\(line): this line is not in UTF-8; save the file in UTF-8"
    case .oneObject(let path, let lists):
      "\(path) holds one JSON object over several lines, and rows are wanted: a list of objects, or an "
        + "object a line"
        + (lists.isEmpty
          ? "" : "; write what is under '\(lists.joined(separator: "' or '"))' into a file")
    case .brokenList(let path):
      "\(path) begins like a JSON list, but is not a whole one; a file holds one list of objects, or "
        + "an object a line"
    case .noObject(let path, let element):
      "\(path): element \(element) of the list is not a JSON object; each must be one"
    case .unnamedCSV(let path):
      "\(path) holds no JSON objects; if it is CSV, let its name end in .csv, or say what stands "
        + "between its fields, such as 'separator: \",\"'"
    case .csv(let path, let line, let problem): "\(path):\(line): \(problem)"
    case .missingColumn(let columns, let path, let line, let present):
      "\(path):\(line): the row has no '\(columns.joined(separator: "' and no '"))', but "
        + "\(present.joined(separator: ", ")); check that 'task' fits the file, or say which column is "
        + "which with 'columns: {\(columns[0]): …}'"
    case .leftOut(let column, let path, let reason):
      "\(path): the column '\(column)' is needed and cannot be read: \(reason)"
    case .wrongType(let column, let path, let line, let found, let wanted, let task):
      "\(path):\(line): the column '\(column)' holds \(found.sortWords), but the task '\(task)' needs "
        + "\(wanted) there; correct the file, or say with 'columns' which column is meant"
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
