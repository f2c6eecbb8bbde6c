import Foundation

/// One side of a comparison: a recipe's instances with what is done of them, from wherever they
/// come.
public struct ComparedRun: Sendable {
  /// An instance, done or not.
  public struct Entry: Sendable {
    /// The name, such as `tuned[seed=2]`.
    public let name: String
    /// The kind's name.
    public let kind: String
    /// The version of the kind, which changes with what its code comes to.
    public let kindVersion: Int
    /// Every parameter, defaults filled in.
    public let parameters: JSONValue
    /// The parameters that belong to the key: not those that cannot change the result, nor newer
    /// ones at their default.
    public let identity: JSONValue
    /// The content from outside: SHA-256 by name.
    public let external: [String: String]
    /// What is bound to each input port, as `stage.output`.
    public let inputs: [String: String]
    /// The artifact, where the instance is done.
    public let artifact: Artifact?

    /// The stage's name.
    var stageName: String { String(name.prefix { $0 != "[" }) }
  }

  /// What the run is called.
  public let name: String
  /// The instances, in an order of the run's own.
  public let entries: [Entry]

  /// Describes a run.
  public init(name: String, entries: [Entry]) {
    self.name = name
    self.entries = entries
  }

  /// Takes what a plan knows, done or not.
  public init(name: String, plan: Plan) {
    let expected = ExpectedInstance.all(of: plan.items.map(\.instance))
    let entries = zip(plan.items, expected).map { item, expected in
      let inputs = (expected.work?.inputs ?? []).map { ($0.port, "\($0.stageName).\($0.output)") }
      return Entry(
        name: item.instance.name, kind: item.instance.kind.kind,
        kindVersion: item.instance.kind.version,
        parameters: item.instance.parameters, identity: item.instance.identity,
        external: item.fields?.external ?? [:],
        inputs: Dictionary(uniqueKeysWithValues: inputs), artifact: item.artifact)
    }
    self.init(name: name, entries: entries)
  }

  /// Takes artifacts by the name of their instance: what a lock or a packed file holds.
  public init(name: String, artifacts: [String: Artifact]) {
    let entries = artifacts.sorted { $0.key < $1.key }.map { name, artifact in
      let record = artifact.record
      let inputs = record.fields.inputs.map { port, input in
        (port, "\((record.producers[port] ?? "?").prefix { $0 != "[" }).\(input.output)")
      }
      return Entry(
        name: name, kind: record.fields.kind, kindVersion: record.fields.kindVersion,
        parameters: record.parameters,
        identity: record.fields.identity, external: record.fields.external,
        inputs: Dictionary(uniqueKeysWithValues: inputs),
        artifact: artifact)
    }
    self.init(name: name, entries: entries)
  }

  /// Reads what last came out in a folder of results: `results/<recipe>`, or `results` where there
  /// is one recipe only, with the cache in it or beside it; or what a packed file was unpacked to.
  /// - Throws: `ComparisonError`, or `CacheError`.
  public init(resultsFolder folder: URL) throws {
    let place = try Self.recipeFolder(in: folder)
    let keys = try RecipeLock(recipeFolder: place).keys
    let find = try Self.artifactFinder(place)
    let artifacts = keys.compactMapValues(find)
    if artifacts.isEmpty { throw ComparisonError.nothingDone(folder.relativePath) }
    self.init(name: place.lastPathComponent, artifacts: artifacts)
  }

  /// Finds artifacts by their keys: among those of an unpacked file, or in the cache.
  private static func artifactFinder(_ place: URL) throws -> (String) -> Artifact? {
    let unpacked = place.appending(path: "artifacts")
    if FileManager.default.fileExists(atPath: unpacked.path) {
      return { key in
        let folder = unpacked.appending(path: key)
        let record = try? ArtifactRecord(contentsOf: folder.appending(path: Artifact.recordName))
        return record.map { Artifact(folder: folder, record: $0) }
      }
    }
    let caches = [place, place.deletingLastPathComponent()].map { $0.appending(path: "cache") }
    guard let cache = caches.first(where: { FileManager.default.fileExists(atPath: $0.path) })
    else { throw ComparisonError.noCache(place.relativePath) }
    return { key in
      if case .present(let artifact) = Cache(folder: cache).lookUp(key) { artifact } else { nil }
    }
  }

  private static func recipeFolder(in folder: URL) throws -> URL {
    func hasLock(_ place: URL) -> Bool {
      FileManager.default.fileExists(atPath: place.appending(path: "lock.json").path)
    }
    if hasLock(folder) { return folder.standardizedFileURL }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let found = names.sorted().map { folder.appending(path: $0) }.filter(hasLock)
    guard found.count <= 1 else {
      throw ComparisonError.manyRecipes(
        folder.relativePath, names: found.map(\.lastPathComponent))
    }
    guard let only = found.first else { throw ComparisonError.noResults(folder.relativePath) }
    return only.standardizedFileURL
  }

  /// How many instances are done.
  var doneCount: Int { entries.count { $0.artifact != nil } }
}

/// Why two runs cannot be compared.
public enum ComparisonError: Error, CustomStringConvertible, Equatable {
  /// A folder without a lock.
  case noResults(String)
  /// A folder with the results of more than one recipe.
  case manyRecipes(String, names: [String])
  /// A lock without a cache.
  case noCache(String)
  /// A lock of which nothing is in the cache.
  case nothingDone(String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .noResults(let path):
      "\(path) is neither a recipe nor a folder of results; name a recipe's YAML file, or the"
        + " folder results/<recipe> that a run wrote"
    case .manyRecipes(let path, let names):
      "\(path) holds the results of \(names.joined(separator: ", ")); name one of them, such as"
        + " \(path)/\(names.first ?? "")"
    case .noCache(let path):
      "there is no cache in \(path) or beside it; keep results/<recipe> and results/cache together"
    case .nothingDone(let path):
      "nothing that \(path)/lock.json names is in the cache; run the recipe again"
    }
  }
}
