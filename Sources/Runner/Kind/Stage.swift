import Base
import Foundation
import Synchronization

/// What a stage of a recipe does: a kind with its parameters.
///
/// To add a kind, write one type that conforms to this protocol and name it in the registry.
package protocol Stage: Sendable {
  /// The parameters that a recipe may set, with their defaults.
  associatedtype Parameters: ParameterSet

  /// The name that recipes use, such as `distill`.
  static var kind: String { get }

  /// Raised whenever the same parameters and inputs would give another result than before.
  static var version: Int { get }

  /// What each version but the first made different, a clause by the version, as the change log has
  /// it. `plan` shows it to whoever loses results by an upgrade.
  static var changes: [Int: String] { get }

  /// One sentence for `warmup schema` and the documentation.
  static var summary: String { get }

  /// A stage of this kind as a recipe has it, for the documentation. Those of all kinds make one recipe.
  static var example: String { get }

  /// The ports that a recipe binds to outputs of other stages.
  static var inputs: [StagePort] { get }

  /// The types of what it takes under names that a recipe chooses, as many as it likes and all of one
  /// of these types; none for most kinds. Outputs of the type `asBound` then are of that type.
  static var openInputs: [ArtifactType] { get }

  /// The ports that other stages may refer to. The first is meant when a reference names no output.
  static var outputs: [StagePort] { get }

  /// Whether it takes seconds where others take hours, so that it runs before them and its mistakes,
  /// such as a file that is missing or damaged, are known first.
  static var isQuick: Bool { get }

  /// What it logs at its steps, as far as a metric is to be told from others. Most kinds log nothing.
  static var metrics: LoggedMetrics { get }

  /// The names of what it publishes and logs, for tables and figures to ask for. Those of a kind that
  /// does not say are not checked.
  static var names: PublishedNames { get }

  /// Whether it reads inputs at all points of some axes at once, which a recipe names in `over`.
  static var gathers: Bool { get }

  /// What it can keep of its steps, where it trains. Most kinds keep nothing.
  static var kept: KeptOutput? { get }

  init(parameters: Parameters)

  /// Content that enters the graph from outside and belongs to the key, such as a file's SHA-256.
  ///
  /// Called when planning, so it must be fast. Most kinds have none.
  /// - Throws: an error whose description says what is missing and where it was looked for; the
  ///   instance is then shown as blocked.
  func externalContent(in folders: DataFolders) throws -> [ExternalContent]

  /// What is known of an output before it is made; most kinds know nothing.
  /// - Parameter inputs: what is known of what is bound, by port.
  func traits(of output: String, inputs: [String: Traits]) -> Traits

  /// The parameters that belong to the key, with what the inputs' traits make of them: a default
  /// that depends on an input is named, so that another one does not pass for it.
  /// - Parameter inputs: what is known of what is bound, by port.
  func identity(_ identity: JSONValue, inputs: [String: Traits]) -> JSONValue

  /// What is wrong with what is bound, as far as it can be told before anything runs.
  /// - Parameter inputs: what is known of what is bound, by port.
  func mistakes(inputs: [String: Traits]) -> [BindingMistake]

  /// The values that follow from what a stage of this kind published, computed again: those of somebody
  /// else's record are not believed. What only the run itself knew is left out.
  /// - Throws: where an output is not what the kind writes, or where values must not come without it.
  static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue]

  /// Does the work: reads the inputs, writes every output, and reports values.
  ///
  /// Runs on a thread of its own and may block. Must ask `context.interruption` between steps.
  func run(_ context: StageContext) throws
}

extension Stage {
  package static var changes: [Int: String] { [:] }

  package static var example: String { "" }

  package static var metrics: LoggedMetrics { LoggedMetrics() }

  package static var names: PublishedNames { .unknown }

  package static var isQuick: Bool { false }

  package static var gathers: Bool { false }

  package static var kept: KeptOutput? { nil }

  package static var openInputs: [ArtifactType] { [] }

  package static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    [:]
  }

  package func externalContent(in folders: DataFolders) throws -> [ExternalContent] { [] }

  package func traits(of output: String, inputs: [String: Traits]) -> Traits { [:] }

  package func identity(_ identity: JSONValue, inputs: [String: Traits]) -> JSONValue { identity }

  package func mistakes(inputs: [String: Traits]) -> [BindingMistake] { [] }
}

