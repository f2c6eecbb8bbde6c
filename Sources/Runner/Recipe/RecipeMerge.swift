/// Lays a recipe over the one that it extends.
enum RecipeMerge {
  /// The mappings that are merged key by key, as paths; `*` stands for any key.
  private static let merged: [[String]] = [
    [], ["axes"], ["stages"], ["tables"], ["figures"], ["stages", "*"], ["tables", "*"],
    ["figures", "*"], ["stages", "*", "inputs"], ["stages", "*", "params"],
  ]

  /// The base with everything that the recipe says put over it.
  ///
  /// A stage that names another kind than the base does replaces the base's stage whole.
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

extension [RecipeEntry] {
  /// The entry of a key.
  subscript(key: String) -> RecipeEntry? { first { $0.key == key } }
}
