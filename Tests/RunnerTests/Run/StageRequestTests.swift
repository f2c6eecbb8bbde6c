import Base
import Foundation
import Runner
import TestSupport
import Testing

/// Instances that another process runs, by what is frozen in a file.
@Suite struct StageRequestTests {
  private static let registry = KindRegistry([FakeSource.self, FakeTraining.self])
  private let project: FakeProject
  private let graph: [Instance] = [
    .source(value: 3, needsContent: true), .training(seed: 2), .kept(2), .kept(4),
    .chained("more", of: 1),
  ]

  init() throws {
    project = try FakeProject()
    try project.ask("content", "outside")
  }

  /// Writes the request of an instance, and those that are made with it.
  @discardableResult
  private func request(
    _ index: Int, of instances: [Instance]? = nil, in project: FakeProject? = nil
  ) throws -> URL {
    let project = project ?? self.project
    let plan = try project.plan(instances ?? graph)
    let asked = StageRequest.together(with: index, in: plan)
    let request = StageRequest(
      plan, asked: asked,
      in: .init(program: "0.0", cache: project.cache, folders: project.folders))
    let file = StageRequest.file(try #require(plan.items[asked[0]].key), in: project.cache)
    try request.write(to: file)
    #expect(try StageRequest(contentsOf: file) == request)
    return file
  }

  private func exec(
    _ file: URL, interruption: Interruption = Interruption(), job: String? = nil
  ) throws -> StageExit {
    try RequestRun(
      file, registry: Self.registry, threads: 1, interruption: interruption,
      versions: ["warmup": "0.0"], job: job
    ).run()
  }

  /// Replaces a text in a request, as if something else had been asked for.
  private func edit(_ file: URL, _ old: String, _ new: String) throws {
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.contains(old), "\(text)")
    try Data(text.replacing(old, with: new).utf8).write(to: file)
  }

