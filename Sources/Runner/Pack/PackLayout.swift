/// The names inside a packed file. docs/sharing.md describes them.
enum PackLayout {
  /// Attributes of the root group.
  static let name = "recipe"
  static let summary = "summary"
  static let program = "warmup"
  static let planned = "planned"
  static let done = "done"
  static let models = "models"
  static let texts = "texts"

  /// What `models` and `texts` may be.
  static let kept = "kept"
  static let leftOut = "left out"
  static let hashed = "hashed"

  /// Datasets of texts: the files of the recipe, the recipe itself first.
  static let recipePaths = "/recipe/path"
  static let recipeTexts = "/recipe/text"
  static let overrides = "/overrides"
  static let lock = "/lock"
  /// Instances that were not done.
  static let missing = "/missing"
  static let tables = "/tables"
  /// A group for each key; its datasets are the artifact's files, byte for byte.
  static let artifacts = "/artifacts"
  /// Attribute of such a group: the files that were left out, as a JSON array.
  static let leftOutFiles = "left_out"

  static func artifact(_ key: String) -> String { "\(artifacts)/\(key)" }

  static func file(_ name: String, of key: String) -> String { "\(artifacts)/\(key)/\(name)" }

  /// Whether a text is a key, and so a safe name.
  static func isKey(_ name: String) -> Bool {
    name.utf8.count == 64
      && name.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  /// Whether a text names a file that an artifact may have. Nothing else is ever written.
  static func isFileName(_ name: String) -> Bool {
    name.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}/) != nil && name != Artifact.recordName
  }

  /// Whether a text is a path that stays inside the folder that it is put in.
  static func isInnerPath(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return !path.utf8.contains(0) && path.utf8.count <= 1000
      && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 }
  }
}
