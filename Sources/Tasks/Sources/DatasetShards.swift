import Base
import Foundation

/// The files of rows in a folder, as Hugging Face's data sets lie on disk:
/// `train-00000-of-00002.parquet` and the like.
package enum DatasetShards {
  /// The files of one split, in the order of their numbers.
  /// - Parameter split: which one, such as `train`; nil where the folder has only one.
  /// - Throws: `ShardError`.
  package static func files(in folder: URL, split: String?) throws -> [URL] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { !$0.hasPrefix(".") }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let files = names.map { folder.appending(path: $0) }
    let shards = files.filter { !isFolder($0) }.compactMap(Shard.init)
    let splits = Dictionary(grouping: shards, by: \.split)
    guard !splits.isEmpty else {
      let inner = files.filter { file in
        isFolder(file)
          && ((try? FileManager.default.contentsOfDirectory(atPath: file.path)) ?? [])
            .contains { Shard(file.appending(path: $0)) != nil }
      }
      throw ShardError.noRows(folder.path, inner.map(\.lastPathComponent))
    }
    guard let chosen = split ?? (splits.count == 1 ? splits.keys.first : nil) else {
      throw ShardError.severalSplits(folder.path, splits.mapValues(\.count))
    }
    guard let found = splits[chosen] else {
      throw ShardError.noSplit(chosen, folder.path, splits.keys.sorted())
    }
    return try whole(found, chosen, folder)
  }

  private static func whole(_ shards: [Shard], _ split: String, _ folder: URL) throws -> [URL] {
    // `train.parquet` beside `train.jsonl`, or two numberings of one split.
    let sorts = Set(shards.map { "\($0.total ?? 0) \($0.ending)" })
    guard sorts.count == 1, let total = shards[0].total ?? (shards.count == 1 ? 1 : nil) else {
      throw ShardError.twice(split, folder.path, shards.map(\.file.lastPathComponent).sorted())
    }
    let byNumber = Dictionary(shards.map { ($0.number, $0.file) }) { first, _ in first }
    guard byNumber.count == shards.count, total <= 100_000 else {
      throw ShardError.twice(split, folder.path, shards.map(\.file.lastPathComponent).sorted())
    }
    let missing = (0..<total).filter { byNumber[$0] == nil }
    guard missing.isEmpty, byNumber.count == total else {
      throw ShardError.missing(split, folder.path, missing, total)
    }
    return (0..<total).compactMap { byNumber[$0] }
  }

  private static func isFolder(_ file: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  /// A file of rows, by its name.
  private struct Shard {
    let file: URL
    let split: String
    /// From 0.
    let number: Int
    /// How many files the split has; nil where the name does not say.
    let total: Int?
    let ending: String

    private static let endings = ["parquet", "jsonl", "ndjson", "json", "csv", "tsv"]

    /// Nil for what holds no rows, such as a README or a data set's description.
    init?(_ file: URL) {
      let name = file.lastPathComponent
      let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      var ending = Array(parts.dropFirst())
      if ["gz", "zst"].contains(ending.last ?? "") { ending.removeLast() }
      guard let form = ending.last, Self.endings.contains(form),
        !["dataset_infos.json", "dataset_info.json", "state.json"].contains(name)
      else { return nil }
      self.file = file
      let stem = parts.dropLast(parts.count - 1 - (ending.count - 1)).joined(separator: ".")
      self.ending = form
      if let match = stem.wholeMatch(of: /(.+)-(\d+)-of-(\d+)/), let number = Int(match.2),
        let total = Int(match.3)
      {
        (split, self.number, self.total) = (String(match.1), number, total)
      } else {
        (split, number, total) = (stem, 0, nil)
      }
    }
  }
}

/// Why a folder's files are not one set of rows.
package enum ShardError: Error, CustomStringConvertible {
  /// The folder has no such files; the inner folders do.
  case noRows(String, [String])
  case severalSplits(String, [String: Int])
  case noSplit(String, String, [String])
  /// Files of some numbers are not there.
  case missing(String, String, [Int], Int)
  /// More files than one could be meant.
  case twice(String, String, [String])

  package var description: String {
    switch self {
    case .noRows(let folder, let inner):
      "\(folder) holds no files of rows (Parquet, JSON Lines, JSON or CSV)"
        + (inner.isEmpty
          ? "; name a file or the folder with the files"
          : ", but \(inner.joined(separator: ", ")) in it does; name that folder")
    case .severalSplits(let folder, let splits):
      "\(folder) holds several splits: "
        + splits.keys.sorted().map { "\($0) (\(counted(splits[$0] ?? 0, "file")))" }
        .joined(separator: ", ")
        + "; say which with 'split: \(splits.keys.min() ?? "train")', or list the files in 'source'"
    case .noSplit(let split, let folder, let splits):
      "\(folder) has no split '\(split)'\(suggestion(for: split, among: splits)); it has "
        + splits.joined(separator: ", ")
    case .missing(let split, let folder, let missing, let total):
      "\(folder) lacks \(counted(missing.count, "file")) of the \(total) of the split '\(split)': "
        + missing.prefix(5).map { "number \($0)" }.joined(separator: ", ")
        + (missing.count > 5 ? "…" : "") + "; fetch the rest"
    case .twice(let split, let folder, let names):
      "\(folder) holds the split '\(split)' in more than one way: "
        + names.prefix(4).joined(separator: ", ") + (names.count > 4 ? "…" : "")
        + "; list the files that are meant in 'source'"
    }
  }
}
