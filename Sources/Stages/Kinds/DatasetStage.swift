import Base
import Foundation
import Runner
import Tasks

/// The kind `dataset`: published problems from a file of rows, in the Hugging Face column names.
package struct DatasetStage: Stage {
  package struct Parameters: ParameterSet {
    package var task = DatasetTask.math
    package var rows = RowsSource()
    /// The file's column for each of the task's that has another name there.
    package var columns: [String: String] = [:]
    /// The verifier and the prompts of the task `process`.
    package var process: ProcessParameters?
    /// How many rows to take; all where nothing is said.
    package var take: Int?
    /// How many rows to leave out first.
    package var skip = 0
    package var order = RowOrder.file
    package var seed = 0
    /// How many rows the orders that depend on it draw; as many as are taken where nothing is said.
    package var draw: Int?
    /// A column of whose every value that many rows are taken.
    package var each: String?
    package var filter: [String: [String]] = [:]

    /// All rows of a file that a recipe must name.
    package init() {}

    package static var fields: [Field<Parameters>] {
      [
        Field("task", \.task, required: true, "what the rows are problems of")
      ] + RowsSource.fields.map { $0.lifted(through: \.rows) } + [
        Field("take", \.take, range: .atLeast(1), "how many rows to take; all if not set"),
        Field("skip", \.skip, range: .atLeast(0), "how many rows of the order to leave out first"),
        Field(
          "order", \.order,
          "file; numpy_permutation (default_rng(seed).permutation, of which train_test_split "
            + "trains on the last rows); numpy_choice (default_rng(seed).choice); "
            + "python_random_sample (random.sample after random.seed); nested (by a hash of seed "
            + "and id, so that a smaller take lies inside a greater one)"),
        Field(
          "draw", \.draw, range: .atLeast(1), later: true,
          "how many rows numpy_choice and python_random_sample draw, of which skip and take then "
            + "choose; take if not set"),
        Field(
          "each", \.each, later: true,
          "a column: draw, skip and take hold for each of its values, in the order of the file"),
        Field("seed", \.seed, range: .atLeast(0), "seed of the order"),
        Field("where", \.filter, "columns with the values, as texts, that rows must have"),
        Field(
          "columns", \.columns, later: true,
          "columns of the task with what the file calls them, such as {problem: question}"),
        Field(
          "process", \.process, later: true,
          "the verifier and the prompts of the task 'process'"),
      ]
    }

    /// The single source; a list stands in `rows`.
    package var source: String {
      get { rows.source.names.first ?? "" }
      set { rows.source = SourceList([newValue]) }
    }
    package var sha256: String? {
      get { rows.sha256 }
      set { rows.sha256 = newValue }
    }

    /// Looks for sources that cannot be had and for settings that contradict each other.
    package func check(
      positions: [String: SourcePosition], at position: SourcePosition,
      into sink: inout DiagnosticSink
    ) {
      rows.check(positions: positions, at: position, into: &sink)
      if task == .process, process == nil {
        sink.report(
          positions["task"] ?? position,
          "the task 'process' needs 'process' with 'version', 'command' and 'prompt'")
      } else if task != .process, process != nil {
        sink.report(
          positions["process"] ?? position, "'process' is for the task of that name")
      }
      if order.dependsOnSize, draw == nil, take == nil || skip != 0 {
        sink.report(
          positions["order"] ?? position,
          "the order '\(order.rawValue)' needs 'take', and with 'skip' it needs 'draw'")
      }
      if !order.dependsOnSize, draw != nil {
        sink.report(
          positions["draw"] ?? position,
          "'draw' is for the orders 'numpy_choice' and 'python_random_sample'")
      }
    }
  }

  package static let kind = "dataset"
  package static let version = 1
  package static let isQuick = true
  package static let names = PublishedNames(values: ["problems"])
  package static let summary =
    "published problems from Parquet, JSON or CSV files, in the Hugging Face column names"
  package static let example = """
    math:
      kind: dataset
      params: {source: MATH/train.parquet, task: math, where: {level: [Level 1]}, take: 100}
    """
  package static let inputs: [StagePort] = []
  package static let outputs = [StagePort("problems", .problems, "the rows with their ids")]

  package static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    try outputs.count("problems", as: "problems")
  }

  let parameters: Parameters

  package init(parameters: Parameters) { self.parameters = parameters }

  package func traits(of output: String, inputs: [String: Traits]) -> Traits {
    .problems(
      ofTask: parameters.task.rawValue, rows: parameters.each == nil ? parameters.take : nil)
  }

  /// The file's SHA-256: the pinned one, or that of the file on this machine.
  package func externalContent(in folders: DataFolders) throws -> [ExternalContent] {
    [try parameters.rows.content(in: folders)]
      + (try parameters.process.map { [try $0.content(in: folders)] } ?? [])
  }

  /// Reads the files and writes the rows.
  package func run(_ context: StageContext) throws {
    var problems = Problems(try table(from: try parameters.rows.files(for: context)))
    problems.ownVerifier = try parameters.process?.verifier(for: context).json.text
    let table = problems.table
    try table.write(to: context.output("problems"))
    context.publish(Double(table.count), as: "problems")
  }

  /// The rows of a file, each with its id.
  /// - Throws: `DatasetError`, or `DataSourceError.damaged`.
  package func table(from file: URL) throws -> RowTable { try table(from: [file]) }

  /// The rows of files, one after the other, each with its id.
  /// - Throws: `DatasetError`, or `DataSourceError.damaged`.
  package func table(from files: [URL]) throws -> RowTable {
    let digest = try RowsSource.digest(of: files)
    let file = try DatasetFile(files, separator: parameters.rows.separator)
    let mapping = ColumnMapping(parameters.columns, task: parameters.task)
    let rows = try identified(try mapping.apply(to: file), digest: digest)
    let selection = RowSelection(
      filter: parameters.filter, column: parameters.each, order: parameters.order,
      seed: parameters.seed, draw: parameters.draw, skip: parameters.skip, take: parameters.take)
    return Problems(rows: try selection.apply(to: rows), task: parameters.task.rawValue).table
  }

  private func identified(
    _ rows: [DatasetFile.Row], digest: String
  ) throws -> [[String: JSONValue]] {
    var ids: Set<[UInt8]> = []
    let task =
      parameters.task == .process ? nil : try TaskDefinitions.named(parameters.task.rawValue)
    return try rows.enumerated().map { number, row in
      let (fields, own) = try Self.ownID(of: row)
      let id = own ?? parameters.task.id(of: fields, number: number, file: digest)
      guard ids.insert(Array(id.utf8)).inserted else {
        throw DatasetError.repeatedID(id, path: row.path)
      }
      if parameters.task == .process,
        let taken = ProcessTask.reserved.first(where: fields.keys.contains)
      {
        throw StageError.failed(
          "\(row.path) has a column '\(taken)', under which the verifier is given what the model wrote; "
            + "rename it")
      }
      do {
        return try (task?.checked(fields) ?? fields).merging([ColumnName.id.rawValue: .string(id)])
        { $1 }
      } catch let error as TaskError {
        throw DatasetError.unreadableGold(
          path: row.path, line: row.number, problem: sentence(for: error))
      }
    }
  }

  /// The text in a row's own column `id`, as in rows that this program printed. A number there, which
  /// other files count with, is no id among all, and is kept as `original_id`.
  private static func ownID(
    of row: DatasetFile.Row
  ) throws -> (fields: [String: JSONValue], id: String?) {
    let name = ColumnName.id.rawValue
    switch row.fields[name, default: .null] {
    case .null: return (row.fields, nil)
    case .string(let id): return (row.fields, id)
    case .integer, .number:
      var fields = row.fields
      fields["original_id"] = fields.removeValue(forKey: name)
      return (fields, nil)
    default: throw DatasetError.reservedColumn(name, path: row.path)
    }
  }
}
