import Runner

/// Something from outside that a plan needs and that is not on this machine.
package struct PlanNeed: Hashable {
  /// A file, folder or server, as the recipe names it.
  package let name: String
  /// What it is for, or how to get it.
  package let advice: String

  /// What some instances need, each thing once, in their order.
  static func all(of instances: [Instance], _ environment: StageEnvironment) -> [PlanNeed] {
    var seen: Set<PlanNeed> = []
    return instances.compactMap { need(of: $0, environment) }
      .filter { seen.insert($0).inserted }
  }

  private static func need(of instance: Instance, _ environment: StageEnvironment) -> PlanNeed? {
    if let writer = instance.stage as? WriteTracesStage { return server(writer.parameters) }
    guard let name = instance.parameters["source"]?.string,
      let source = try? DataSource(parsing: name), source.fileAtHand(in: environment) == nil
    else { return nil }
    if source.needsDigest { return PlanNeed(name: name, advice: "A run fetches it.") }
    return PlanNeed(name: name, advice: advice(name))
  }

  private static func advice(_ name: String) -> String {
    PublishedModel.at(name)?.advice(path: name) ?? BenchmarkFile.at(name)?.advice
      ?? "Put it into the folder that WARMUP_DATA names."
  }

  private static func server(_ parameters: WriteTracesParameters) -> PlanNeed? {
    guard parameters.teacher == .server else { return nil }
    return PlanNeed(
      name: parameters.server.model,
      advice: "A server such as vLLM must offer it at \(parameters.server.url).")
  }
}
