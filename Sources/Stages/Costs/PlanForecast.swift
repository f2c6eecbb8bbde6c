import Model
import Runner

/// How much work a plan is, and what it needs from outside, told without running anything and
/// without the files.
package struct PlanForecast {
  /// What is foreseen of one instance.
  package struct Item {
    /// The instance.
    package let instance: Instance
    /// Its work; nil where there is none, or none is known.
    package let work: Work?
    /// What is not known that its work depends on.
    package let unknown: String?
  }

  /// What is yet to run, each result once, in the order of the plan.
  package let items: [Item]
  /// What it needs from outside.
  package let needs: [PlanNeed]

  /// Foresees the work of what is not in the cache.
  /// - Parameter meanTokens: how long completions are taken to be; as long as they may where nil.
  package init(_ plan: Plan, environment: StageEnvironment, meanTokens: Int? = nil) {
    var foreseen: [Foresight] = []
    var places: [String: Int] = [:]
    var identities: [Int] = []
    var items: [Item] = []
    for (index, planned) in plan.items.enumerated() {
      let instance = planned.instance
      let question = Self.question(instance, identities)
      if let known = places[question] {
        identities.append(known)
        foreseen.append(foreseen[known])
        continue
      }
      places[question] = index
      identities.append(index)
      let foresight = Self.foresight(instance, foreseen, meanTokens, environment)
      foreseen.append(foresight)
      guard planned.state != .cached else { continue }
      items.append(
        Item(instance: instance, work: foresight.work, unknown: foresight.unknown))
    }
    self.items = items
    needs = PlanNeed.all(of: items.map(\.instance), environment)
  }

  /// The work of all items together.
  package var total: Work { items.compactMap(\.work).reduce(Work(), +) }

  /// Instances with the same work have the same question, as those with the same result have the
  /// same key. What must not be measured on is no work: completions are shared without it.
  private static func question(_ instance: Instance, _ identities: [Int]) -> String {
    let isMeasured = instance.stage is EvaluateStage
    let inputs = instance.inputs.filter { !(isMeasured && $0.port == "trained_on") }
      .map { "\($0.port)=\(identities[$0.producer]).\($0.output)" }
    return ([instance.kind.kind, instance.parameters.text] + inputs).joined(separator: "\n")
  }

  private static func foresight(
    _ instance: Instance, _ foreseen: [Foresight], _ meanTokens: Int?,
    _ environment: StageEnvironment
  ) -> Foresight {
    guard let stage = instance.stage as? any ForeseeableStage else { return Foresight() }
    let contents = instance.inputs.map {
      ($0.port, foreseen[$0.producer].outputs[$0.output] ?? ForeseenContent())
    }
    return stage.foresight(
      ForeseenInputs(
        contents: Dictionary(contents) { $1 }, meanTokens: meanTokens, environment: environment))
  }
}
