import Foundation

/// Puts a recipe's tree of values together.
enum RecipeDocument {
  /// The recipe's tree, with what it extends and the overrides worked in.
  /// - Returns: nil when there is nothing to go on with.
  static func read(
    _ text: String, file: URL, overrides: [String], sources: inout RecipeSources,
    into sink: inout DiagnosticSink
  ) -> RecipeNode? {
    sources.add(text, of: nil)
    guard var tree = YAMLLoader.load(text, into: &sink) else { return nil }
    guard case .map(let entries) = tree.value else {
      sink.report(tree.position, "expected a recipe, found \(tree.value.typeName)")
      return nil
    }
    if let extends = entries["extends"] {
      guard
        let base = base(extends.node, beside: file, sources: &sources, into: &sink)
      else { return nil }
      tree = RecipeMerge.lay(tree, over: base)
    }
    for text in overrides {
      sources.add(RecipeOverride.flag + text, of: RecipeOverride.flag + text)
      if let override = RecipeOverride(text, into: &sink) {
        tree = override.apply(to: tree, into: &sink)
      }
    }
    return tree
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
      sink.report(tree.position, "expected a recipe, found \(tree.value.typeName)")
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
