import ArgumentParser
import Base
import Foundation
import Runner
import Stages

/// `warmup plan RECIPE`.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what a run would do with each instance, and why, without running anything.",
    discussion: """
      Below the instances it says which files are missing, which servers are asked with the key in \
      which variable, and how much work with language models is left: tokens, floating-point \
      operations (2 per weight and token to read, 4 more to train), the time that they take at a \
      rate, and the memory. This is an upper bound: every completion counts with max_tokens. \
      Where the cache holds scores of the model and problems that reinforcement learning would \
      start from, it says how many of its groups would have a gradient. Of trainings by TRL it says what \
      TRL is told under other names, by how many processes a step can be shared, and what a GPU holds and \
      takes. Models that are at hand and \
      cannot be read are refused: it says why, and ends with 1.
      """)

  @OptionGroup var options: RecipePartOptions

  @OptionGroup var keys: KeyOptions

  @OptionGroup var site: SiteOptions

  @Option(help: "Assume completions of this many tokens instead of max_tokens.")
  var tokens: Int?

  @Option(help: "Assumed operations per second. (default: 5e10 per core)")
  var rate: Double?

  @Flag(help: "Print JSON: an object per instance, with its work and what an upgrade changed.")
  var json = false

  func validate() throws {
    if let tokens, tokens < 1 { throw ValidationError("--tokens must be at least 1") }
    if let rate, rate <= 0 { throw ValidationError("--rate must be above 0") }
  }

  func run() throws {
    let workspace = try Workspace(options)
    let plan = try workspace.plan()
    if json {
      let estimate = PlanEstimate(
        plan, folders: workspace.folders, keys: keys.keys, site: try site.site, meanTokens: tokens)
      try StandardOutput.writeJSON(estimate.json(of: plan).prettyText)
      if !estimate.refusals.isEmpty { throw ExitCode(1) }
    } else {
      try Self.show(
        plan, of: workspace, keys: keys.keys, site: try site.site, tokens: tokens, rate: rate)
    }
  }

  /// Prints a plan for people.
  /// - Parameters:
  ///   - tokens: how long completions are taken to be; as long as they may where nil.
  ///   - rate: assumed operations per second.
  /// - Throws: `ExitCode(1)` where models that are at hand cannot be read.
  static func show(
    _ plan: Plan, of workspace: Workspace, keys: ServerKeys, site: Site, tokens: Int? = nil,
    rate: Double? = nil
  ) throws {
    let estimate = PlanEstimate(
      plan, folders: workspace.folders, keys: keys, site: site, meanTokens: tokens)
    let text = PlanEstimateText(
      estimate: estimate, meanTokens: tokens, rate: rate ?? PlanEstimateText.assumedRate,
      knowsRate: site.flops != nil)
    try StandardOutput.write(PlanText(plan).text + text.text + claims(of: workspace.recipe))
    if !estimate.refusals.isEmpty { throw ExitCode(1) }
  }

  /// After a run it is too late to register.
  private static func claims(of recipe: Recipe) -> String {
    let isRegistered = Registration.digest(beside: recipe.file) != nil
    if recipe.claims.isEmpty || isRegistered { return "" }
    let count = recipe.claims.count == 1 ? "1 claim is" : "\(recipe.claims.count) claims are"
    return "\n\(count) not registered; 'warmup register' writes them down before there are "
      + "results\n"
  }
}

/// A plan as aligned lines for people.
struct PlanText {
  private let plan: Plan

  init(_ plan: Plan) { self.plan = plan }

  var text: String {
    let rows = plan.asked.map { item in
      [
        AlignedText.padded(word(for: item.state), to: 8), item.name, item.kind.name,
        item.reason + (item.state == .toRun ? duration(item.lastSeconds) + resources(item) : ""),
      ]
    }
    let others = plan.count(.notAsked)
    return AlignedText.lines(rows).map { $0 + "\n" }.joined()
      + "\n\(plan.count(.toRun)) to run, \(plan.count(.cached)) cached, "
      + "\(plan.count(.blocked)) blocked\(stopped)"
      + (others == 0 ? "" : ", \(others) not asked for") + "\n" + failures + upgrade
  }

  /// What is lost because this program is newer than the one that made it.
  private var upgrade: String {
    let losses = plan.upgradeLosses
    if losses.isEmpty { return "" }
    let lines = losses.map { loss in
      let notes = loss.notes.isEmpty ? "see CHANGELOG.md" : loss.notes.joined(separator: "; ")
      return "  \(loss.kind), version \(loss.from) to \(loss.to): \(loss.words). \(notes)\n"
    }
    return "\nmade anew because this version of warmup computes it otherwise (CHANGELOG.md):\n"
      + lines.joined()
  }

  private var stopped: String {
    let count = plan.count(.stopped)
    return count == 0 ? "" : ", \(count) stopped by gates"
  }

  private var failures: String { plan.gateFailures.map { $0 + "\n" }.joined() }

  private func word(for state: PlannedInstance.State) -> String {
    switch state {
    case .cached: "cached"
    case .toRun: "to run"
    case .blocked: "blocked"
    case .notAsked: "left"
    case .stopped: "stopped"
    }
  }

