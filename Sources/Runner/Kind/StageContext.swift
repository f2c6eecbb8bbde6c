import Base
import Foundation
import OrderedCollections
import Synchronization

/// What a stage sees of the run while it works.
package final class StageContext: Sendable {
  /// The instance, such as `tuned[start=warmed,seed=2]`.
  package let instance: String
  /// How many threads the stage may use. Results never depend on it.
  package let threads: Int
  /// Where files from outside are found.
  package let folders: DataFolders
  /// The keys of servers that the user allows.
  package let keys: ServerKeys
  /// What is particular to this machine.
  package let site: Site
  /// Asks whether the person at the terminal wants to stop.
  package let interruption: Interruption
  /// Checkpoints of this instance, which survive a kill.
  package let checkpoints: CheckpointStore
  /// The log of what is measured at every step.
  package let metrics: MetricsLog
  /// Where the stage says how far it is.
  package let progress: any ProgressSink
  /// A folder for whatever the stage wants to keep between attempts.
  package let workDirectory: URL
  /// What content from outside was when the run was planned: SHA-256 by name.
  package let external: [String: String]

  private let inputs: [String: InputArtifact]
  private let outputDirectory: URL
  private let published: PublishedValues
  private let parts: (any StagePartStore)?
  private let keeper: (any StepKeeper)?
  private let watched = Mutex<[(file: URL, stamp: ContentStamp)]>([])

  /// Gathers what a stage needs. The executor makes one for each attempt; tests make their own.
  package convenience init(
    instance: String, inputs: [String: InputArtifact], outputDirectory: URL, workDirectory: URL,
    folders: DataFolders, threads: Int = 2, keys: ServerKeys = ServerKeys(), site: Site = Site(),
    interruption: Interruption = Interruption(), progress: any ProgressSink = SilentProgress()
  ) throws {
    try self.init(
      instance: instance, inputs: inputs, outputDirectory: outputDirectory,
      workDirectory: workDirectory, folders: folders, threads: threads,
      keys: keys, site: site, interruption: interruption, progress: progress, parts: nil)
  }

  init(
    instance: String, inputs: [String: InputArtifact], outputDirectory: URL, workDirectory: URL,
    folders: DataFolders, threads: Int, keys: ServerKeys, site: Site,
    interruption: Interruption,
    progress: any ProgressSink, parts: (any StagePartStore)?, keeper: (any StepKeeper)? = nil,
    external: [String: String] = [:], fence: @escaping CheckpointStore.Fence = {}
  ) throws {
    self.external = external
    self.parts = parts
    self.keeper = keeper
    self.instance = instance
    self.inputs = inputs
    self.outputDirectory = outputDirectory
    self.workDirectory = workDirectory
    self.folders = folders
    self.threads = threads
    self.keys = keys
    self.site = site
    self.interruption = interruption
    self.progress = progress
    try Folder.make(workDirectory)
    checkpoints = CheckpointStore(
      folder: workDirectory.appending(path: "checkpoints"), fence: fence)
    metrics = try MetricsLog(file: workDirectory.appending(path: "metrics.jsonl"))
    published = PublishedValues()
  }

  /// Watches a file or folder from outside, which the stage is about to compare with the plan and to
  /// read: nothing is published if it is written to before the stage has ended.
  package func watch(_ file: URL) {
    watched.withLock { $0.append((file, ContentStamp(of: file))) }
  }

  /// Makes sure that what the stage read from outside lay still meanwhile.
  /// - Throws: `StageError.failed`.
  func checkWatched() throws {
    for (file, stamp) in watched.withLock({ $0 }) where ContentStamp(of: file) != stamp {
      throw StageError.failed(
        "\(file.path) was written to while it was read; nothing was made from it. Run again when it "
          + "is whole")
    }
  }

  /// What is bound to a port that a recipe must bind.
  /// - Throws: `StageError.unbound` where nothing is, which planning rules out.
  package func input(_ port: String) throws -> InputArtifact {
    guard let artifact = inputs[port] else { throw StageError.unbound(port: port) }
    return artifact
  }

  /// What is bound to an optional port, if anything.
  package func optionalInput(_ port: String) -> InputArtifact? { inputs[port] }

  /// All that is bound, by the names of ports.
  package var allInputs: [(name: String, artifact: InputArtifact)] {
    inputs.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0, $1) }
  }

  /// What is bound to a port at each point of the axes over which the stage gathers, ascending: for
  /// numbers by value, then texts by their bytes. One thing where the port depends on none of them.
  package func inputs(gatheredBy port: String) -> [InputArtifact] {
    inputs.filter { $0.key == port || $0.key.hasPrefix(port + "[") }.map(\.value)
      .sorted {
        $0.over.values.lexicographicallyPrecedes($1.over.values, by: JSONValue.isBeforeOnAxis)
      }
  }

  /// The HDF5 file that the stage must write for an output port.
  package func output(_ port: String) -> URL { outputDirectory.appending(path: "\(port).h5") }

  /// An HDF5 file that the stage may write beside an output, which keeps its bytes: results of the same
  /// key may lack it, since it can be added to a kind at any time.
  package func supplement(_ name: String, of port: String) -> URL {
    outputDirectory.appending(path: "\(port).\(name).h5")
  }

  /// Keeps an output of a training as it is after a step, if somebody asked for that step. To be
  /// called after every step, the last one too.
  /// - Parameter write: writes the file that the output would be, were this step the last.
  package func keep(step: Int, write: (_ file: URL) throws -> Void) throws {
    try keeper?.keep(step: step, write: write)
  }

  /// The steps after which an output is to be kept.
  package var keptSteps: Set<Int> { keeper?.wanted ?? [] }

  /// The HDF5 file of a part of this stage that is kept as an artifact of its own.
  ///
  /// Without an executor, as in tests, the part is made anew in the work folder.
  /// - Parameter make: writes the file; called only where it is not in the cache. The folder that
  ///   it is lent survives a kill.
  package func file(
    of part: StagePart, make: (_ file: URL, _ workFolder: URL) throws -> Void
  ) throws -> URL {
    guard let parts else {
      let file = workDirectory.appending(path: "\(part.name).h5")
      try make(file, workDirectory)
      return file
    }
    let bound = inputs.filter { part.inputs.contains($0.key) }
    return try parts.file(of: part, inputs: bound, make: make)
  }

  /// Publishes a number with the artifact, such as `accuracy`, for tables to show.
  package func publish(_ value: Double, as name: String) { published.set(name, .number(value)) }

  /// Publishes a fact with the artifact, such as the sandbox in force, for reports to show.
  package func publish(fact value: JSONValue, as name: String) { published.set(name, value) }

  /// How long the stage may take to stop when it is asked to, in seconds: its longest step with its
  /// slowest checkpoint. Nil where it logged no step or wrote no checkpoint.
  func stopSeconds() throws -> Double? {
    guard let checkpoint = checkpoints.longestSeconds else { return nil }
    let steps = try metrics.rows().compactMap { $0[MetricsLog.stepSeconds]?.number }
    return steps.max().map { $0 + checkpoint }
  }

  /// What has been published so far.
  package var values: [String: JSONValue] { published.all }
}

