/// The kinds that recipes may use.
public struct KindRegistry: Sendable {
  private let kinds: [String: any Stage.Type]

  /// Collects kinds; their names must differ.
  public init(_ kinds: [any Stage.Type]) {
    self.kinds = Dictionary(uniqueKeysWithValues: kinds.map { ($0.kind, $0) })
  }

  /// The kind of a name, if there is one.
  public subscript(name: String) -> (any Stage.Type)? { kinds[name] }

  /// The names, sorted.
  public var names: [String] { kinds.keys.sorted() }
}
