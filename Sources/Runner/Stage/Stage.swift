import Foundation

/// What a stage of a recipe does: a kind with its parameters.
///
/// To add a kind, write one type that conforms to this protocol and name it in the registry.
public protocol Stage: Sendable {
  /// The parameters that a recipe may set, with their defaults.
  associatedtype Parameters: ParameterSet

  /// The name that recipes use, such as `distill`.
  static var kind: String { get }

  /// Raised whenever the same parameters and inputs would give another result than before.
  static var version: Int { get }

  /// One sentence for `warmup schema` and the documentation.
  static var summary: String { get }

  /// The ports that a recipe binds to outputs of other stages.
  static var inputs: [Port] { get }

  /// The ports that other stages may refer to. The first is meant when a reference names no output.
  static var outputs: [Port] { get }

  /// Makes the stage from parameters that have passed their checks.
  init(parameters: Parameters)

  /// Content that enters the graph from outside and belongs to the key, such as a file's SHA-256.
  ///
  /// Called when planning, so it must be fast. Most kinds have none.
  /// - Throws: an error whose description says what is missing and where it was looked for; the
  ///   instance is then shown as blocked.
  func externalContent(in environment: StageEnvironment) throws -> [ExternalContent]

  /// Does the work: reads the inputs, writes every output, and reports values.
  ///
  /// Runs on a thread of its own and may block. Must ask `context.interruption` between steps.
  func run(_ context: StageContext) throws
}

extension Stage {
  /// No content from outside.
  public func externalContent(in environment: StageEnvironment) throws -> [ExternalContent] { [] }
}

/// A piece of content from outside the graph, identified by its hash.
public struct ExternalContent: Sendable, Hashable {
  /// What it is, such as `source`.
  public let name: String
  /// SHA-256 of the bytes, in lower-case hexadecimal.
  public let sha256: String

  /// Names a piece of content.
  public init(name: String, sha256: String) {
    self.name = name
    self.sha256 = sha256
  }
}

/// Where a stage finds what lies outside the graph.
public struct StageEnvironment: Sendable {
  /// Folders in which relative paths of a recipe are looked up, in this order.
  public let searchPaths: [URL]
  /// Where downloads are kept between runs.
  public let downloads: URL

  /// Describes the surroundings of a run.
  public init(searchPaths: [URL], downloads: URL) {
    self.searchPaths = searchPaths
    self.downloads = downloads
  }
}
