import Base
import Foundation

/// Puts a recipe's tree of values together.
enum RecipeDocument {
  /// The recipe's tree, with what it extends and the overrides worked in.
  /// - Returns: nil when there is nothing to go on with.
  static func read(
    _ text: String, file: URL, overrides: [String], additions: [String],
    sources: inout RecipeSources, into sink: inout DiagnosticSink
  ) -> RecipeNode? {
    sources.add(text, of: nil)
    guard var tree = YAMLLoader.load(text, into: &sink) else { return nil }
    guard case .map(let entries) = tree.value else {
      sink.report(tree.position, "expected a recipe, found \(tree.value.found)")
      return nil
    }
    if let extends = entries["extends"] {
      guard
        let base = base(extends.node, beside: file, sources: &sources, into: &sink)
      else { return nil }
      tree = RecipeMerge.lay(tree, over: base)
    }
    for (index, text) in (overrides + additions).enumerated() {
      sources.add(RecipeSources.override + text, of: RecipeSources.override + text)
      let adds = index >= overrides.count
      if let override = RecipeOverride(text, addsAxes: adds, into: &sink) {
        tree = override.apply(to: tree, into: &sink)
      }
    }
    return tree
  }

  /// The sections of a recipe that was read before, with what it extends and the overrides.
  static func entries(of recipe: Recipe) -> [RecipeEntry] {
    var sources = RecipeSources(file: recipe.file.relativePath)
    var sink = DiagnosticSink()
    let tree = read(
      recipe.sourceText, file: recipe.file, overrides: recipe.overrides,
      additions: recipe.additions, sources: &sources, into: &sink)
    guard case .map(let entries)? = tree?.value else { return [] }
    return entries
  }

  /// The recipe that another extends, without its name: two recipes must not share their results.
  private static func base(
    _ node: RecipeNode, beside file: URL, sources: inout RecipeSources,
    into sink: inout DiagnosticSink
  ) -> RecipeNode? {
    guard let path = String.decode(node, into: &sink) else { return nil }
    let base = file.deletingLastPathComponent().appending(path: path)
    let text: String
    do {
      text = try RecipeText.read(base)
    } catch {
      sink.report(node.position, "cannot extend '\(path)': \(error)")
      return nil
    }
    let name = base.relativePath
    sources.add(text, of: name)
    guard let tree = YAMLLoader.load(text, file: name, into: &sink) else { return nil }
    guard case .map(let entries) = tree.value else {
      sink.report(tree.position, "expected a recipe, found \(tree.value.found)")
      return nil
    }
    if let second = entries["extends"] {
      sink.report(
        second.keyPosition, "a recipe that is extended may not extend another; one level is enough")
    }
    let kept = entries.filter { $0.key != "name" && $0.key != "extends" }
    return RecipeNode(.map(kept), at: tree.position)
  }
}

/// Lays a recipe over the one that it extends.
enum RecipeMerge {
  /// The mappings that are merged key by key, as paths; `*` stands for any key.
  private static let merged: [[String]] = [
    [], ["axes"], ["stages"], ["tables"], ["figures"], ["claims"], ["stages", "*"],
    ["tables", "*"], ["figures", "*"], ["claims", "*"], ["stages", "*", "inputs"],
    ["stages", "*", "params"], ["stages", "*", "require"], ["stages", "*", "require", "*"],
  ]

  /// What is made of single entries, which the recipe drops by giving them no value.
  private static let droppable = ["stages", "tables", "figures", "claims"]

  /// The base with everything that the recipe says put over it.
  ///
  /// A stage that names another kind than the base does replaces the base's stage whole. An entry without a
  /// value drops the base's stage, table, figure or claim.
  static func lay(_ top: RecipeNode, over base: RecipeNode) -> RecipeNode {
    lay(top, over: base, path: [])
  }

