import Foundation

/// The recipes below a folder.
package enum RecipeFolder {
  /// Every YAML file below a folder, in the order of their paths. Folders called `published` hold
  /// other people's numbers and no recipes.
  package static func below(_ folder: URL) -> [URL] {
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
    return paths.filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && !isPublished($0) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .map { folder.appending(path: $0) }
  }

  private static func isPublished(_ path: String) -> Bool {
    path.split(separator: "/").dropLast().contains("published")
  }
}
