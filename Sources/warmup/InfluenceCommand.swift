import ArgumentParser
import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import Stages

/// `warmup influence RECIPE --of TRAINING --on EVALUATION`.
struct InfluenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "influence",
    abstract: "Show what each problem or trace of a training was worth, by leaving it out.",
    discussion: """
      Runs a training again without one of its problems (rlvr) or traces (distill), for each of them, \
      and what lies between it and an evaluation. All else keeps its random numbers, so that the \
      results differ in nothing but what was left out and what follows from it. Runs are cached, and go \
      on where they were stopped.
      'warmup influence quickstart.yaml --of warmed_4 --on scores --only domain=sums' asks which of \
      four sums taught what. --only narrows it down to some points of the recipe, --numbers to some \
      problems.
      """)

  @OptionGroup var options: RecipePartOptions

  @Option(help: "The training, a stage of the kind rlvr or distill.")
  var of: String

  @Option(help: "The evaluation that comes after it.")
  var on: String

  @Option(help: "The value that is compared, such as accuracy, pass@4 or format_rate.")
  var value = "accuracy"

  @Option(help: "Which ones to leave out, by their numbers from 1. (default: all of them)")
  var numbers: NumberList?

  @OptionGroup var execution: ExecutionOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let interruption = Interruption()
    SignalHandling.install(interruption) {
      StandardOutput.writeError("\nFinishing the step; press Ctrl-C again to leave at once.\n")
    }
    let training = try training()
    let whole = try plan([], interruption)
    let ids = try ids(in: whole)
    let chosen = numbers?.numbers ?? Array(1...ids.count)
    guard let last = chosen.last, last <= ids.count else {
      throw ValidationError("--numbers: '\(of)' learns from \(ids.count), not from more")
    }
    let unit = String((TrainingRows.port(of: training.kind.name) ?? "rows").dropLast())
    let done = try plan(chosen, interruption)
    let found = try influences(done, chosen.map { ($0, ids[$0 - 1]) })
    guard !found.isEmpty else {
      throw ValidationError("'\(on)' has no '\(value)' by problem that could be compared")
    }
    let texts = found.map { InfluenceText($0, value: value, unit: unit) }
    if json { return try StandardOutput.writeJSON(JSONValue.array(texts.map(\.json)).prettyText) }
    try StandardOutput.write(texts.map(\.text).joined(separator: "\n"))
  }
}

extension InfluenceCommand {
  /// The axis along which recipes vary here.
  private static let axis = "left_out"

  /// An instance of the training, as the recipe has it.
  /// - Throws: `ValidationError` where the recipe lacks what is named, or it cannot be varied so.
  private func training() throws -> PlannedInstance {
    guard !PackedFile.isPacked(options.recipe.recipeURL) else {
      throw ValidationError("unpack the packed file first; models are made again here")
    }
    let workspace = try Workspace(options)
    let items = try workspace.plan().items
    for stage in [of, on] where !items.contains(where: { $0.stageName == stage }) {
      throw LookupError.unknown(instance: stage, known: items.map(\.stageName))
    }
    guard workspace.recipe.axes[Self.axis] == nil else {
      throw ValidationError("the recipe has an axis '\(Self.axis)' of its own; name it otherwise")
    }
    guard let training = items.first(where: { $0.stageName == of }),
      TrainingRows.port(of: training.kind.name) != nil
    else { throw ValidationError("'\(of)' is not a training; name a stage of rlvr or distill") }
    return training
  }