  private static func lay(
    _ top: RecipeNode, over base: RecipeNode, path: [String]
  ) -> RecipeNode {
    guard isMerged(path), case .map(let upper) = top.value, case .map(var entries) = base.value,
      !changesKind(upper, entries)
    else { return top }
    for entry in upper {
      guard let index = entries.firstIndex(where: { $0.key == entry.key }) else {
        entries.append(entry)
        continue
      }
      if path.count == 1, droppable.contains(path[0]), case .null = entry.node.value {
        entries.remove(at: index)
        continue
      }
      let node = lay(entry.node, over: entries[index].node, path: path + [entry.key])
      entries[index] = RecipeEntry(key: entry.key, keyPosition: entry.keyPosition, node: node)
    }
    return RecipeNode(.map(entries), at: top.position)
  }

  private static func isMerged(_ path: [String]) -> Bool {
    merged.contains { pattern in
      pattern.count == path.count && zip(pattern, path).allSatisfy { $0 == "*" || $0 == $1 }
    }
  }

  private static func changesKind(_ upper: [RecipeEntry], _ lower: [RecipeEntry]) -> Bool {
    guard case .string(let new)? = upper["kind"]?.node.value,
      case .string(let old)? = lower["kind"]?.node.value
    else { return false }
    return new != old
  }
}

/// A value given on the command line: `--set stages.warmed.params.epochs=2`.
struct RecipeOverride {
  private let name: String
  private let path: [String]
  private let value: RecipeNode
  private let addsAxes: Bool

  /// Reads `PATH=VALUE`, reporting what is wrong with it.
  /// - Returns: nil when something was reported.
  init?(_ text: String, addsAxes: Bool = false, into sink: inout DiagnosticSink) {
    self.addsAxes = addsAxes
    name = RecipeSources.override + text
    guard let split = text.firstIndex(of: "=") else {
      sink.report(Self.place(in: name), "expected PATH=VALUE, such as axes.seed=[1, 2]")
      return nil
    }
    path = text[..<split].split(separator: ".", omittingEmptySubsequences: false)
      .map { String($0).precomposedStringWithCanonicalMapping }
    let prefix = RecipeSources.override + text[...split]
    guard !path.contains("") else {
      sink.report(Self.place(in: name), "expected keys with dots between them, such as axes.seed")
      return nil
    }
    let literal = text[text.index(after: split)...]
    let begin = SourcePosition(line: 1, column: prefix.unicodeScalars.count + 1, file: name)
    if literal.allSatisfy(\.isWhitespace) {
      value = RecipeNode(.null, at: begin)
      return
    }
    // Blanks instead of the path, so that columns count from the beginning of the override.
    let blanks = String(repeating: " ", count: prefix.unicodeScalars.count)
    guard let node = YAMLLoader.load(blanks + literal, file: name, into: &sink) else { return nil }
    value = node
  }

  private static func place(in name: String) -> SourcePosition {
    SourcePosition(line: 1, column: RecipeSources.override.count + 1, file: name)
  }

  /// The column, from 1, where a component of the path begins.
  private func place(ofComponent index: Int) -> SourcePosition {
    let before = path[..<index].reduce(RecipeSources.override.count) {
      $0 + $1.unicodeScalars.count + 1
    }
    return SourcePosition(line: 1, column: before + 1, file: name)
  }

  /// The tree with the value put in its place.
  func apply(to root: RecipeNode, into sink: inout DiagnosticSink) -> RecipeNode {
    if path[0] == "extends" || path[0] == "version" {
      sink.report(place(ofComponent: 0), "'\(path[0])' cannot be overridden")
      return root
    }
    return set(0, in: root, into: &sink)
  }

