import ArgumentParser
import Base
import Foundation
import Runner
import Stages

/// `warmup engine check trl`: engines that are not this program.
struct EngineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "engine",
    abstract: "Install and check engines that train in the place of this program.",
    subcommands: [EngineCheckCommand.self, EngineInstallCommand.self])
}

struct EngineCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Train a small model with an engine, and compare.",
    discussion: """
      Trains a model of 30,000 parameters natively and with the engine, in the Python of the site file \
      and on the devices that it finds, and says how far apart the weights are: distilled, and reinforced, \
      which is replayed natively on the engine's completions. It takes about half a minute.
      """)

  enum Engine: String, ExpressibleByArgument, CaseIterable { case trl }

  @Argument(help: "The engine: trl.") var engine: Engine
  @OptionGroup var place: SiteOptions
  @Option(help: "Processes that share a step, one for each GPU.") var processes = 1
  @Option(help: "What each of several processes holds: none (all), fsdp2 or zero3 (a part).")
  var sharding = TRLSharding.none
  @Option(help: "Who samples when it reinforces: transformers or vllm.")
  var sampler = TRLSampler.transformers
  @Option(help: "How many threads may be used.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard threads >= 1, processes >= 1 else {
      throw ValidationError("--threads and --processes must be at least 1")
    }
    guard sharding == .none || processes > 1 else {
      throw ValidationError("--sharding divides a model among --processes, and there is one")
    }
  }

  func run() throws {
    let site = try place.site
    let interruption = Interruption()
    SignalHandling.install(interruption)
    let check: TRLCheck
    do {
      check = try TRLCheck(
        site, threads: threads, processes: processes, sharding: sharding,
        sampler: sampler, interruption: interruption)
    } catch is InterruptedError {
      throw ExitCode(130)
    }
    let versions = check.description["versions"]?.object ?? [:]
    let named = versions.sorted { $0.key < $1.key }.compactMap { name, version in
      version.string.map { "\(name) \($0)" }
    }
    let device = check.description["device"]?.string ?? "an unknown device"
    try StandardOutput.write(
      "\(site.python): \(named.joined(separator: ", ")), on \(device)\n")
    try StandardOutput.write(Self.words(check))
    if let sampling = check.sampling, sampling > TRLCheck.samplingBound {
      throw StageError.failed(
        "vLLM's log p differ by more than rounding explains (\(TRLCheck.samplingBound)): it samples from "
          + "another model; do not use it here")
    }
    guard check.distilled.allSatisfy({ $0.share <= TRLCheck.bound }),
      check.reinforced.isWithinBound
    else {
      throw StageError.failed(
        "that is more than rounding explains (\(TRLCheck.bound) and \(RolloutReplay.bound)); do not use this "
          + "engine here")
    }
    keep(check)
  }

  /// Trainings by this engine on this machine will say in their records that it was checked.
  private func keep(_ check: TRLCheck) {
    guard let records = TRLCheckRecords() else { return }
    do {
      try records.add(check, processes: processes, sharding: sharding)
      StandardOutput.tell("Kept in \(records.file.path)\n")
    } catch {
      StandardOutput.writeError(
        "warmup: this could not be kept in \(records.file.path): \(error.localizedDescription)\n")
    }
  }

  private static func words(_ check: TRLCheck) -> String {
    let distilled = check.distilled.map {
      "Distilled (\($0.normaliser)): weights differ by \(share($0.share)) of their movement from native "
        + "training\n"
    }
    let sampled = check.sampling.map {
      "Sampled by vLLM: log p differ by \(share($0)) on average from those in training\n"
    }
    return distilled.joined() + (sampled ?? "")
      + "Reinforced: by \(share(check.reinforced.difference)) from a native replay of the same "
      + "completions\n"
  }

  private static func share(_ value: Double) -> String { String(format: "%.1e", value) }
}

extension TRLSharding: ExpressibleByArgument {}
extension TRLSampler: ExpressibleByArgument {}