/// A result inside a stage that is worth an artifact of its own, because it is expensive and stays
/// valid when the rest of the stage changes: the completions of an evaluation, when its verifier
/// does.
package struct StagePart: Sendable {
  /// What it is, such as `completions`. A stage has one part of a name.
  package let name: String
  /// Raised whenever the same identity and inputs would give another result.
  package let version: Int
  /// The parameters that can change it.
  package let identity: JSONValue
  /// The stage's input ports that it is made from.
  package let inputs: [String]

  package init(name: String, version: Int, identity: JSONValue, inputs: [String]) {
    self.name = name
    self.version = version
    self.identity = identity
    self.inputs = inputs
  }
}

/// Keeps parts of stages as artifacts.
protocol StagePartStore: Sendable {
  /// The HDF5 file of a part.
  /// - Parameter make: writes the file; it is lent a folder that survives a kill.
  func file(
    of part: StagePart, inputs: [String: InputArtifact],
    make: (_ file: URL, _ workFolder: URL) throws -> Void
  ) throws -> URL
}

/// An output of another instance, bound to an input port.
package struct InputArtifact: Sendable {
  private let place: URL
  /// Makes sure that the file has the bytes that were published.
  private let check: @Sendable () throws -> Void
  package let key: String
  package let instance: String
  package let type: ArtifactType
  /// The point of the axes over which the stage gathers; empty for most.
  package let over: OrderedDictionary<String, JSONValue>
  /// What that instance published.
  package let values: [String: JSONValue]
  /// What it was made from, by the ports of that instance, in the order of the kind's.
  package let sources: [(port: String, artifact: InputArtifact)]
  /// The output port of that instance.
  package var output: String { place.deletingPathExtension().lastPathComponent }

  /// The HDF5 file, with the bytes that were published.
  /// - Throws: `DamagedArtifact` where it has others; the stage leaves it to the executor.
  package var file: URL {
    get throws {
      try check()
      return place
    }
  }

  package init(
    file: URL, key: String, instance: String, type: ArtifactType,
    over: OrderedDictionary<String, JSONValue> = [:], values: [String: JSONValue] = [:],
    sources: [(port: String, artifact: InputArtifact)] = [],
    check: @escaping @Sendable () throws -> Void = {}
  ) {
    place = file
    self.check = check
    self.key = key
    self.instance = instance
    self.type = type
    self.over = over
    self.values = values
    self.sources = sources
  }

  /// Whether it is an output of the same artifact as another.
  package func isSame(as other: InputArtifact) -> Bool {
    key == other.key && output == other.output
  }

  /// What was bound to a port of that instance.
  package func source(_ port: String) -> InputArtifact? {
    sources.first { $0.port == port }?.artifact
  }
}

/// An output of an artifact, named by keys alone.
package struct OutputReference: Sendable, Hashable {
  package let key: String
  package let output: String

  package init(key: String, output: String) {
    self.key = key
    self.output = output
  }
}

/// What can go wrong in any stage.
package enum StageError: Error, CustomStringConvertible {
  /// A required port has nothing bound to it.
  case unbound(port: String)
  /// The stage cannot do its job; the sentence says why and what to do.
  case failed(String)

  package var description: String {
    switch self {
    case .unbound(let port): "nothing is bound to the input '\(port)'"
    case .failed(let sentence): sentence
    }
  }
}

/// The values that a stage publishes with its artifact.
final class PublishedValues: Sendable {
  private let storage = Mutex<[String: JSONValue]>([:])

  func set(_ name: String, _ value: JSONValue) { storage.withLock { $0[name] = value } }

  var all: [String: JSONValue] { storage.withLock { $0 } }
}
