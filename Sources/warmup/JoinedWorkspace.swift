import ArgumentParser
import Base
import Foundation
import Reports
import Runner
import Stages

/// The results of one recipe from several packed files, and from a recipe with what is done of it here.
struct JoinedWorkspace {
  let joined: JoinedResults
  /// `results/<recipe>`.
  let folder: URL
  /// The files lie in temporary folders, which go with them.
  private let packs: [OpenedPack]

  /// Opens packed files, of which everything is checked, and at most one recipe.
  /// - Parameter options: one for each.
  /// - Throws: `PackError`, `JoinError`, `RecipeError` or `ValidationError`.
  init(_ options: [RecipeOptions]) throws {
    let isFile = options.map { PackedFile.isPacked($0.recipeURL) }
    if isFile.count(where: { !$0 }) > 1 {
      throw ValidationError("of several results one may be a recipe; the others are packed files")
    }
    if isFile.allSatisfy(\.self), options.contains(where: { !$0.overrides.isEmpty }) {
      throw ValidationError(
        "--set cannot change what packed files hold; name the recipe beside them")
    }
    var packs: [OpenedPack] = []
    var sources: [ResultSource] = []
    let names = options.map(\.recipeURL.lastPathComponent)
    for (options, name) in zip(options, names) {
      guard let pack = try options.openPack() else {
        let workspace = try Workspace(options)
        sources.append(
          ResultSource(
            workspace.recipe, try workspace.plan(),
            registration: try workspace.lockedRegistration(), registry: .standard))
        continue
      }
      packs.append(pack)
      let isAlone = names.count { $0 == name } == 1
      sources.append(
        try ResultSource(
          pack.experiment, name: isAlone ? name : options.recipe, registry: .standard))
    }
    joined = try JoinedResults(sources, values: ResultTables().values)
    folder = options[0].resultsURL.appending(path: joined.recipe.name)
    self.packs = packs
  }

  /// Writes the report and the lock into a folder, and prints the tables and what came of the claims.
  /// - Returns: whether everything could be made.
  func writeReport(to folder: URL) throws -> Bool {
    try Workspace.write(RecipeReport(joined), to: folder, lock: joined.lock)
  }

  /// Lays packed files out in a new folder, as one would be, with the report.
  /// - Returns: what could not be made of the report, a sentence each.
  func unpack(to folder: URL) throws -> [String] {
    try packs[0].experiment.layOut(joined, in: folder)
    return try RecipeReport(joined).write(to: folder).failures
  }
}
