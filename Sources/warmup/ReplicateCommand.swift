import ArgumentParser
import Base
import Foundation
import Reports
import Runner
import Stages

/// `warmup replicate FILE`.
struct ReplicateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replicate",
    abstract: "Run all of a packed recipe anew and compare every result with the packed one.",
    discussion: """
      Nothing is taken over: all that the file has results of is computed in a cache of its own, below \
      the folder that -o names, and its digests are compared with the packed ones. Says that they are \
      equal to the bit, or which stage, step and token differ first, and on which processors both were \
      made. Ends with 1 where something differs or did not come out. Run again, it resumes.
      """)

  @Argument(help: "The packed file.", completion: .file(extensions: ["h5", "zst"]))
  var file: String

  @Option(
    name: .shortAndLong,
    help: "The folder for what is computed. (default: the file's name with -replica)",
    completion: .directory)
  var output: String?

  @OptionGroup var execution: ExecutionOptions

  func run() throws {
    let interruption = Interruption()
    SignalHandling.install(interruption) {
      StandardOutput.writeError("\nFinishing the step; press Ctrl-C again to leave at once.\n")
    }
    let pack = try PackedFile(checking: URL(fileURLWithPath: file)).opened(.standard)
    let workspace = try Workspace(replicating: pack, in: folder)
    let site = try execution.site.site
    let plan = try pack.experiment.replicationPlan(
      workspace.plan(), folder: folder.relativePath)
    try execution.check(plan, workspace, site)
    let presence = try workspace.enterCache(interruption)
    defer { presence?.release() }
    let executor = try execution.executor(workspace, plan, site, interruption)
    let summary = try executor.run(plan)
    for failure in summary.failures {
      StandardOutput.writeError("\(failure.name) failed: \(failure.sentence)\n")
    }
    let replication = Replication(of: pack.experiment, summary.plan, in: workspace.cache)
    try StandardOutput.write(words(replication))
    if summary.wasInterrupted { throw ExitCode(130) }
    if !replication.differing.isEmpty || !replication.missing.isEmpty { throw ExitCode(1) }
  }

  private var folder: URL {
    if let output { return URL(fileURLWithPath: output) }
    let name = URL(fileURLWithPath: file).lastPathComponent
    return URL(fileURLWithPath: (UnpackCommand.stem(of: name) ?? name) + "-replica")
  }

  private func words(_ replication: Replication) -> String {
    let (all, differing) = (replication.comparisons, replication.differing)
    var lines: [String] = []
    if let first = differing.first {
      lines.append(
        "\(differing.count) of \(all.count) results differ; the rest is equal to the bit.")
      lines.append("First: \(first.name)\(details(first))")
      for other in differing.dropFirst().prefix(20) {
        lines.append("Also: \(other.name) (\(Self.what(other)))")
      }
      if differing.count > 21 { lines.append("and \(differing.count - 21) more") }
    } else if !all.isEmpty {
      lines.append("Bit-equal: all \(all.count) results have the digests of the packed ones.")
    }
    if !replication.missing.isEmpty {
      let names = replication.missing.prefix(10).joined(separator: ", ")
      let more = replication.missing.count > 10 ? ", …" : ""
      lines.append("Not recomputed: \(replication.missing.count) (\(names)\(more))")
    }
    let compared = differing.isEmpty ? all : differing
    lines.append("Packed: made by \(Self.machines(compared.map(\.packed)))")
    lines.append("Here:   made by \(Self.machines(compared.map(\.here)))")
    return lines.joined(separator: "\n") + "\n"
  }

  /// Where the first difference lies.
  private func details(_ comparison: Replication.Comparison) -> String {
    let file = modelFile(of: comparison)
    let difference = FirstDifference(comparison) { text in
      file.flatMap { PromptTokenizer.tokens(of: text, model: $0) }
    }
    guard let difference else { return ": \(Self.what(comparison))" }
    let step = difference.step.map { ", step \($0)" } ?? ""
    return "\(step), \(difference.file): \(difference.words)"
  }

  /// The model that wrote what is compared.
  private func modelFile(of comparison: Replication.Comparison) -> URL? {
    guard let input = comparison.item.fields?.inputs["model"] else { return nil }
    let cache = Cache(folder: folder.appending(path: "cache"))
    guard case .present(let artifact) = cache.lookUp(input.key) else { return nil }
    return artifact.output(input.output)
  }

  private static func what(_ comparison: Replication.Comparison) -> String {
    if comparison.files.isEmpty {
      return comparison.values.map { name in
        let texts = [comparison.here, comparison.packed].map {
          $0.record.values[name]?.text ?? "missing"
        }
        return "\(name) \(texts[0]) here, \(texts[1]) packed"
      }.joined(separator: ", ")
    }
    let files = comparison.files.map { name in
      let digests = [comparison.here, comparison.packed].map {
        $0.record.files[name].map { "\($0.sha256.prefix(12))…" } ?? "missing"
      }
      return "\(name) \(digests[0]) here, \(digests[1]) packed"
    }
    return files.joined(separator: ", ")
  }

  /// The processors with their hosts, each once.
  private static func machines(_ artifacts: [Artifact]) -> String {
    let names = artifacts.map { "\($0.record.machine.processor) (\($0.record.machine.host))" }
    return Set(names).sorted().joined(separator: ", ")
  }
}