  private func set(
    _ index: Int, in node: RecipeNode, into sink: inout DiagnosticSink
  ) -> RecipeNode {
    if index == path.count { return value }
    var entries: [RecipeEntry]
    switch node.value {
    case .map(let found): entries = found
    case .null: entries = []
    default:
      let owner = path[..<index].joined(separator: ".")
      sink.report(place(ofComponent: index), "'\(owner)' is \(node.value.typeName), not a mapping")
      return node
    }
    let key = path[index]
    let old = entries.firstIndex { $0.key == key }
    if old == nil, mustExist(index) {
      let hint = suggestion(for: key, among: entries.map(\.key))
      sink.report(place(ofComponent: index), "there is no '\(key)' in '\(path[0])'\(hint)")
      return node
    }
    let position = place(ofComponent: index)
    let below = old.map { entries[$0].node } ?? RecipeNode(.null, at: position)
    let keyPosition = old.map { entries[$0].keyPosition } ?? position
    let entry = RecipeEntry(
      key: key, keyPosition: index == path.count - 1 ? position : keyPosition,
      node: set(index + 1, in: below, into: &sink))
    if let old { entries[old] = entry } else { entries.append(entry) }
    return RecipeNode(.map(entries), at: node.position)
  }

  /// Overrides change the axes, stages, tables, figures and claims that there are; they add none, unless
  /// they may add axes.
  private func mustExist(_ index: Int) -> Bool {
    index == 1 && ["axes", "stages", "tables", "figures", "claims"].contains(path[0])
      && !(addsAxes && path[0] == "axes")
  }
}

enum RecipeText {
  /// How many bytes a recipe, or what it names in YAML, may have.
  static let sizeLimit = 16 << 20

  /// The text of a file.
  /// - Throws: `RecipeTextError`, a sentence without the file's name.
  static func read(_ file: URL) throws(RecipeTextError) -> String {
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
    if isThere, isFolder.boolValue { throw .folder }
    if isThere {
      do { try RegularFile.check(file) } catch { throw .special(error.sort) }
    }
    let size = (try? file.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? 0
    guard size <= sizeLimit else { throw .tooLarge }
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      let code = FileError(error)?.code
      throw code == ENOENT
        ? .missing(near: nameNear(file)) : .unreadable(Base.reason(for: error))
    }
    // Neither UTF-8 nor any other encoding of text has zeros in it.
    guard !data.contains(0) else { throw .binary }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw .notUTF8(line: lineOfFirstError(in: data))
    }
    return text
  }

  /// A recipe or a packed file in the same folder that may have been meant.
  private static func nameNear(_ file: URL) -> String? {
    let folder = file.deletingLastPathComponent()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let recipes = names.filter { [".yaml", ".yml", ".h5", ".zst"].contains(where: $0.hasSuffix) }
    let name = file.lastPathComponent
    // The ending is what is left out most often.
    if let whole = recipes.sorted().first(where: { $0.hasPrefix("\(name).") }) { return whole }
    let stem = { (name: String) in String(name.prefix { $0 != "." }) }
    let near = nearestName(to: stem(name), among: recipes.map(stem))
    return near.flatMap { near in recipes.sorted().first { stem($0) == near } }
  }

  private static func lineOfFirstError(in data: Data) -> Int {
    var decoder = UTF8()
    var bytes = data.makeIterator()
    var line = 1
    while case .scalarValue(let scalar) = decoder.decode(&bytes) {
      if scalar == "\n" { line += 1 }
    }
    return line
  }
}

/// Why a recipe file cannot be read.
enum RecipeTextError: Error, CustomStringConvertible {
  /// Those beside it are called so.
  case missing(near: String?)
  case folder
  /// A device or the like.
  case special(String)
  case tooLarge
  /// The words say why and what to do.
  case unreadable(String)
  /// No text at all.
  case binary
  case notUTF8(line: Int)

  /// A sentence without the file's name.
  var description: String {
    switch self {
    case .missing(let near):
      "there is no such file" + (near.map { "; did you mean '\($0)'?" } ?? "")
    case .folder: "this is a folder; name a file in it"
    case .special(let sort): "this is \(sort); name a file"
    case .tooLarge:
      "a recipe has at most \(RecipeText.sizeLimit >> 20) MiB; keep data in files of its own"
    case .unreadable(let reason): "the file cannot be read: \(reason)"
    case .binary: "this is not text; name a YAML file, or a packed file that 'warmup pack' wrote"
    case .notUTF8(let line): "the file is not valid UTF-8 (line \(line)); save it as UTF-8"
    }
  }
}

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
