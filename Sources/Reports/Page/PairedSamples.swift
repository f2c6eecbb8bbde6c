import OrderedCollections
import Runner
import Tasks

/// One benchmark's verdicts, joined: a row for each problem, run and sample, with what every arm
/// made of it.
package struct CompletionSlots: Sendable {
  /// A problem in one run, sampled once by each arm.
  package struct Slot: Sendable {
    package let problem: String
    /// The run, such as `seed=2`.
    package let run: String
    /// Which completion of the problem.
    package let sample: Int
    /// What each arm made of it; nil where it was not measured.
    package var cells: [Cell?]
  }

  /// A verdict, and where the completion stands.
  package struct Cell: Sendable {
    let evaluation: Int
    let row: Int
    let outcome: Outcome

    var isCorrect: Bool { outcome == .correct }
  }

  /// What became of a problem from one arm to another; the order is that of interest.
  package enum Change: Int, CaseIterable, Sendable {
    /// The first arm was right and the second is not.
    case lost
    /// The second arm is right and the first was not.
    case won
    case bothWrong
    case bothCorrect

    init(_ first: Bool, _ second: Bool) {
      self = first ? (second ? .bothCorrect : .lost) : (second ? .won : .bothWrong)
    }
  }

  /// The slots, in the order of problems, runs and samples.
  package let slots: [Slot]

  /// Joins evaluations of a benchmark.
  /// - Parameters:
  ///   - evaluations: the arm, the run and the verdicts of each. An arm that has no runs stands
  ///     in every run.
  ///   - arms: how many arms there are.
  package init(_ evaluations: [Evaluation], arms: Int) {
    let runs = OrderedSet(evaluations.map(\.run))
    let single = evaluations.filter { evaluation in
      evaluation.run.isEmpty && runs.count > 1
        && !evaluations.contains { $0.arm == evaluation.arm && $0.run != evaluation.run }
    }
    let shared = runs.count > 1 ? Array(runs.filter { !$0.isEmpty }) : runs.elements
    var found: OrderedDictionary<Key, Slot> = [:]
    for evaluation in evaluations {
      let isSingle = single.contains { $0.index == evaluation.index }
      for run in isSingle ? shared : [evaluation.run] {
        for (row, verdict) in evaluation.verdicts.enumerated() {
          let key = Key(problem: verdict.problem, run: run, sample: verdict.sample)
          let empty = Slot(
            problem: key.problem, run: run, sample: key.sample,
            cells: Array(repeating: nil, count: arms))
          found[key, default: empty].cells[evaluation.arm] = Cell(
            evaluation: evaluation.index, row: row, outcome: verdict.outcome)
        }
      }
    }
    slots = found.values.elements
  }

  /// An evaluation to be joined with others.
  package struct Evaluation: Sendable {
    /// Its number, which cells refer to.
    let index: Int
    let arm: Int
    let run: String
    let verdicts: [GradedSample]

    package init(index: Int, arm: Int, run: String, verdicts: [GradedSample]) {
      self.index = index
      self.arm = arm
      self.run = run
      self.verdicts = verdicts
    }
  }

  private struct Key: Hashable {
    let problem: String
    let run: String
    let sample: Int
  }

  /// How often each change happened from one arm to another, over all slots that both have.
  package func count(from first: Int, to second: Int) -> [Change: Int] {
    var counts: [Change: Int] = [:]
    for slot in slots {
      if let change = slot.change(from: first, to: second) { counts[change, default: 0] += 1 }
    }
    return counts
  }

  /// At most `limit` slots, flips between two arms first: half of the places go to what was lost,
  /// a quarter to what was won, an eighth to what flipped between other arms; what a group leaves
  /// over goes to the next. Each problem comes once before any comes twice.
  package func chosen(_ limit: Int, from first: Int, to second: Int) -> [Slot] {
    var groups = [[Int]](repeating: [], count: 4)
    for index in slots.indices { groups[slots[index].rank(first, second)].append(index) }
    let sorted = groups.map(spread)
    let shares = [limit / 2, limit / 4, limit / 8, limit]
    var taken = Set<Int>()
    for (group, share) in zip(sorted, shares) {
      taken.formUnion(group.prefix(min(share, limit - taken.count)))
    }
    for group in sorted {
      taken.formUnion(group.filter { !taken.contains($0) }.prefix(limit - taken.count))
    }
    return taken.sorted().map { slots[$0] }
  }

  /// Every problem's first slot, then every problem's second one, and so on.
  private func spread(_ group: [Int]) -> [Int] {
    var seen: [String: Int] = [:]
    let turns = group.map { index -> (turn: Int, index: Int) in
      let turn = seen[slots[index].problem, default: 0]
      seen[slots[index].problem] = turn + 1
      return (turn, index)
    }
    return turns.sorted { $0 < $1 }.map(\.index)
  }
}

