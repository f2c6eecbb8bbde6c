import Base
import Foundation

/// A job: what `sbatch` is told of the instances that one process makes.
package struct SlurmJob: Sendable {
  /// The name of all jobs of a recipe, by which they are found in the queue.
  let name: String
  /// The key of the first instance: the comment, and the work folder.
  let key: String
  let work: URL
  let resources: Resources
  let settings: SlurmSettings
  /// This program.
  let program: URL
  /// What it is told; to run the request in the work folder where nil.
  let arguments: [String]?
  /// How much longer it gets than it asks for, after it ran into its limit.
  let timeFactor: Double
  /// How long what it runs may take to stop, in seconds, by earlier results; nil where nobody knows.
  let stopSeconds: Double?

  package init(
    name: String, key: String, work: URL, resources: Resources, settings: SlurmSettings,
    program: URL, arguments: [String]? = nil, timeFactor: Double = 1, stopSeconds: Double? = nil
  ) {
    self.stopSeconds = stopSeconds
    self.timeFactor = timeFactor
    self.arguments = arguments
    self.name = name
    self.key = key
    self.work = work
    self.resources = resources
    self.settings = settings
    self.program = program
  }

  static let scriptName = "job.sh"

  private var script: URL { work.appending(path: Self.scriptName) }

  /// Writes the script of the job.
  /// - Throws: `FileError`.
  package func prepare() throws {
    try Folder.make(work)
    let words = arguments ?? ["stage-exec", work.appending(path: StageRequest.fileName).path]
    let command = [Self.quoted(program.path), words[0]] + words.dropFirst().map(Self.quoted)
    let lines = ["#!/bin/bash"] + settings.setup + ["exec " + command.joined(separator: " ")]
    try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: script)
  }

  /// The options of `sbatch`, and the script.
  /// - Parameter dependencies: the numbers of jobs that must end well before.
  package func words(after dependencies: [String]) -> [String] {
    var words = [
      "--job-name=\(name)", "--comment=\(key)", "--nodes=1", "--ntasks=1", "--requeue",
      "--open-mode=append", "--signal=B:USR2@\(lead)",
      "--output=\(work.path)/slurm-%j.log",
    ]
    if !dependencies.isEmpty {
      // Without the second, what waits for a job that failed would wait for ever.
      words += [
        "--dependency=afterok:\(dependencies.joined(separator: ":"))", "--kill-on-invalid-dep=yes",
      ]
    }
    if let limit { words.append("--time=\(Int((limit / 60).rounded(.up)))") }
    if let cpus = resources.cpus { words.append("--cpus-per-task=\(cpus)") }
    if let memory = resources.memory {
      words.append("--mem=\(Int((Double(memory.bytes) / 1_048_576).rounded(.up)))M")
    }
    if resources.gpus > 0 { words.append("--gpus-per-node=\(resources.gpus)") }
    if let partition = settings.partition { words.append("--partition=\(partition)") }
    if let account = settings.account { words.append("--account=\(account)") }
    if let qos = settings.qos { words.append("--qos=\(qos)") }
    return words + settings.extra + [script.path]
  }

  /// The options, with a script that is none: for asking whether Slurm would take such a job.
  var wordsOfTrial: [String] { words(after: []).dropLast() + ["--wrap=true"] }

  /// In seconds; the cluster's own where nil.
  var limit: Double? { (resources.time ?? settings.time).map { $0.seconds * timeFactor } }

  /// How long before the time limit it is asked to stop, in seconds: a job of minutes must not be asked
  /// as soon as it begins.
  private var lead: Int {
    let wanted = settings.leadSeconds(stopSeconds: stopSeconds)
    return Int(min(wanted, (limit ?? .infinity) / 4).rounded(.up))
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.replacing("'", with: "'\\''") + "'"
  }
}

extension SlurmJob {
  /// The log of a job.
  static func log(_ number: String, in work: URL) -> URL {
    work.appending(path: "slurm-\(number).log")
  }

  /// The last lines of a job's log; none where it has none.
  static func lastLines(_ number: String, in work: URL, count: Int = 20) -> [String] {
    guard let handle = try? FileHandle(forReadingFrom: log(number, in: work)) else { return [] }
    let size = (try? handle.seekToEnd()) ?? 0
    try? handle.seek(toOffset: size > 16_384 ? size - 16_384 : 0)
    let text = String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
    return text.split(separator: "\n").suffix(count).map(String.init)
  }
}

/// `results/<recipe>/slurm.json`: which job was submitted for which key. The queue knows jobs by their
/// comments, too, but only for so long.
package struct SlurmLedger: Sendable, Equatable {
  package struct LedgerJob: Sendable, Equatable {
    package let number: String
    /// The first of the instances that it makes.
    package let instance: String
  }

  /// By the key of that instance.
  package var jobs: [String: LedgerJob] = [:]

  package static let fileName = "slurm.json"

  init() {}

  /// What all jobs of a recipe are called.
  package static func jobName(ofRecipe name: String) -> String { namePrefix + name }

  /// Whether a job is called as a recipe's jobs are.
  package static func isJobName(_ name: String) -> Bool { name.hasPrefix(namePrefix) }

  private static let namePrefix = "warmup-"

  /// Reads the ledger of a recipe; empty where there is none that can be read.
  package init(in recipeFolder: URL) {
    guard let data = try? Data(contentsOf: recipeFolder.appending(path: Self.fileName)),
      let entries = (try? JSONValue(parsing: data))?["jobs"]?.object
    else { return }
    jobs = entries.compactMapValues { entry in
      guard let number = entry["job"]?.string, let instance = entry["instance"]?.string else {
        return nil
      }
      return LedgerJob(number: number, instance: instance)
    }
  }

  /// - Throws: `FileError`.
  func write(in recipeFolder: URL) throws {
    try Folder.make(recipeFolder)
    let json: JSONValue = [
      "jobs": .object(
        jobs.mapValues { ["job": .string($0.number), "instance": .string($0.instance)] })
    ]
    try AtomicFile.write(json.prettyText, to: recipeFolder.appending(path: Self.fileName))
  }
}
