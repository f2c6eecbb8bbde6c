import Foundation

/// A recipe with all files that it names, placed so that its relative paths go on working.
struct RecipeFiles {
  /// The path of each file, beginning at the folder that holds them all; the recipe itself first.
  let paths: [String]
  /// The text of each file.
  let texts: [String]

  /// Reads the recipe, what it extends and the published values that it shows.
  /// - Throws: `PackError.unpackable`.
  init(_ recipe: Recipe) throws(PackError) {
    let folder = Self.components(of: recipe.file.deletingLastPathComponent())
    var places = [folder + [recipe.file.lastPathComponent]]
    for path in Self.references(of: recipe) {
      let place = try Self.place(path, from: folder)
      if !places.contains(place) { places.append(place) }
    }
    let shared = Self.commonPrefix(places.map { Array($0.dropLast()) })
    paths = places.map { $0.dropFirst(shared.count).joined(separator: "/") }
    var texts = [recipe.sourceText]
    for place in places.dropFirst() { texts.append(try Self.text(of: place)) }
    self.texts = texts
  }

  /// The paths that the recipe names, relative to its folder.
  static func references(of recipe: Recipe) -> [String] {
    var sources = RecipeSources(file: recipe.file.relativePath)
    var sink = DiagnosticSink()
    let tree = RecipeDocument.read(
      recipe.sourceText, file: recipe.file, overrides: recipe.overrides, sources: &sources,
      into: &sink)
    guard case .map(let entries)? = tree?.value else { return [] }
    let shown = ["tables", "figures"].flatMap { section -> [RecipeEntry] in
      if case .map(let entries)? = entries[section]?.node.value { entries } else { [] }
    }
    let published = shown.flatMap { entry -> [String] in
      guard case .map(let fields) = entry.node.value else { return [] }
      return strings(fields["published"]?.node.value)
    }
    return strings(entries["extends"]?.node.value) + published
  }

  private static func strings(_ value: RecipeValue?) -> [String] {
    switch value {
    case .string(let text): [text]
    case .list(let nodes): nodes.flatMap { strings($0.value) }
    default: []
    }
  }

  private static func components(of folder: URL) -> [String] {
    folder.absoluteURL.standardizedFileURL.path.split(separator: "/").map(String.init)
  }

  /// Where a path of the recipe leads, without looking at the disk.
  private static func place(_ path: String, from folder: [String]) throws(PackError) -> [String] {
    if path.hasPrefix("/") {
      throw .unpackable(
        "the recipe names '\(path)', which others will not have; put the file beside the recipe "
          + "and name it by a relative path")
    }
    var place = folder
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = place.popLast() } else { place.append(String(part)) }
    }
    return place
  }

  private static func commonPrefix(_ folders: [[String]]) -> [String] {
    var shared = folders.first ?? []
    for folder in folders {
      shared = Array(zip(shared, folder).prefix { $0 == $1 }.map(\.0))
    }
    return shared
  }

  private static func text(of place: [String]) throws(PackError) -> String {
    let path = "/" + place.joined(separator: "/")
    let text: String
    do {
      text = try RecipeText.read(URL(filePath: path))
    } catch {
      throw .unpackable("the recipe names \(path), but \(error)")
    }
    guard !text.utf8.contains(0) else {
      throw .unpackable("\(path) holds the character NUL; it must be plain text")
    }
    return text
  }
}