extension CompletionSlots.Slot {
  /// What became of the problem from one arm to another; nil where either was not measured.
  package func change(from first: Int, to second: Int) -> CompletionSlots.Change? {
    guard let a = cells[first], let b = cells[second] else { return nil }
    return CompletionSlots.Change(a.isCorrect, b.isCorrect)
  }

  /// 0 lost, 1 won, 2 another pair of arms disagrees, 3 all agree.
  fileprivate func rank(_ first: Int, _ second: Int) -> Int {
    switch change(from: first, to: second) {
    case .lost?: 0
    case .won?: 1
    default: Set(cells.compactMap { $0?.isCorrect }).count > 1 ? 2 : 3
    }
  }
}

/// An evaluation with its place.
package struct EvaluationPlace: Sendable {
  let instance: PlannedInstance
  /// The arm, such as `warmed_rl`.
  package let arm: String
  /// The benchmark, such as `math500`.
  package fileprivate(set) var benchmark: String
  /// The run, such as `seed=2`; empty where there is one only.
  package let run: String

  init(instance: PlannedInstance, arm: String, benchmark: String, run: String = "") {
    self.instance = instance
    self.arm = arm
    self.benchmark = benchmark
    self.run = run
  }
}

/// Which arm each evaluation of a plan measures, on which benchmark, in which run.
///
/// Of the axes that an evaluation depends on, those that a table averages over, and `seed`, tell
/// runs apart; those along which the problems change tell benchmarks apart; the rest tells arms
/// apart. Without such an axis the stages that made the model and the problems give the names.
package struct EvaluationPlaces: Sendable {
  /// The evaluations, in the order of the plan.
  package let places: [EvaluationPlace]
  package let arms: [String]
  package let benchmarks: [String]
  package let runs: [String]

  /// Finds the evaluations of a plan.
  /// - Parameter runAxes: the axes that tables average over.
  package init(_ data: Findings, runAxes: Set<String>) {
    let evaluations = data.instances.filter(\.isEvaluation)
    let stages = OrderedDictionary(grouping: evaluations, by: \.stageName)
    var places = stages.values.flatMap { instances in
      let benchmarkAxes = Self.benchmarkAxes(of: instances, without: runAxes, data)
      return instances.map { Self.place($0, data, runAxes: runAxes, benchmarkAxes: benchmarkAxes) }
    }
    Self.tellApart(&places)
    self.init(places: places)
  }

  init(places: [EvaluationPlace]) {
    self.places = places
    arms = OrderedSet(places.map(\.arm)).elements
    benchmarks = OrderedSet(places.map(\.benchmark)).elements
    runs = OrderedSet(places.map(\.run)).elements
  }

  private static func place(
    _ instance: PlannedInstance, _ data: Findings, runAxes: Set<String>,
    benchmarkAxes: Set<String>
  ) -> EvaluationPlace {
    let run = instance.point.filter { runAxes.contains($0.key) }
    let benchmark = instance.point.filter { benchmarkAxes.contains($0.key) }
    let arm = instance.point.filter {
      !runAxes.contains($0.key) && !benchmarkAxes.contains($0.key)
    }
    func producer(of port: String) -> String {
      data.binding(of: port, of: instance)?.producerStage ?? instance.stageName
    }
    let (model, problems) = (producer(of: "model"), producer(of: "problems"))
    return EvaluationPlace(
      instance: instance, arm: arm.isEmpty ? model : arm.label,
      benchmark: benchmark.isEmpty ? problems : benchmark.label, run: run.label)
  }

  /// The axes along which nothing else changes and the problems do.
  private static func benchmarkAxes(
    of instances: [PlannedInstance], without runAxes: Set<String>, _ data: Findings
  ) -> Set<String> {
    let axes = OrderedSet(instances.flatMap { $0.point.keys }).filter { !runAxes.contains($0) }
    let found = axes.filter { axis in
      let alike = Dictionary(grouping: instances) { instance in
        instance.point.filter { $0.key != axis }.coordinates
      }
      return alike.values.contains { group in
        Set(group.map { data.binding(of: "problems", of: $0) }).count > 1
      }
    }
    return Set(found)
  }

  /// Where two stages measure the same arm on the same problems, their names go to the benchmark.
  private static func tellApart(_ places: inout [EvaluationPlace]) {
    let groups = Dictionary(grouping: places.indices) { index in
      [places[index].arm, places[index].benchmark, places[index].run]
    }
    let clashing = Set(
      groups.values.filter { $0.count > 1 }.flatMap { $0.map { places[$0].benchmark } })
    for index in places.indices where clashing.contains(places[index].benchmark) {
      places[index].benchmark += " · " + places[index].instance.stageName
    }
  }
}
