extension Field {
  /// The same parameter of a set that holds this one's set in a property, at the same level of the
  /// recipe, so that kinds can share groups of parameters. The default is the outer set's.
  /// - Parameter path: the property that holds the inner set.
  public func lifted<Outer: ParameterSet>(
    through path: WritableKeyPath<Outer, Root>
  ) -> Field<Outer> {
    Field<Outer>(
      description: FieldDescription(
        name: description.name, summary: description.summary, shape: description.shape,
        defaultValue: description.isRequired ? .none : encode(Outer()[keyPath: path]),
        minimum: description.minimum, maximum: description.maximum,
        isIdentity: description.isIdentity),
      isLater: isLater,
      decode: { decode(&$0[keyPath: path], $1, &$2) },
      encode: { encode($0[keyPath: path]) },
      encodeIdentity: { encodeIdentity($0[keyPath: path]) })
  }

  private init(
    description: FieldDescription, isLater: Bool,
    decode: @escaping (inout Root, RecipeNode, inout DiagnosticSink) -> Void,
    encode: @escaping (Root) -> JSONValue, encodeIdentity: @escaping (Root) -> JSONValue
  ) {
    self.description = description
    self.isLater = isLater
    self.decode = decode
    self.encode = encode
    self.encodeIdentity = encodeIdentity
  }
}
