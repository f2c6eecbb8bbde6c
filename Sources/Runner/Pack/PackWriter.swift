import Foundation
import HDF5

/// Writes a packed file. Equal contents give equal bytes.
struct PackWriter {
  let contents: PackContents
  let programVersion: String

  /// Writes the file whole or not at all, replacing one that is there.
  func write(to destination: URL) throws {
    let files = try RecipeFiles(contents.recipe)
    try AtomicFile.write(to: destination) { beside in
      try HDF5File.create(beside, userBlock: PackHeader.size) { file in
        try writeTop(files, to: file)
        for item in contents.items { try write(item, to: file) }
      }
      try PackSeal.close(beside)
    }
  }

  private func writeTop(_ files: RecipeFiles, to file: HDF5File) throws {
    let options = contents.options
    let done = contents.plan.items.count - contents.missing.count
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
    try file.write(strings: files.paths, to: PackLayout.recipePaths)
    try file.write(strings: files.texts, to: PackLayout.recipeTexts)
    try file.write(strings: contents.recipe.overrides, to: PackLayout.overrides)
    try file.write(strings: [RecipeLock(contents.plan).text], to: PackLayout.lock, shape: [])
    try file.write(strings: contents.missing, to: PackLayout.missing)
    for table in try contents.report.tableReports() {
      try file.write(
        strings: [table.csv], to: "\(PackLayout.tables)/\(table.name).csv", shape: [])
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
    guard let hashed = try texts.hashed(RowTable(contentsOf: source)) else {
      return try write(bytesOf: source, artifact, to: file)
    }
    try TemporaryFolder.with { folder in
      let copy = folder.appending(path: source.lastPathComponent)
      try hashed.write(to: copy)
      try write(bytesOf: copy, artifact, to: file)
      let path = PackLayout.file(source.lastPathComponent, of: artifact.key)
      try file.setAttribute(PackLayout.texts, .string(PackLayout.hashed), of: path)
    }
  }

  private func write(bytesOf source: URL, _ artifact: Artifact, to file: HDF5File) throws {
    let data = try Data(contentsOf: source, options: .mappedIfSafe)
    let path = PackLayout.file(source.lastPathComponent, of: artifact.key)
    try data.withUnsafeBytes { try file.write($0.bindMemory(to: UInt8.self), to: path) }
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
  /// Writes the packed file, whole or not at all.
  /// - Parameter programVersion: this program's version, for people.
  /// - Throws: `PackError`, `ReportError`, `AtomicFileError`, or what reading the cache throws.
  public func write(to destination: URL, programVersion: String) throws {
    try PackWriter(contents: self, programVersion: programVersion).write(to: destination)
  }
}
