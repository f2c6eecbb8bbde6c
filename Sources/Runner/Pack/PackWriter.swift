import Base
import Foundation
import HDF5

/// Writes a packed file. Equal contents give equal bytes.
struct PackWriter {
  let contents: PackContents
  let programVersion: String
  /// Whether the whole file is compressed, which sees what many small results have in common; else
  /// a small one has each part compressed.
  let isCompressedAsWhole: Bool

  /// Writes the file whole or not at all, replacing one that is there.
  func write(to destination: URL) throws {
    let files = try RecipeFiles(contents.recipe)
    try AtomicFile.write(to: destination) { beside in
      if !isCompressedAsWhole { return try write(files, to: beside) }
      try TemporaryFolder.with { folder in
        let content = folder.appending(path: "content.h5")
        try write(files, to: content)
        try Zstandard.compress(content, to: beside)
      }
    }
  }

  private func write(_ files: RecipeFiles, to target: URL) throws {
    try HDF5File.create(target, userBlock: PackHeader.size) { file in
      try writeTop(files, to: file)
      for item in contents.items { try write(item, to: file) }
    }
    try PackSeal.close(target)
  }

  private func writeTop(_ files: RecipeFiles, to file: HDF5File) throws {
    let options = contents.options
    let done = contents.plan.results.count
    let attributes: KeyValuePairs<String, HDF5Attribute> = [
      PackLayout.name: .string(contents.recipe.name),
      PackLayout.summary: .string(contents.recipe.summary),
      PackLayout.program: .string(programVersion),
      PackLayout.planned: .integer(contents.plan.items.count), PackLayout.done: .integer(done),
      PackLayout.models: .string(
        options.leftOutTypes.isEmpty ? PackLayout.kept : PackLayout.leftOut),
      PackLayout.texts: .string(options.texts == nil ? PackLayout.kept : PackLayout.hashed),
    ]
    for (name, value) in attributes { try file.setAttribute(name, value) }
    if let part = contents.part { try file.setAttribute(PackLayout.part, .string(part.words)) }
    try file.write(strings: files.paths, to: PackLayout.recipePaths)
    try file.write(strings: files.texts, to: PackLayout.recipeTexts)
    try file.write(strings: contents.recipe.overrides, to: PackLayout.overrides)
    try file.write(strings: [contents.lock.text], to: PackLayout.lock, shape: [])
    try file.write(strings: contents.missing, to: PackLayout.missing)
    for (name, csv) in try contents.tables() {
      try file.write(strings: [csv], to: "\(PackLayout.tables)/\(name).csv", shape: [])
    }
    try file.createGroup(PackLayout.artifacts)
  }

  private func write(_ item: PackContents.Item, to file: HDF5File) throws {
    let artifact = item.artifact
    let group = PackLayout.artifact(artifact.key)
    try file.createGroup(group)
    let left = item.leftOut.sorted().map { JSONValue.string($0) }
    try file.setAttribute(
      PackLayout.leftOutFiles, .string(JSONValue.array(left).text), of: group)
    try write(bytesOf: artifact.folder.appending(path: Artifact.recordName), artifact, to: file)
    for name in artifact.record.files.keys.sorted() where !item.leftOut.contains(name) {
      let source = artifact.folder.appending(path: name)
      guard try SHA256Digest.hex(ofFile: source) == artifact.record.files[name]?.sha256 else {
        throw PackError.unpackable(
          "\(name) of '\(artifact.record.instance)' is not what was published; remove "
            + "\(artifact.folder.path) and run again")
      }
      guard let texts = contents.options.texts, name != Artifact.metricsName,
        !item.tableless.contains(name)
      else {
        try write(bytesOf: source, artifact, to: file)
        continue
      }
      try write(source, without: texts, artifact, to: file)
    }
  }

  /// Writes a table whose texts are replaced, or the file as it is where there are none.
  private func write(
    _ source: URL, without texts: PackedTexts, _ artifact: Artifact, to file: HDF5File
  ) throws {
    guard let replaced = try texts.replaced(RowTable(contentsOf: source)) else {
      return try write(bytesOf: source, artifact, to: file)
    }
    try TemporaryFolder.with { folder in
      let copy = folder.appending(path: source.lastPathComponent)
      try replaced.write(to: copy)
      try write(bytesOf: copy, artifact, to: file)
      let path = PackLayout.file(source.lastPathComponent, of: artifact.key)
      try file.setAttribute(PackLayout.texts, .string(PackLayout.hashed), of: path)
    }
  }

  private func write(bytesOf source: URL, _ artifact: Artifact, to file: HDF5File) throws {
    let data = try Data(contentsOf: source, options: .mappedIfSafe)
    let path = PackLayout.file(source.lastPathComponent, of: artifact.key)
    try data.withUnsafeBytes {
      try file.write(
        $0.bindMemory(to: UInt8.self), to: path,
        isCompressed: contents.options.isSmall && !isCompressedAsWhole)
    }
  }
}

/// What makes sure that a packed file has the bytes that were written.
package enum PackSeal {
  /// Writes the header into the space that was left for it.
  package static func close(_ file: URL) throws {
    let handle = try FileHandle(forUpdating: file)
    defer { try? handle.close() }
    let length = try handle.seekToEnd()
    let sha256 = try digest(of: handle)
    try handle.seek(toOffset: 0)
    try handle.write(contentsOf: PackHeader(bytes: Int(length), sha256: sha256).data)
  }

  /// SHA-256 of what follows the header.
  static func digest(of handle: FileHandle) throws -> String {
    try handle.seek(toOffset: UInt64(PackHeader.size))
    let digest = SHA256Digest()
    while let piece = try handle.read(upToCount: 1 << 22), !piece.isEmpty { digest.update(piece) }
    return digest.hex()
  }
}

extension PackContents {
  /// Writes the packed file, whole or not at all; compressed as a whole where its name ends in `.h5.zst`.
  /// - Parameter programVersion: this program's version, for people.
  /// - Throws: `PackError`, `ReportError`, `FileError`, or what reading the cache throws.
  package func write(to destination: URL, programVersion: String) throws {
    let writer = PackWriter(
      contents: self, programVersion: programVersion,
      isCompressedAsWhole: PackLayout.isCompressed(destination))
    try writer.write(to: destination)
  }
}

/// A recipe with all files that it names, placed so that its relative paths go on working.
struct RecipeFiles {
  /// The path of each file, beginning at the folder that holds them all; the recipe itself first.
  let paths: [String]
  let texts: [String]

  /// Reads the recipe, what it extends, the published values that it shows and its registration.
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
    let entries = RecipeDocument.entries(of: recipe)
    let shown = ["tables", "figures"].flatMap { section -> [RecipeEntry] in
      if case .map(let entries)? = entries[section]?.node.value { entries } else { [] }
    }
    let published = shown.flatMap { entry -> [String] in
      guard case .map(let fields) = entry.node.value else { return [] }
      return strings(fields["published"]?.node.value)
    }
    let registration = Registration.file(of: recipe.file)
    let isRegistered = FileManager.default.fileExists(atPath: registration.path)
    return strings(entries["extends"]?.node.value) + published
      + (isRegistered ? [registration.lastPathComponent] : [])
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
