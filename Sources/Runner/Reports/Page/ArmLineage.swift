import OrderedCollections

/// How an arm's model came about: the stages from the first model to the one that is measured.
package struct ArmLineage: Sendable {
  /// A stage on the way.
  package struct Step: Sendable {
    /// The stage's name.
    package let stageName: String
    /// The kind.
    package let kind: String
    /// What it worked on beside the model, such as `arithmetic.test`.
    package fileprivate(set) var materials: [String] = []
    /// The parameters in which this arm differs from others that have a step of this kind.
    package fileprivate(set) var differing: [(path: String, value: String)] = []
    /// The values that each parameter has, over runs and benchmarks.
    fileprivate var parameters: OrderedDictionary<String, OrderedSet<String>> = [:]
  }

  /// The arm's name.
  package let arm: String
  /// The steps, the first model first.
  package private(set) var steps: [Step]

  /// The lineage of each arm, where the plan says what is bound to what.
  package static func all(of places: EvaluationPlaces, planned: [ExpectedInstance]) -> [ArmLineage]
  {
    let byName = Dictionary(planned.map { ($0.name, $0) }) { first, _ in first }
    var lineages = places.arms.flatMap { arm -> [ArmLineage] in
      let own = places.places.filter { $0.arm == arm }
      let chains = own.map { chain(to: $0.instance, byName) }.filter { !$0.isEmpty }
      return OrderedDictionary(grouping: chains) { $0.map(\.stageName) }.values.map {
        ArmLineage(arm: arm, chains: $0, byName)
      }
    }
    markDifferences(&lineages)
    return lineages
  }

  /// The instances that made the model which an evaluation measures, the first one first.
  private static func chain(
    to evaluation: ExpectedInstance, _ byName: [String: ExpectedInstance]
  ) -> [ExpectedInstance] {
    var chain: [ExpectedInstance] = []
    var next = evaluation.work?.input("model").flatMap { byName[$0.producer] }
    while let instance = next {
      chain.append(instance)
      next = instance.work?.input("model").flatMap { byName[$0.producer] }
    }
    return chain.reversed()
  }

  /// Lays chains of the same stages on top of each other.
  private init(
    arm: String, chains: [[ExpectedInstance]], _ byName: [String: ExpectedInstance]
  ) {
    self.arm = arm
    steps = (chains.first ?? []).indices.map { position in
      let instances = chains.map { $0[position] }
      var step = Step(
        stageName: instances[0].stageName, kind: instances[0].work?.kind ?? "")
      let inputs = instances.flatMap { $0.work?.inputs ?? [] }.filter { $0.port != "model" }
      step.materials =
        OrderedSet(
          inputs.map { input in
            let isOnly = byName[input.producer]?.work?.outputs.count == 1
            return isOnly ? input.stageName : "\(input.stageName).\(input.output)"
          }
        ).elements
      for instance in instances {
        for leaf in instance.work?.parameters.leaves ?? [] {
          step.parameters[leaf.path, default: []].append(leaf.value.exactText)
        }
      }
      return step
    }
  }

  /// A parameter tells arms apart where it has one value in each step of the kind, and not the
  /// same in all; those that vary within an arm, such as seeds, tell runs apart.
  private static func markDifferences(_ lineages: inout [ArmLineage]) {
    let steps = Dictionary(grouping: lineages.flatMap(\.steps), by: \.kind)
    for index in lineages.indices {
      for position in lineages[index].steps.indices {
        let step = lineages[index].steps[position]
        let alike = steps[step.kind, default: []]
        lineages[index].steps[position].differing = step.parameters.compactMap { path, values in
          let all = alike.map { $0.parameters[path] ?? [] }
          guard all.allSatisfy({ $0.count <= 1 }), Set(all).count > 1, let value = values.first
          else { return nil }
          return (path, value)
        }
      }
    }
  }
}