/// What is wrong with what a recipe binds to a stage: a sentence for people, and where it is said.
package struct BindingMistake: Sendable {
  /// Whose place in the recipe the sentence is about.
  package enum Place: Sendable {
    case input(String)
    case parameter(String)
  }

  package let place: Place
  package let message: String

  package init(_ place: Place, _ message: String) {
    self.place = place
    self.message = message
  }
}

/// What is known of an output before it is made, text by name. `Runner` hands it from stage to
/// stage; `Stages` gives it meaning.
package typealias Traits = [String: String]

/// The metrics that a kind logs, as far as one is to be told from others.
package struct LoggedMetrics: Sendable {
  /// Names along which curves run, beside `step`: what is counted, under all its names.
  package let counters: Set<String>
  /// What measures time; it stays out of the result.
  package let timings: Set<String>

  package init(counters: Set<String> = [], timings: Set<String> = []) {
    self.counters = counters
    self.timings = timings
  }
}

/// A piece of content from outside the graph, identified by its hash.
package struct ExternalContent: Sendable, Hashable {
  /// What it is, such as `source`.
  package let name: String
  /// SHA-256 of the bytes, in lower-case hexadecimal.
  package let sha256: String

  package init(name: String, sha256: String) {
    self.name = name
    self.sha256 = sha256
  }
}

/// What an artifact holds. `Runner` only compares names; `Stages` gives them meaning.
package struct ArtifactType: Hashable, Sendable, CustomStringConvertible {
  /// The name that error messages and records show, such as `Model` or `Problems`.
  package let name: String

  package init(_ name: String) { self.name = name }

  package var description: String { name }

  /// The type of an output that holds what is bound to the stage's open inputs.
  package static let asBound = ArtifactType("what is bound")
}

/// A named, typed input or output of a stage kind.
package struct StagePort: Sendable {
  /// The name that a recipe binds, such as `model`.
  package let name: String
  /// What may be bound to the port.
  package let type: ArtifactType
  /// Whether a recipe may leave the port unbound. Outputs are never optional.
  package let isOptional: Bool
  package let summary: String

  package init(_ name: String, _ type: ArtifactType, optional: Bool = false, _ summary: String) {
    self.name = name
    self.type = type
    isOptional = optional
    self.summary = summary
  }
}

/// A kind as plans, reports and comparisons know it, also where only a record tells of it.
package struct KindDescription: Sendable {
  package let name: String
  package let version: Int
  /// The output ports; none where only a record tells of the kind.
  package let outputs: [StagePort]
  /// The names of the inputs that the kind declares, which open ones are not among.
  let inputs: [String]

  package init(name: String, version: Int, outputs: [StagePort] = []) {
    self.name = name
    self.version = version
    self.outputs = outputs
    inputs = []
  }

  package init(_ kind: any Stage.Type) {
    self = Self.known.withLock { known in
      if let description = known[ObjectIdentifier(kind)] { return description }
      let description = KindDescription(reading: kind)
      known[ObjectIdentifier(kind)] = description
      return description
    }
  }

  private init(reading kind: any Stage.Type) {
    name = kind.kind
    version = kind.version
    outputs = kind.outputs
    inputs = kind.inputs.map(\.name)
  }

  /// Thousands of instances have few kinds.
  private static let known = Mutex<[ObjectIdentifier: KindDescription]>([:])
}

/// The kinds that recipes may use.
package struct KindRegistry: Sendable {
  private let kinds: [String: any Stage.Type]
  /// Whether recipes are refused that ask for what no kind declares to publish.
  package private(set) var checksNames = true

  /// Collects kinds; their names must differ.
  package init(_ kinds: [any Stage.Type]) {
    self.kinds = Dictionary(uniqueKeysWithValues: kinds.map { ($0.kind, $0) })
  }

  /// The same kinds for results that are there, which may be those of another version.
  package var withoutNameChecks: KindRegistry {
    var registry = self
    registry.checksNames = false
    return registry
  }

  package subscript(name: String) -> (any Stage.Type)? { kinds[name] }

  /// A kind of an instance, which may be one that no recipe can name: what trainings keep.
  func kind(ofInstances name: String) -> (any Stage.Type)? {
    kinds[name] ?? kinds.values.compactMap { $0.kept?.kind }.first { $0.kind == name }
  }

  package var names: [String] { kinds.keys.sorted() }
}
