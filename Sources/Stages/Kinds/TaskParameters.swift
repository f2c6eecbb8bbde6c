import Base
import Foundation
import Runner
import Tasks

/// The parameters `source` and `sha256` of the kinds that bring content in.
struct PinnedSource {
  /// Where the bytes come from, as the recipe names it.
  let source: String
  /// The SHA-256 that they must have; nothing for a path of this machine that is not pinned.
  let sha256: String?
  /// The files of a folder that are read, by their names; all of them where nothing is said.
  var filesRead: FolderList?

  /// Whether it may be a folder, as a model may.
  var mayBeFolder = false

  /// What the key of a stage depends on: the pinned digest, or that of the file on this machine.
  /// - Throws: `DataSourceError`, or `SpecialFileError` for what is there and is no file.
  func content(in folders: DataFolders) throws -> ExternalContent {
    // What is pinned is looked at when the stage runs.
    if sha256 == nil { try checkSort(in: folders) }
    return ExternalContent(
      name: "source",
      sha256: try DataSource(parsing: source).digest(
        pinned: sha256, in: folders, filesRead: filesRead))
  }

  /// The file on this machine, fetched where it is not there yet. It must be what the plan was made
  /// with, and stay so until the stage has ended.
  /// - Throws: `DataSourceError`, or `SpecialFileError`.
  func file(for context: StageContext) throws -> URL {
    try checkSort(in: context.folders)
    let file = try DataSource(parsing: source).file(
      sha256: sha256, in: context.folders, filesRead: filesRead, interruption: context.interruption,
      progress: context.progress)
    for part in try ContentDigest.files(of: file, filesRead) { context.watch(part) }
    if let planned = context.external["source"],
      try ContentDigest.hex(of: file, context.folders.digests, filesRead: filesRead) != planned
    {
      throw DataSourceError.changed(path: file.path)
    }
    return file
  }

  /// Makes sure that no folder lies in the place of a file.
  private func checkSort(in folders: DataFolders) throws {
    guard !mayBeFolder, case .path(let path) = try DataSource(parsing: source) else { return }
    try RegularFile.checkIsFile(DataSource.locate(path, in: folders))
  }

  /// Reports what is wrong with the two, at their places.
  func report(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    if let sha256, !ContentDigest.isDigest(sha256) {
      sink.report(
        positions["sha256"] ?? position, "'sha256' must be 64 hexadecimal digits")
    }
    do {
      if try DataSource(parsing: source).needsDigest, sha256 == nil {
        sink.report(positions["source"] ?? position, "\(DataSourceError.unpinned(source))")
      }
    } catch {
      sink.report(positions["source"] ?? position, sentence(for: error))
    }
  }
}

extension RowOrder: ParameterChoice {}
extension SplitMethod: ParameterChoice {}
extension DatasetTask: ParameterChoice {}
extension PuzzlePerturbation: ParameterChoice {}
extension TraceStyle: ParameterChoice {}
extension TraceErrors: ParameterChoice {}
extension MiniatureDomain: ParameterChoice {}
extension MixOrder: ParameterChoice {}
extension TextPart: ParameterChoice {}
extension SandboxStrength: ParameterChoice {}

extension PuzzleTelling: ParameterSet {
  package static var fields: [Field<PuzzleTelling>] {
    [
      Field(
        "random_pair", \.randomPair, later: true,
        "other words for the two kinds, such as sage and fool"),
      Field("flip_role", \.flipRole, later: true, "knaves tell the truth, knights lie"),
      Field("uncommon_name", \.uncommonName, later: true, "uncommon names"),
      Field(
        "reorder_statement", \.reorderStatement, later: true,
        "statements in another order than the names"),
    ]
  }
}

extension RewardTable: ParameterSet {
  package static var fields: [Field<RewardTable>] {
    [
      Field("correct", \.correct, "reward of a right answer; the task's own where not set"),
      Field("wrong", \.wrong, "reward of a wrong answer; the task's own where not set"),
      Field(
        "no_answer", \.noAnswer, "reward where no answer can be read; the task's own where not set"),
      Field(
        "bad_format", \.badFormat, "reward of a broken format; the task's own where not set"),
      Field(
        "timeout", \.timeout, "reward of a program out of time; the task's own where not set"),
    ]
  }
}