  /// Runs the training with all, and without each of some, and what is needed to evaluate it.
  /// - Throws: `ExitCode` where something failed, or it was interrupted.
  private func plan(_ leftOut: [Int], _ interruption: Interruption) throws -> Plan {
    let name = "\(try Workspace(options).recipe.name)-without-\(of)"
      .map { $0.isASCII && ($0.isLetter || $0.isNumber) || "_-".contains($0) ? $0 : "-" }
    let values = ([0] + leftOut).map(String.init).joined(separator: ", ")
    let workspace = try Workspace(
      options,
      additions: [
        "name=\(String(name).lowercased())", "axes.\(Self.axis)=[\(values)]",
        "stages.\(of).params.leave_out=${\(Self.axis)}", "tables=", "figures=", "claims=",
      ])
    let all = try workspace.plan()
    let measured = measured(in: all)
    guard !measured.isEmpty else {
      throw ValidationError("'\(on)' does not evaluate what '\(of)' trains")
    }
    let plan = all.only { measured.contains($0.name) }
    let site = try execution.site.site
    try execution.check(plan, workspace, site)
    let presence: KeyLock?
    do { presence = try workspace.enterCache(interruption) } catch is InterruptedError {
      throw ExitCode(130)
    }
    defer { presence?.release() }
    let summary = try execution.executor(workspace, plan, site, interruption).run(plan)
    for failure in summary.failures {
      StandardOutput.writeError("\(failure.name) failed: \(failure.sentence)\n")
    }
    if summary.exitCode != 0 { throw ExitCode(summary.exitCode) }
    return summary.plan
  }

  /// The names of the evaluations behind the training.
  private func measured(in plan: Plan) -> Set<String> {
    var isBehind: [Bool] = []
    for item in plan.items {
      isBehind.append(
        item.stageName == of || item.instance.inputs.contains { isBehind[$0.producer] })
    }
    return Set(
      zip(plan.items, isBehind).filter { $0.stageName == on && $0.isAsked && $1 }.map(\.0.name))
  }

  /// The ids of what is left out, which must be the same for all that is compared.
  private func ids(in plan: Plan) throws -> [String] {
    let lists = try plan.items.filter { $0.stageName == of && $0.isAsked && $0.isDone }
      .map { try TrainingRows.ids(of: $0, in: plan) }
    guard let ids = lists.first, !ids.isEmpty else {
      throw ValidationError("'\(of)' was not run, because a gate has failed")
    }
    guard lists.allSatisfy({ $0 == ids }) else {
      throw ValidationError(
        "'\(of)' learns from other rows at other points; narrow it down with --only")
    }
    return ids
  }

  /// A table for each evaluation, over its seeds. Says which seeds are not in it.
  /// - Throws: what reading verdicts throws: a damaged result must not make a table smaller.
  private func influences(
    _ plan: Plan, _ chosen: [(number: Int, id: String)]
  ) throws -> [Influence] {
    let tables = ResultTables()
    let measured = measured(in: plan)
    let items = plan.items.filter { measured.contains($0.name) }
    /// By the number that was left out, and by the name without it.
    var scores: [String: [Int: ProblemScores]] = [:]
    var names = OrderedSet<String>()
    for item in items {
      var point = item.point
      let number = point.removeValue(forKey: Self.axis)?.integer
      let name = Instance.name(item.stageName, at: point)
      names.append(name)
      guard let number, let found = try tables.scores(of: item) else { continue }
      scores[name, default: [:]][number] = found
    }
    let whole = names.filter { scores[$0]?.count == chosen.count + 1 }
    for name in names.subtracting(whole) {
      StandardOutput.writeError("\(name) is left out: it was not evaluated without each of them\n")
    }
    return OrderedDictionary(grouping: whole, by: ArmComparison.arm).compactMap { arm, runs in
      Influence(
        arm, value: value, whole: runs.compactMap { scores[$0]?[0] },
        without: chosen.map { row in
          (row.number, row.id, runs.compactMap { scores[$0]?[row.number] })
        })
    }
  }
}

/// Numbers and ranges, as in `1-8,20`.
struct NumberList: ExpressibleByArgument {
  /// Ascending, each once, at least one.
  let numbers: [Int]

  init?(argument: String) {
    var found: Set<Int> = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let bounds = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let first = bounds.first ?? nil, let last = bounds.last ?? nil, bounds.count <= 2,
        first >= 1, first <= last, last <= 100_000
      else { return nil }
      found.formUnion(first...last)
    }
    numbers = found.sorted()
  }
}