  @Test func makesTheSameAsARunInOneProcess() throws {
    let whole = try FakeProject()
    try whole.ask("content", "outside")
    let before = try whole.run(graph)
    #expect(before.exitCode == 0, "\(before.outcomes)")
    for index in [0, 1, 4] {
      let file = try request(index)
      let exit = try exec(file)
      #expect(exit == StageExit(.done), "\(exit)")
      #expect(exit.code == 0)
      #expect(!FileManager.default.fileExists(atPath: file.path), "the work folder goes")
      // A job whose node failed behind the result begins once more.
      #expect(try exec(file).status == .done)
    }
    // The steps that are kept came with the training.
    let plan = try project.plan(graph)
    #expect(plan.count(.cached) == 5)
    for (own, other) in zip(plan.items, before.plan.items) {
      let (record, expected) = (
        try #require(own.artifact?.record), try #require(other.artifact?.record)
      )
      #expect(record.key == expected.key && record.fields == expected.fields)
      #expect(record.instance == expected.instance && record.producers == expected.producers)
      #expect(record.parameters == expected.parameters && record.values == expected.values)
      #expect(record.versions == expected.versions)
      #expect(record.files == expected.files, "\(own.name)")
    }
    #expect(
      project.notes.filter { $0 != "asked" } == ["ran numbers", "ran trained[seed=2]", "ran more"])
    // The lock is for whoever has the recipe.
    #expect(try RecipeLock(recipeFolder: project.recipeFolder).keys.isEmpty)
  }

  @Test func stepsOfATrainingThatIsDoneAreMadeTogether() throws {
    #expect(try project.run([graph[0], graph[1]]).exitCode == 0)
    let exit = try exec(try request(3))
    #expect(exit.status == .done, "\(exit)")
    let plan = try project.plan(graph)
    #expect(plan.items[2...3].map(\.state) == [.cached, .cached])
    #expect(project.notes.count { $0 == "ran trained[seed=2]" } == 2, "it ran again once")
  }

  @Test func stopsAtACheckpointAndGoesOn() throws {
    #expect(try project.run([graph[0]]).exitCode == 0)
    let file = try request(1)
    let work = file.deletingLastPathComponent()
    try project.ask("stop-at-2")
    let exit = try exec(file, job: "17")
    #expect((exit.status, exit.code, exit.step, exit.job) == (.stopped, 75, 2, "17"))
    #expect(exit.sentence == "stopped at the last checkpoint; run again to continue")
    #expect(StageExit(in: work) == exit)
    #expect(try exec(file).status == .done)
    let record = try #require(try project.plan(graph).items[1].artifact?.record)
    #expect(record.resumedFrom == 2)
    #expect(record.values["sum"] == .number(30))
  }

  @Test func countsHowOftenItStoodStill() throws {
    #expect(try project.run([graph[0]]).exitCode == 0)
    let file = try request(1)
    let stop = Interruption()
    stop.request()
    #expect(try (0..<3).map { _ in try exec(file, interruption: stop).stalls } == [0, 1, 2])
    try project.ask("stop-at-1")
    #expect(try exec(file).stalls == 0, "a newer checkpoint is progress")
  }

  @Test func saysWhyAStageFailed() throws {
    #expect(try project.run([graph[0]]).exitCode == 0)
    let file = try request(1)
    try project.ask("fail-at-3")
    let exit = try exec(file)
    #expect((exit.status, exit.code, exit.sentence, exit.step) == (.failed, 1, "no more chalk", 2))
    #expect(StageExit(in: file.deletingLastPathComponent()) == exit)
    #expect(try exec(file).status == .done)
  }

  @Test func refusesAnotherVersionOfTheKind() throws {
    #expect(try project.run([graph[0]]).exitCode == 0)
    let file = try request(1)
    try edit(file, "\"kind_version\": 2", "\"kind_version\": 3")
    try expectRefusal(
      file,
      "'trained[seed=2]' is asked for in version 3 of the kind fake_training, by warmup 0.0; this "
        + "program has version 2. Use one program for a run and its jobs")
  }

  @Test func refusesAKindThatItDoesNotHave() throws {
    #expect(try project.run([graph[0]]).exitCode == 0)
    let file = try request(1)
    try edit(file, "fake_training", "fake_trainings")
    try expectRefusal(
      file,
      "'trained[seed=2]' is of the kind 'fake_trainings', which this program does not have; run the "
        + "program that wrote the request")
  }

  @Test(arguments: [
    ("\"steps\": 4", "\"steps\": 5", "steps changed from 5 to 4; run the recipe again"),
    ("\"steps\": 4", "\"step\": 4", "unknown key 'step' of the kind fake_training"),
  ])
  func refusesOtherParameters(old: String, new: String, words: String) throws {
    #expect(try project.run([graph[0]]).exitCode == 0)
    let file = try request(1)
    let text = try String(contentsOf: file, encoding: .utf8)
    // The first place is in what identifies the result, the second in the parameters.
    let isParameters = words.hasPrefix("unknown")
    let ranges = text.ranges(of: old)
    #expect(ranges.count >= 2)
    let range = isParameters ? ranges[1] : ranges[0]
    try Data(text.replacingCharacters(in: range, with: new).utf8).write(to: file)
    let exit = try exec(file)
    #expect(exit.code == 1 && exit.sentence.contains(words), "\(exit)")
  }

  @Test func refusesOtherContentFromOutside() throws {
    let file = try request(0)
    try project.ask("content", "other")
    try expectRefusal(
      file,
      "'numbers' is not what was asked for: the content of 'content' changed; run the recipe again")
    try FileManager.default.removeItem(at: project.control.appending(path: "content"))
    let exit = try exec(file)
    #expect(exit.sentence.hasPrefix("there is no file 'content' in"), "\(exit)")
  }

  @Test func refusesAnInputThatIsMissing() throws {
    let file = try request(1)
    try expectRefusal(file, "its input 'numbers' is not in \(project.cache.folder.path)")
    #expect(!project.notes.contains("ran numbers"), "what was not asked for must not run")
  }

  @Test func refusesAnInputThatBecameAnother() throws {
    let made = try project.run([graph[0]]).plan.results[0]
    let file = try request(1)
    let digest = try #require(made.artifact?.record.files["numbers.h5"]?.sha256)
    try edit(file, digest, String(repeating: "0", count: 64))
    try expectRefusal(
      file,
      "its input 'numbers' has another numbers.h5 than when the job was asked for; run the recipe again"
    )
  }

  /// Not known when it was asked for, as where the whole graph waits in a queue.
  @Test func takesAnInputThatWasMadeMeanwhile() throws {
    let file = try request(1)
    #expect(try exec(try request(0)).status == .done)
    #expect(try exec(file).status == .done)
  }

  @Test func makesADamagedInputAgain() throws {
    let made = try project.run([graph[0]]).plan.results[0]
    let file = try request(1)
    let place = made.folder.appending(path: "numbers.h5")
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: place.path)
    var bytes = try Data(contentsOf: place)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: place)
    let exit = try exec(file)
    #expect(exit.status == .done, "\(exit)")
    #expect(project.notes.count { $0 == "ran numbers" } == 2)
  }

  @Test(arguments: [
    ("{", "it is not valid JSON"), ("{\"format\": 2}", "another version of warmup wrote it"),
    ("{\"format\": 1}", "entries are missing"),
  ])
  func refusesWhatIsNoRequest(text: String, words: String) throws {
    let file = try project.folder.write(text, "request.json")
    try expectRefusal(file, "the request \(file.path) cannot be used: \(words)")
  }

  private func expectRefusal(_ file: URL, _ sentence: String) throws {
    let exit = try exec(file)
    #expect((exit.status, exit.code, exit.sentence) == (.failed, 1, sentence))
    #expect(StageExit(in: file.deletingLastPathComponent())?.sentence == sentence)
  }
}
