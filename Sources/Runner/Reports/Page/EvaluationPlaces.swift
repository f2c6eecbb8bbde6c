import OrderedCollections

/// Which arm each evaluation of a plan measures, on which benchmark, in which run.
///
/// Of the axes that an evaluation depends on, those that a table averages over, and `seed`, tell
/// runs apart; those along which the problems change tell benchmarks apart; the rest tells arms
/// apart. Without such an axis the stages that made the model and the problems give the names.
package struct EvaluationPlaces: Sendable {
  /// An evaluation with its place.
  package struct Place: Sendable {
    let instance: ExpectedInstance
    /// The arm, such as `warmed_rl`.
    package let arm: String
    /// The benchmark, such as `math500`.
    package fileprivate(set) var benchmark: String
    /// The run, such as `seed=2`; empty where there is one only.
    package let run: String

    /// Describes a place.
    init(instance: ExpectedInstance, arm: String, benchmark: String, run: String = "") {
      self.instance = instance
      self.arm = arm
      self.benchmark = benchmark
      self.run = run
    }
  }

  /// The evaluations, in the order of the plan.
  package let places: [Place]
  /// The arms.
  package let arms: [String]
  /// The benchmarks.
  package let benchmarks: [String]
  /// The runs.
  package let runs: [String]

  /// Finds the evaluations of a plan.
  /// - Parameter runAxes: the axes that tables average over.
  package init(_ planned: [ExpectedInstance], runAxes: Set<String>) {
    let evaluations = planned.filter(\.isEvaluation)
    let stages = OrderedDictionary(grouping: evaluations, by: \.stageName)
    var places = stages.values.flatMap { instances in
      let benchmarkAxes = Self.benchmarkAxes(of: instances, without: runAxes)
      return instances.map { Self.place($0, runAxes: runAxes, benchmarkAxes: benchmarkAxes) }
    }
    Self.tellApart(&places)
    self.init(places: places)
  }

  /// Takes places that are known already.
  init(places: [Place]) {
    self.places = places
    arms = OrderedSet(places.map(\.arm)).elements
    benchmarks = OrderedSet(places.map(\.benchmark)).elements
    runs = OrderedSet(places.map(\.run)).elements
  }

  private static func place(
    _ instance: ExpectedInstance, runAxes: Set<String>, benchmarkAxes: Set<String>
  ) -> Place {
    let run = instance.point.filter { runAxes.contains($0.key) }
    let benchmark = instance.point.filter { benchmarkAxes.contains($0.key) }
    let arm = instance.point.filter {
      !runAxes.contains($0.key) && !benchmarkAxes.contains($0.key)
    }
    let model = instance.work?.input("model")?.stageName ?? instance.stageName
    let problems = instance.work?.input("problems")?.stageName ?? instance.stageName
    return Place(
      instance: instance, arm: arm.isEmpty ? model : arm.label,
      benchmark: benchmark.isEmpty ? problems : benchmark.label, run: run.label)
  }

  /// The axes along which nothing else changes and the problems do.
  private static func benchmarkAxes(
    of instances: [ExpectedInstance], without runAxes: Set<String>
  ) -> Set<String> {
    let axes = OrderedSet(instances.flatMap { $0.point.keys }).filter { !runAxes.contains($0) }
    let found = axes.filter { axis in
      let alike = Dictionary(grouping: instances) { instance in
        instance.point.filter { $0.key != axis }.coordinates
      }
      return alike.values.contains { group in
        Set(group.map { $0.work?.input("problems") }).count > 1
      }
    }
    return Set(found)
  }

  /// Where two stages measure the same arm on the same problems, their names go to the benchmark.
  private static func tellApart(_ places: inout [Place]) {
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
