import Base
import Foundation
import Runner
import Tasks

/// The kind `read_traces`: prompts with completions that somebody else wrote, such as s1K.
package struct ReadTracesStage: Stage {
  package struct Parameters: ParameterSet {
    package var rows = RowsSource()
    /// The column of the prompts, in full: what the model reads, markup and all. Nil for texts without
    /// prompts, such as those that a warm-up replays.
    package var prompt: String? = ColumnName.prompt.rawValue
    package var completion = ColumnName.completion.rawValue
    /// How many traces to take from the front; all where nothing is said.
    package var take: Int?

    /// A file that a recipe must name.
    package init() {}

    package static var fields: [Field<Parameters>] {
      RowsSource.fields.map { $0.lifted(through: \.rows) } + [
        Field(
          "prompt", \.prompt,
          "the column of the prompts, with all that the model is to read; null: plain texts, which "
            + "'distill' learns from their first word on, as replay among traces"),
        Field("completion", \.completion, "the column of the completions"),
        Field("take", \.take, range: .atLeast(1), "how many traces to take; all if not set"),
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

    /// Looks for sources that cannot be had.
    package func check(
      positions: [String: SourcePosition], at position: SourcePosition,
      into sink: inout DiagnosticSink
    ) {
      rows.check(positions: positions, at: position, into: &sink)
    }
  }

  package static let kind = "read_traces"
  package static let version = 2
  package static let changes = [
    2: "rows that this program printed keep their ids, problems and verdicts"
  ]
  package static let isQuick = true
  package static let names = PublishedNames(values: ["traces"])
  package static let summary = "Prompts with completions that somebody else wrote, from a file"
  package static let example = """
    their_traces:
      kind: read_traces
      params: {source: their-traces.jsonl, prompt: question, completion: response}
    """
  package static let inputs: [StagePort] = []
  package static let outputs = [
    StagePort("traces", .traces, "prompts with completions, a row each")
  ]

  package static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    try outputs.count("traces", as: "traces")
  }

  let parameters: Parameters

  package init(parameters: Parameters) { self.parameters = parameters }

  /// The file's SHA-256: the pinned one, or that of the file on this machine.
  package func externalContent(in folders: DataFolders) throws -> [ExternalContent] {
    [try parameters.rows.content(in: folders)]
  }

  package func run(_ context: StageContext) throws {
    let table = try table(from: try parameters.rows.files(for: context))
    try table.write(to: context.output("traces"))
    context.publish(Double(table.count), as: "traces")
  }

  /// The traces of a file, all of them accepted, unless this program printed them: those are as they
  /// were.
  /// - Throws: `DatasetError`, `StageError.failed` or `DataSourceError.damaged`.
  package func table(from file: URL) throws -> RowTable { try table(from: [file]) }

  /// The traces of files, one after the other.
  /// - Throws: `DatasetError`, `StageError.failed` or `DataSourceError.damaged`.
  package func table(from files: [URL]) throws -> RowTable {
    let digest = try RowsSource.digest(of: files).prefix(8)
    let content = try DatasetFile(files, separator: parameters.rows.separator)
    let rows = content.rows.prefix(parameters.take ?? .max)
    let traces = Traces(
      rows: try rows.enumerated().map { number, row in
        let id = "\(digest)/\(number)"
        let trace = Traces.row(
          id: id, problemID: id,
          prompt: try parameters.prompt.map { try text($0, row, content) } ?? "",
          text: try text(parameters.completion, row, content))
        return trace.merging(Traces.printed(row.fields)) { $1 }
      }, attributes: ["teacher": "file"])
    return traces.table
  }

  private func text(
    _ column: String, _ row: DatasetFile.Row, _ file: DatasetFile
  ) throws -> String {
    if let text = row.fields[column]?.string { return text }
    if let reason = file.leftOut[column] {
      throw DatasetError.leftOut(column, path: row.path, reason: reason)
    }
    throw StageError.failed(
      "\(row.path):\(row.number): there is no text in the column '\(column)'; "
        + "say with 'prompt' and 'completion' which columns hold the two")
  }
}
