/// What an artifact holds. `Runner` only compares names; `Stages` gives them meaning.
public struct ArtifactType: Hashable, Sendable, CustomStringConvertible {
  /// The name that error messages and records show, such as `Model` or `Problems`.
  public let name: String

  /// Names an artifact type.
  public init(_ name: String) { self.name = name }

  /// The type's name.
  public var description: String { name }
}

/// A named, typed input or output of a stage kind.
public struct Port: Sendable {
  /// The name that a recipe binds, such as `model`.
  public let name: String
  /// What may be bound to the port.
  public let type: ArtifactType
  /// Whether a recipe may leave the port unbound. Outputs are never optional.
  public let isOptional: Bool
  /// One line for people.
  public let summary: String

  /// Declares a port.
  public init(_ name: String, _ type: ArtifactType, optional: Bool = false, _ summary: String) {
    self.name = name
    self.type = type
    isOptional = optional
    self.summary = summary
  }
}
