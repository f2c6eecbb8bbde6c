import Base
import Foundation
import OrderedCollections

/// What goes into a packed file: the results of a recipe, each once, as they lie in the cache.
package struct PackContents: Sendable {
  package struct Options: Sendable {
    /// Outputs of these types are left out; their size and SHA-256 stay in the record.
    package var leftOutTypes: Set<ArtifactType>
    /// What may stay where texts are left out; nil where texts are kept.
    package var texts: PackedTexts?
    /// Outputs of these types are no tables, and have no texts to leave out.
    package var tablelessTypes: Set<ArtifactType>
    /// Whether the file is to be small: compressed, and without the parts that results were made
    /// from, such as an evaluation's completions.
    package var isSmall: Bool

    package init(
      leftOutTypes: Set<ArtifactType>, texts: PackedTexts? = nil,
      tablelessTypes: Set<ArtifactType> = [], isSmall: Bool = false
    ) {
      self.leftOutTypes = leftOutTypes
      self.texts = texts
      self.tablelessTypes = tablelessTypes
      self.isSmall = isSmall
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
  /// What part of the recipe is packed; nil for all of it.
  let part: PlanPart?
  /// What the packed lock says: everything that the plan has a key for, of whatever part.
  let lock: RecipeLock

  /// Gathers what is done of a plan, and the parts of its stages that are artifacts of their own.
  /// - Parameters:
  ///   - part: what part of the recipe the plan asks for; the rest of it has no results.
  ///   - registration: SHA-256 of the registration that the recipe's lock names.
  package init(
    recipe: Recipe, plan: Plan, part: PlanPart? = nil, cache: Cache, options: Options,
    registration: String? = nil,
    tables: @escaping @Sendable () throws -> [(name: String, csv: String)]
  ) {
    self.recipe = recipe
    self.plan = plan
    self.part = part
    self.tables = tables
    self.options = options
    lock = RecipeLock(plan, registration: registration)
    var items: [String: Item] = [:]
    for planned in plan.items {
      guard let artifact = planned.artifact else { continue }
      func files(of types: Set<ArtifactType>) -> Set<String> {
        let outputs = planned.instance.kind.outputs.filter { types.contains($0.type) }
        let names = outputs.map { "\($0.name).h5" }.filter { artifact.record.files[$0] != nil }
        let beside = outputs.flatMap { artifact.record.supplements(of: $0.name) }
        return names.isEmpty ? [] : Set(names + beside + artifact.record.companions)
      }
      items[artifact.key] = Item(
        artifact: artifact, leftOut: files(of: options.leftOutTypes),
        tableless: files(of: options.tablelessTypes))
    }
    let parts = options.isSmall ? PartsOfPlan() : PartsOfPlan(plan, in: cache)
    for part in parts.artifacts {
      items[part.key] = Item(artifact: part, leftOut: [], tableless: [])
    }
    ambiguous = parts.ambiguous
    self.items = items.sorted { $0.key < $1.key }.map(\.value)
  }

  /// The instances that are asked for and not done.
  package var missing: [String] { plan.asked.filter { !$0.isDone }.map(\.name) }

  package var leftOutCount: Int { items.map(\.leftOut.count).reduce(0, +) }
}

/// The artifacts that a plan's results were made from part by part, such as `evaluate/completions`.
private struct PartsOfPlan {
  private(set) var artifacts: [Artifact] = []
  private(set) var ambiguous: [String] = []

  init() {}

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
  /// Whether a part may belong to a result, also one whose record does not name its parts: it is bound
  /// to the same inputs, and has the same whole numbers where both have a parameter of one name, such as
  /// `samples` and `seed`. Texts may be told in other words there (a template by its hash).
  func mayHavePart(_ part: KeyFields) -> Bool {
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
/// Everything else that is a text, a list or an object is replaced.
package struct PackedTexts: Sendable {
  /// Columns of texts that stay: names, verdicts, what models wrote.
  package let kept: Set<String>
  /// Columns of numbers that are replaced all the same, because they are answers.
  package let answers: Set<String>
  /// Whether its SHA-256 takes the place of a text, so that whoever has the texts can tell that they
  /// are the same; else nothing does, which takes no space.
  package let keepsHashes: Bool

  package init(kept: Set<String>, answers: Set<String>, keepsHashes: Bool = true) {
    self.kept = kept
    self.answers = answers
    self.keepsHashes = keepsHashes
  }

  /// The table with texts replaced; nil where it has none.
  func replaced(_ table: RowTable) throws -> RowTable? {
    let replaced = table.columns.filter(isReplaced)
    if replaced.isEmpty { return nil }
    var columns = table.columns
    for (name, column) in replaced {
      let words = (0..<column.count).map { row in
        let value = column[row]
        let text = value.string ?? value.text
        return keepsHashes ? "sha256:" + SHA256Digest.hex(of: Data(text.utf8)) : ""
      }
      columns[name] = .strings(words)
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