  private func resources(_ item: PlannedInstance) -> String {
    let resources = item.instance.resources
    return resources.isEmpty ? "" : "; asks for \(resources.words)"
  }

  private func duration(_ seconds: Double?) -> String {
    guard let seconds else { return "" }
    return " (took \(Int(seconds.rounded())) s last time)"
  }
}

/// What a plan needs and how much work it is, as lines for people.
struct PlanEstimateText {
  let estimate: PlanEstimate
  /// How long completions are taken to be, where that was said.
  let meanTokens: Int?
  /// Assumed operations per second.
  let rate: Double
  /// Whether the site file says how fast a GPU is.
  let knowsRate: Bool

  /// What an H100 does in bfloat16 at 30 % of its 989e12 operations per second.
  private static let gpuRate = 3e14

  /// What is assumed where nothing is said: 50e9 operations per second and core.
  static var assumedRate: Double { 5e10 * Double(ProcessInfo.processInfo.activeProcessorCount) }

  /// Empty where nothing is refused, needed, known of starts or estimated as work.
  var text: String {
    let trl = PlanTRLText(outlooks: estimate.trl, knowsRate: knowsRate).lines
    return [refusals, needs, starts, trl, work].filter { !$0.isEmpty }.map {
      "\n" + $0.joined(separator: "\n") + "\n"
    }
    .joined()
  }

  private var refusals: [String] {
    guard !estimate.refusals.isEmpty else { return [] }
    return ["cannot run:"] + estimate.refusals.map { "  \($0)" }
  }

  private var needs: [String] {
    guard !estimate.needs.isEmpty else { return [] }
    return ["needs what is not here:"] + estimate.needs.map { "  \($0.name)  \($0.advice)" }
  }

  /// What is known of starts; those of which the same is known share a line.
  private var starts: [String] {
    var order: [String] = []
    var names: [String: [String]] = [:]
    for start in estimate.starts {
      if names[start.text] == nil { order.append(start.text) }
      names[start.text, default: []].append(start.instance)
    }
    guard !order.isEmpty else { return [] }
    let rows = order.map { text in
      let owners = names[text] ?? []
      return [owners[0] + (owners.count > 1 ? " and \(owners.count - 1) more" : ""), text]
    }
    return ["starts of reinforcement learning:"] + AlignedText.lines(rows).map { "  " + $0 }
  }

  private var work: [String] {
    let rows = stages
    guard !rows.isEmpty else { return [] }
    let basis =
      meanTokens.map { "remaining work (completions of \($0) tokens)" }
      ?? "upper bound on remaining work (all completions at max_tokens)"
    let lines = AlignedText.lines(rows.map { [$0.name, $0.words] }).map { "  " + $0 }
    let isKnown = estimate.total.operations > 0
    return ["\(basis):"] + lines + (isKnown ? [time] : [])
  }

  /// The work of each stage, over its instances.
  private var stages: [(name: String, words: String)] {
    var order: [String] = []
    var groups: [String: [PlanEstimate.Item]] = [:]
    for item in estimate.items where item.work != nil || item.unknown != nil {
      if groups[item.instance.stageName] == nil { order.append(item.instance.stageName) }
      groups[item.instance.stageName, default: []].append(item)
    }
    return order.map { ($0, words(for: groups[$0] ?? [])) }
  }

  private func words(for items: [PlanEstimate.Item]) -> String {
    if let unknown = items.compactMap(\.unknown).first { return "it is not known \(unknown)" }
    let work = items.compactMap(\.work).reduce(Work(), +)
    let tokens = [(work.sampledTokens, "sampled"), (work.trainedTokens, "trained on")]
      .filter { $0.0 > 0 }.map { "\(Self.number(Double($0.0))) tokens \($0.1)" }
    let count = items.count == 1 ? "" : "\(items.count) instances, "
    return count + tokens.joined(separator: ", ") + ", \(Self.number(work.operations)) operations"
  }

  private var time: String {
    let total = estimate.total
    let gpuHours = total.operations / 3600 / Self.gpuRate
    let bytes = (Int64(exactly: total.bytes.rounded()) ?? .max).formatted(
      .byteCount(style: .memory))
    // A server's memory is its own.
    let memory = total.bytes == 0 ? "" : "; \(bytes) of memory"
    let gpu = gpuHours < 0.01 ? "under 0.01" : Self.number(gpuHours)
    return "  in all \(Self.number(total.operations)) operations, "
      + "\(Self.duration(total.operations / rate)) at \(Self.number(rate / 1e9)) GFLOP/s, \(gpu) GPU "
      + "hours at 300 TFLOP/s\(memory)"
  }

  private static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<1: "under 1 s"
    case ..<120: "about \(number(seconds.rounded())) s"
    case ..<7200: "about \(number((seconds / 60).rounded())) min"
    default: "about \(number(seconds / 3600)) h"
    }
  }

  /// Two significant digits.
  static func number(_ value: Double) -> String {
    switch value {
    case 0: "0"
    case 0.01..<10: String(format: "%.2g", value)
    case 10..<100_000: String(format: "%.0f", value)
    default: String(format: "%.1e", value).replacing("e+0", with: "e").replacing("e+", with: "e")
    }
  }
}
