import Base
import Foundation
import HDF5
import OrderedCollections

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
  package func write(to destination: URL, programVersion: String) throws {
    try PackWriter(contents: self, programVersion: programVersion).write(to: destination)
  }
}

/// What goes into a packed file: the results of a recipe, each once, as they lie in the cache.
package struct PackContents: Sendable {
  /// How to pack.
  package struct Options: Sendable {
    /// Outputs of these types are left out; their size and SHA-256 stay in the record.
    package var leftOutTypes: Set<ArtifactType>
    /// What may stay where texts are left out; nil where texts are kept.
    package var texts: PackedTexts?
    /// Outputs of these types are no tables, and have no texts to leave out.
    package var tablelessTypes: Set<ArtifactType>

    /// Says how to pack.
    package init(
      leftOutTypes: Set<ArtifactType>, texts: PackedTexts? = nil,
      tablelessTypes: Set<ArtifactType> = []
    ) {
      self.leftOutTypes = leftOutTypes
      self.texts = texts
      self.tablelessTypes = tablelessTypes
    }
  }

  /// An artifact, which of its files are left out, and which are no tables.
  struct Item: Sendable {
    let artifact: Artifact
    let leftOut: Set<String>
    let tableless: Set<String>
  }

  /// The artifacts, sorted by key.
  let items: [Item]
  /// Instances whose records name no parts, because an older version wrote them, and to which
  /// several parts of one kind may belong. All of these are packed.
  package let ambiguous: [String]
  /// Makes the recipe's tables: their names, and their numbers as CSV.
  let tables: @Sendable () throws -> [(name: String, csv: String)]
  let recipe: Recipe
  let plan: Plan
  let options: Options

  /// Gathers what is done of a plan, and the parts of its stages that are artifacts of their own.
  package init(
    recipe: Recipe, plan: Plan, cache: Cache, options: Options,
    tables: @escaping @Sendable () throws -> [(name: String, csv: String)]
  ) {
    self.recipe = recipe
    self.plan = plan
    self.tables = tables
    self.options = options
    var items: [String: Item] = [:]
    for planned in plan.items {
      guard let artifact = planned.artifact else { continue }
      func files(of types: Set<ArtifactType>) -> Set<String> {
        let outputs = planned.instance.kind.outputs.filter { types.contains($0.type) }
        return Set(outputs.map { "\($0.name).h5" }).intersection(artifact.record.files.keys)
      }
      items[artifact.key] = Item(
        artifact: artifact, leftOut: files(of: options.leftOutTypes),
        tableless: files(of: options.tablelessTypes))
    }
    let parts = PartsOfPlan(plan, in: cache)
    for part in parts.artifacts {
      items[part.key] = Item(artifact: part, leftOut: [], tableless: [])
    }
    ambiguous = parts.ambiguous
    self.items = items.sorted { $0.key < $1.key }.map(\.value)
  }

  /// The instances that are not done.
  package var missing: [String] {
    plan.items.filter { $0.artifact == nil }.map(\.instance.name)
  }

  /// How many files are left out.
  package var leftOutCount: Int { items.map(\.leftOut.count).reduce(0, +) }
}

/// The artifacts that a plan's results were made from part by part, such as `evaluate/completions`.
private struct PartsOfPlan {
  private(set) var artifacts: [Artifact] = []
  private(set) var ambiguous: [String] = []

  init(_ plan: Plan, in cache: Cache) {
    func present(_ key: String) -> Artifact? {
      if case .present(let artifact) = cache.lookUp(key) { artifact } else { nil }
    }
    var old: [PlannedInstance] = []
    for item in plan.items {
      guard let record = item.artifact?.record else { continue }
      if let parts = record.parts {
        artifacts += parts.values.compactMap(present)
      } else {
        old.append(item)
      }
    }
    if old.isEmpty { return }
    let all = cache.keys().compactMap(present).filter { $0.record.fields.kind.contains("/") }
    for item in old {
      let fitting = all.filter { item.fields?.mayHavePart($0.record.fields) ?? false }
      if Set(fitting.map(\.record.fields.kind)).count < fitting.count {
        ambiguous.append(item.instance.name)
      }
      artifacts += fitting
    }
  }
}

extension KeyFields {
  /// Whether a part may belong to a result whose record does not name its parts: it is bound to the
  /// same inputs, and has the same whole numbers where both have a parameter of one name, such as
  /// `samples` and `seed`. Texts may be told in other words there (a template by its hash).
  fileprivate func mayHavePart(_ part: KeyFields) -> Bool {
    guard part.kind.hasPrefix(kind + "/"), part.inputs.allSatisfy({ inputs[$0.key] == $0.value })
    else { return false }
    let own = identity.object ?? [:]
    return (part.identity.object ?? [:]).allSatisfy { name, value in
      guard let mine = own[name], case .integer = mine else { return true }
      return mine == value
    }
  }
}

/// Which columns of tables may be shared when texts may not.
///
/// Everything else that is a text, a list or an object is replaced by its SHA-256, so that whoever
/// has the texts can tell that they are the same.
package struct PackedTexts: Sendable {
  /// Columns of texts that stay: names, verdicts, what models wrote.
  package let kept: Set<String>
  /// Columns of numbers that are replaced all the same, because they are answers.
  package let answers: Set<String>

  /// Names the columns.
  package init(kept: Set<String>, answers: Set<String>) {
    self.kept = kept
    self.answers = answers
  }

  /// The table with texts replaced; nil where it has none.
  func hashed(_ table: RowTable) throws -> RowTable? {
    let replaced = table.columns.filter(isReplaced)
    if replaced.isEmpty { return nil }
    var columns = table.columns
    for (name, column) in replaced {
      let hashes = (0..<column.count).map { row in
        let value = column[row]
        return "sha256:" + SHA256Digest.hex(of: Data((value.string ?? value.text).utf8))
      }
      columns[name] = .strings(hashes)
    }
    return try RowTable(columns: columns, attributes: table.attributes)
  }

  private func isReplaced(_ name: String, _ column: RowTable.Column) -> Bool {
    switch column {
    case .strings, .json: !kept.contains(name)
    case .integers, .numbers, .booleans: answers.contains(name)
    }
  }
}

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
