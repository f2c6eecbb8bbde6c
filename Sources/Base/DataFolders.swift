import Foundation

/// Where files from outside are found: those that recipes name by relative paths, and downloads.
package struct DataFolders: Sendable {
  /// Folders in which relative paths of a recipe are looked up, in this order.
  package let searchPaths: [URL]
  /// Where downloads are kept between runs.
  package let downloads: URL
  /// The digests of what was read there.
  package let digests: FileDigests

  package init(searchPaths: [URL], downloads: URL, digests: FileDigests = FileDigests()) {
    self.searchPaths = searchPaths
    self.downloads = downloads
    self.digests = digests
  }

  /// Where a recipe's relative paths are looked up: in the folder that the variable `WARMUP_DATA`
  /// names, beside the recipe, and in the current folder. Downloads are kept in the cache.
  /// - Parameter results: the folder of the cache and of what runs write.
  package init(recipe: URL, results: URL) {
    var searchPaths: [URL] = []
    if let data = ProcessInfo.processInfo.environment["WARMUP_DATA"], !data.isEmpty {
      searchPaths.append(URL(fileURLWithPath: data))
    }
    searchPaths.append(recipe.deletingLastPathComponent())
    let current = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
    if current.path != searchPaths.last?.path { searchPaths.append(current) }
    let cache = results.appending(path: "cache")
    self.init(
      searchPaths: searchPaths, downloads: cache.appending(path: "downloads"),
      digests: FileDigests(file: cache.appending(path: FileDigests.fileName)))
  }
}
