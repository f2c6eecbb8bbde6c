import Base
import OrderedCollections
import Runner
import Testing

/// What an upgrade of the program makes anew.
@Suite struct UpgradeLossTests {
  /// The kind as an older program had it.
  struct OlderTraining: Stage {
    static let kind = FakeTraining.kind
    static let version = 1
    static let summary = "adds"
    static let metrics = FakeTraining.metrics
    static let inputs = FakeTraining.inputs
    static let outputs = FakeTraining.outputs
    let parameters: FakeTraining.Parameters

    func run(_ context: StageContext) throws {
      try FakeTraining(parameters: parameters).run(context)
    }
  }

  private func older(_ name: String, steps: Int = 4) -> Instance {
    var parameters = FakeTraining.Parameters()
    parameters.steps = steps
    return Instance(
      stageName: name, point: [:], stage: OlderTraining(parameters: parameters),
      parameters: parameters.json, identity: parameters.identity,
      inputs: [BoundInput(port: "numbers", producer: 0, output: "numbers")])
  }

  @Test func whatIsLostIsGroupedByKindAndWhatTheRecipeChangedIsNot() throws {
    let project = try FakeProject()
    let more = FakeKept.Parameters()
    let behind = Instance(
      stageName: "copy", point: [:], stage: CopyStage(parameters: more), parameters: more.json,
      identity: more.identity, inputs: [BoundInput(port: "sum", producer: 1, output: "sum")])
    let old = [.source(), older("trained"), older("again", steps: 3), behind]
    let ran = try project.run(old)
    #expect(ran.exitCode == 0)
    #expect(try project.plan(old).upgradeLosses.isEmpty)

    let new: [Instance] = [.source(), .training(), .training("again", steps: 3), behind]
    let losses = try project.plan(new).upgradeLosses
    let loss = try #require(losses.first)
    #expect(losses.count == 1 && loss.kind == "fake_training" && (loss.from, loss.to) == (1, 2))
    #expect((loss.instances, loss.behind) == (2, 1) && loss.notes == ["it adds otherwise"])
    let seconds = ran.plan.results.dropFirst().compactMap(\.lastSeconds)
    let took = ran.plan.results.dropFirst().compactMap { $0.artifact?.record.seconds }.reduce(0, +)
    #expect(seconds.isEmpty && abs(loss.seconds - took) < 0.1)
    #expect(loss.words.hasPrefix("2 instances and 1 made from them, which took 0."))
    #expect(loss.names == ["trained", "again", "copy"])
    let entries = try project.plan(new).json.array ?? []
    let upgrade: JSONValue = [
      "kind": "fake_training", "from": 1, "to": 2, "changes": ["it adds otherwise"],
    ]
    #expect(entries.map { $0["upgrade"] } == [.null, upgrade, upgrade, upgrade])

    // Of these the recipe changed one as well, and the other was never there.
    let changed: [Instance] = [.source(value: 2), .training("trained"), .training("new", of: 0)]
    let both = try project.plan(changed).upgradeLosses
    #expect(both.map(\.instances) == [1])
    _ = try project.run(new)
    #expect(try project.plan([.source(value: 2), .training()]).upgradeLosses.isEmpty)
  }

  /// An instance of the same kind that was made by the newer version is lost only for its input.
  @Test func whatTheNewVersionMadeIsBehind() throws {
    let project = try FakeProject()
    _ = try project.run([.source(), older("trained"), .chained("more", of: 1)])
    let losses = try project.plan([.source(), .training(), .chained("more", of: 1)]).upgradeLosses
    #expect(losses.map(\.instances) == [1] && losses.map(\.behind) == [1])
  }

  /// Takes a sum and hands it on.
  struct CopyStage: Stage {
    static let kind = "copy"
    static let version = 1
    static let summary = "copies"
    static let inputs = FakeKept.inputs
    static let outputs = FakeKept.outputs
    let parameters: FakeKept.Parameters

    func run(_ context: StageContext) throws { try FakeKept(parameters: parameters).run(context) }
  }
}
