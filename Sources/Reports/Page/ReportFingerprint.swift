import Base
import Foundation
import Runner

/// What a report is made from and what came of it, in one digest: while that stays, to make the report
/// again would change nothing.
///
/// It is kept in the cache, and lost without harm. A report that somebody changed or removed has
/// another, and so has one of another program.
package struct ReportFingerprint: Sendable {
  private let inputs: String
  private let folder: URL
  private let files: [String]
  private let place: URL

  /// Takes down what a report would be made from.
  /// - Parameters:
  ///   - registration: SHA-256 of the registration that the recipe's lock names.
  ///   - folder: where the report lies.
  ///   - program: the file of the program that makes it.
  /// - Returns: nil where something has no digest, such as records of older versions.
  package init?(
    _ recipe: Recipe, _ plan: Plan, registration: String?, in folder: URL, cache: Cache,
    program: URL
  ) {
    guard let program = FileStamp(of: program),
      let published = try? Self.published(of: recipe)
    else { return nil }
    var bytes: [UInt8] = []
    func take(_ texts: String...) {
      // Quotes keep one from running into the next.
      for text in texts { bytes += (JSONValue.string(text).text + "\n").utf8 }
    }
    take(
      JSONValue.object(program.json).text, recipe.name, recipe.sourceDigest, registration ?? "",
      Registration.digest(beside: recipe.file) ?? "", recipe.overrides.joined(separator: "\n"))
    for sha256 in published { take(sha256) }
    for item in plan.items {
      // What has just been made is cached from now on.
      let state = item.state == .toRun && item.isDone ? .cached : item.state
      take(item.name, state.rawValue, state == .stopped ? item.reason : "")
      guard let artifact = item.artifact else { continue }
      guard let seal = artifact.seal else { return nil }
      take(seal)
    }
    inputs = SHA256Digest.hex(of: bytes)
    files = recipe.reportFiles
    self.folder = folder
    place = cache.folder.appending(path: "reports").appending(path: recipe.name)
  }

  private static func published(of recipe: Recipe) throws -> [String] {
    let folder = recipe.file.deletingLastPathComponent()
    return try recipe.tables.flatMap(\.specification.published).map { path in
      try SHA256Digest.hex(ofFile: PublishedTable.file(path, beside: folder))
    }
  }

  /// With the files as they are; nil where one is missing.
  private func withFiles() -> String? {
    let digests = files.map { try? SHA256Digest.hex(ofFile: folder.appending(path: $0)) }
    guard !digests.contains(nil) else { return nil }
    let texts = [inputs] + digests.compactMap(\.self)
    return SHA256Digest.hex(of: Array(texts.joined(separator: "\n").utf8))
  }

  /// Whether the report that is there is the one that would be made.
  package var isCurrent: Bool {
    guard let kept = try? Data(contentsOf: place), let now = withFiles() else { return false }
    return kept == Data(now.utf8)
  }

  /// Notes that the report that is there was made from this.
  package func keep() {
    guard let now = withFiles() else { return }
    try? Folder.make(place.deletingLastPathComponent())
    try? AtomicFile.writeUnsynced(now, to: place)
  }
}

extension Recipe {
  /// The files of its report, relative to the report's folder.
  var reportFiles: [String] {
    tables.flatMap { table in ["md", "csv", "tex", "html"].map { "tables/\(table.name).\($0)" } }
      + figures.flatMap { figure in ["svg", "csv"].map { "figures/\(figure.name).\($0)" } }
      + ["report.md", "report.html"]
  }
}
