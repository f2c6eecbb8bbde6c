import Base
import Foundation

/// Turns a request into a plan again, which an executor carries out as any other.
package struct RequestedPlan {
  private let request: StageRequest
  private let registry: KindRegistry
  private let cache: Cache
  private let folders: DataFolders
  private var items: [PlannedInstance] = []
  /// What is known of the outputs of each instance, by output.
  private var traits: [[String: Traits]] = []

  private init(
    _ request: StageRequest, _ registry: KindRegistry, _ cache: Cache, _ folders: DataFolders
  ) {
    self.request = request
    self.registry = registry
    self.cache = cache
    self.folders = folders
  }

  /// The plan: what is asked for is to run, and all else is there.
  /// - Throws: `StageRequestError` for whatever is not as the request says, or what a stage says of
  ///   content from outside.
  package static func plan(
    _ request: StageRequest, registry: KindRegistry, cache: Cache, folders: DataFolders
  ) throws -> Plan {
    var plan = RequestedPlan(request, registry, cache, folders)
    for requested in request.instances { try plan.add(requested) }
    return Plan(items: plan.items)
  }

  private mutating func add(_ requested: RequestedInstance) throws {
    guard let kind = registry.kind(ofInstances: requested.fields.kind) else {
      throw StageRequestError.unknownKind(requested.fields.kind, instance: requested.name)
    }
    guard kind.version == requested.fields.kindVersion else {
      throw StageRequestError.otherProgram(
        kind: kind.kind, version: kind.version, asked: requested.fields.kindVersion,
        instance: requested.name, program: request.program)
    }
    let inputs = Dictionary(
      requested.inputs.map { ($0.port, traits[$0.producer][$0.output] ?? [:]) }
    ) { $1 }
    let configured = try configure(kind, requested)
    let stage = configured.stage
    let instance = Instance(
      stageName: requested.stageName, point: requested.point, stage: stage,
      parameters: configured.parameters,
      identity: stage.identity(configured.identity, inputs: inputs), inputs: requested.inputs)
    let fields = try fields(of: instance, requested)
    let artifact = requested.isAsked ? nil : try artifact(requested)
    items.append(
      PlannedInstance(
        instance: instance, state: requested.isAsked ? .toRun : .notAsked,
        reason: requested.isAsked ? "asked for" : "its result is in the cache", fields: fields,
        key: requested.key, artifact: artifact))
    traits.append(
      Dictionary(
        uniqueKeysWithValues: instance.kind.outputs.map {
          ($0.name, stage.traits(of: $0.name, inputs: inputs))
        }))
  }

  private func configure(
    _ kind: any Stage.Type, _ requested: RequestedInstance
  ) throws -> ConfiguredStage {
    var sink = DiagnosticSink()
    let configured = ConfiguredStage(kind, json: requested.parameters, into: &sink)
    guard let configured, configured.parameters == requested.parameters else {
      throw StageRequestError.parameters(
        sink.diagnostics.first?.message ?? "they are written otherwise by this program",
        instance: requested.name)
    }
    return configured
  }

  /// What identifies the result, worked out anew for what is asked for.
  private func fields(of instance: Instance, _ requested: RequestedInstance) throws -> KeyFields {
    var external = requested.fields.external
    if requested.isAsked {
      let content = try instance.stage?.externalContent(in: folders) ?? []
      external = Dictionary(content.map { ($0.name, $0.sha256) }) { $1 }
    }
    let bound = instance.inputs.map {
      ($0.port, KeyFields.Input(key: items[$0.producer].key ?? "", output: $0.output))
    }
    let fields = KeyFields(
      kind: instance.kind.name, kindVersion: instance.kind.version, identity: instance.identity,
      external: external, inputs: Dictionary(bound) { $1 })
    guard fields == requested.fields, try fields.key() == requested.key else {
      let words = fields.differences(from: requested.fields).map(\.description)
      throw StageRequestError.differs(
        words.isEmpty
          ? "its key is not the one that its fields come to" : words.joined(separator: "; "),
        instance: requested.name)
    }
    return fields
  }

  private func artifact(_ requested: RequestedInstance) throws -> Artifact {
    switch cache.lookUp(requested.key) {
    case .absent:
      throw StageRequestError.missingInput(requested.name, cache: cache.folder.path)
    case .damaged(let words): throw StageRequestError.damagedInput(requested.name, words)
    case .present(let artifact):
      let there = artifact.record.files.mapValues(\.sha256)
      let files = requested.files ?? there
      let names = Set(files.keys).union(there.keys).sorted()
      if let file = names.first(where: { files[$0] != there[$0] }) {
        throw StageRequestError.otherInput(requested.name, file: file)
      }
      return artifact
    }
  }
}

extension ConfiguredStage {
  /// Reads parameters that a record or a request holds. Nil where something was reported.
  fileprivate init?(_ kind: any Stage.Type, json: JSONValue, into sink: inout DiagnosticSink) {
    func read<Kind: Stage>(_ kind: Kind.Type, _ sink: inout DiagnosticSink) -> ConfiguredStage? {
      let fields = Kind.Parameters.fields
      let parameters = Kind.Parameters.decode(
        [RecipeEntry](json: json.asSet(fields.map(\.description))), fields: fields,
        at: SourcePosition(line: 1, column: 1), owner: " of the kind \(Kind.kind)", into: &sink)
      return parameters.map {
        ConfiguredStage(
          stage: Kind(parameters: $0), parameters: $0.json(fields), identity: $0.identity(fields))
      }
    }
    guard let configured = read(kind, &sink) else { return nil }
    self = configured
  }
}

extension JSONValue {
  /// Parameters as a recipe would set them: without those at their defaults, since some kinds ask which
  /// ones a recipe sets.
  fileprivate func asSet(_ fields: [FieldDescription]) -> JSONValue {
    guard case .object(let members) = self else { return self }
    var set: [String: JSONValue] = [:]
    for (name, value) in members {
      let field = fields.first { $0.name == name }
      if let field, field.defaultValue == value { continue }
      switch field?.shape {
      case .group(let inner), .optional(.group(let inner)): set[name] = value.asSet(inner)
      default: set[name] = value
      }
    }
    return .object(set)
  }
}
