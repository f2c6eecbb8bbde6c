import Foundation

/// What goes into a packed file: the results of a recipe, each once, as they lie in the cache.
public struct PackContents: Sendable {
  /// How to pack.
  public struct Options: Sendable {
    /// Outputs of these types are left out; their size and SHA-256 stay in the record.
    public var leftOutTypes: Set<ArtifactType>
    /// What may stay where texts are left out; nil where texts are kept.
    public var texts: PackedTexts?
    /// Outputs of these types are no tables, and have no texts to leave out.
    public var tablelessTypes: Set<ArtifactType>

    /// Says how to pack.
    public init(
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
  /// What the recipe says and shows.
  let report: RecipeReport
  let recipe: Recipe
  let plan: Plan
  let options: Options

  /// Gathers what is done of a plan, and the parts of its stages that are artifacts of their own.
  public init(
    recipe: Recipe, plan: Plan, report: RecipeReport, cache: Cache, options: Options
  ) {
    self.recipe = recipe
    self.plan = plan
    self.report = report
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
    for part in Self.parts(of: plan, in: cache) {
      items[part.key] = Item(artifact: part, leftOut: [], tableless: [])
    }
    self.items = items.sorted { $0.key < $1.key }.map(\.value)
  }

  /// The instances that are not done.
  public var missing: [String] {
    plan.items.filter { $0.artifact == nil }.map(\.instance.name)
  }

  /// How many files are left out.
  public var leftOutCount: Int { items.map(\.leftOut.count).reduce(0, +) }

  /// Artifacts such as `evaluate/completions` that belong to instances of the plan: bound to the
  /// same inputs, with the same whole numbers where both have a parameter of one name, such as
  /// `samples` and `seed`. Texts may be told in other words there (a template by its hash).
  private static func parts(of plan: Plan, in cache: Cache) -> [Artifact] {
    let done = plan.items.filter { $0.artifact != nil }
    let all = cache.keys().compactMap { key -> Artifact? in
      if case .present(let artifact) = cache.lookUp(key) { artifact } else { nil }
    }
    return all.filter { part in
      part.record.fields.kind.contains("/")
        && done.contains { item in item.fields?.hasPart(part.record.fields) ?? false }
    }
  }
}

extension KeyFields {
  fileprivate func hasPart(_ part: KeyFields) -> Bool {
    guard part.kind.hasPrefix(kind + "/"), part.inputs.allSatisfy({ inputs[$0.key] == $0.value })
    else { return false }
    let own = identity.object ?? [:]
    return (part.identity.object ?? [:]).allSatisfy { name, value in
      guard let mine = own[name], case .integer = mine else { return true }
      return mine == value
    }
  }
}
