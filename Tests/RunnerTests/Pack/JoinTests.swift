import Base
import Foundation
import OrderedCollections
import Runner
import TestSupport
import Testing

/// One report's worth of results from several packed files.
@Suite struct JoinTests {
  @Test func sittingsAreJoinedToTheWhole() throws {
    let whole = try Sitting()
    try whole.run()
    let plan = try whole.project.plan(whole.loaded().instances)
    let packs = try OpenPacks(Sitting().packed("rate=0.1,0.3"), Sitting().packed("rate=0.2"))
    let joined = try packs.joined()
    #expect(joined.recipe.overrides.isEmpty && joined.recipe.name == "shared")
    #expect(joined.plan.items.map(\.name) == plan.items.map(\.name))
    #expect(joined.plan.items.dropLast().map(\.values) == plan.items.dropLast().map(\.values))
    #expect(joined.plan.items.dropLast().map(\.key) == plan.items.dropLast().map(\.key))
    #expect(joined.plan.items.last?.isDone == false, "nobody had what it gathers")
    #expect(joined.lock == RecipeLock(plan))
    #expect(joined.shares.map(\.source) == ["a", "b"])
    #expect(
      joined.shares.map(\.given) == [
        ["numbers", "trained[rate=0.1]", "trained[rate=0.3]"], ["trained[rate=0.2]"],
      ])
    #expect(joined.shares.map(\.repeated) == [0, 1])
    try joined.lock.check(plan, path: "")
    try joined.lock.check(plan.only(PlanPart(["rate=0.2"], of: joined.recipe.axes)), path: "")
  }

  @Test func whatSomebodyGatheredOverAllIsTaken() throws {
    let all = try Sitting()
    try all.run()
    let packs = try OpenPacks(Sitting().packed("rate=0.1"))
    #expect(try packs.joined(with: all.here()).plan.results.count == 5)
  }

  @Test func axesAreTheUnionInTheRecipesOrder() throws {
    func pack(_ axes: String) throws -> OpenedPack {
      let sitting = try Sitting()
      try sitting.run(overrides: ["axes.rate=\(axes)"])
      return try sitting.pack(overrides: ["axes.rate=\(axes)"])
    }
    let (third, new, first) = (try pack("[0.3]"), try pack("[7, 0.5]"), try pack("[0.1]"))
    let joined = try OpenPacks(third, new, first).joined()
    #expect(joined.recipe.axes["rate"] == [0.1, 0.3, 7, 0.5])
    #expect(joined.recipe.overrides == ["axes.rate=[0.1,0.3,7,0.5]"])
    #expect(joined.plan.results.count == 5)
    let total = try #require(joined.plan.items.last)
    #expect(!total.isDone && total.key == nil, "each gathered over its own rates")
    #expect(try OpenPacks(first, pack("[0.3, 0.2]")).joined().recipe.overrides.isEmpty)
  }

  @Test func onlyValuesOfAxesMayDiffer() throws {
    let first = try Sitting().packed("rate=0.1")
    func refusal(_ change: @escaping (String) -> String) throws -> String {
      let other = try Sitting(change)
      return try OpenPacks(first, other.packed("rate=0.2")).refusal()
    }
    #expect(
      try refusal { $0.replacing("name: shared", with: "name: other") }
        == "a is of the recipe 'shared' and b of 'other'; one report is of one recipe")
    #expect(
      try refusal { $0.replacing("steps: 2", with: "steps: 3") }
        == "a and b are not of one experiment: in 'trained[rate=0.1]' steps changed from 2 to 3. "
        + "Only the values of axes may differ")
    #expect(
      try refusal { $0.replacing("total:", with: "sum:") }.contains(": only the first has 'total'.")
    )
    #expect(
      try refusal { $0.replacing("    params: {steps", with: "    keep: [1]\n    params: {steps") }
        .contains("not both have an axis 'step'"))
  }

  @Test func contentFromOutsideMustBeTheSame() throws {
    let other = try Sitting()
    try other.project.ask("content", "something else")
    let packs = try OpenPacks(Sitting().packed("rate=0.1"), other.packed("rate=0.2"))
    #expect(packs.refusal().contains("in 'numbers' the content of 'content' changed"))
  }

  @Test func whatCannotChangeAResultMayDiffer() throws {
    let other = try Sitting {
      $0.replacing("steps: 2", with: "threads: 4, steps: 2")
        .replacing("rows: rate", with: "rows: rate, title: Other") + "# written otherwise\n"
    }
    let joined = try OpenPacks(Sitting().packed("rate=0.1"), other.packed("rate=0.2")).joined()
    #expect(joined.plan.results.count == 3)
    #expect(joined.shares.map(\.otherSections) == [[], ["tables"]])
    #expect(joined.recipe.tables[0].specification.title == nil)
  }

  @Test func oneResultTwiceMustBeTheSame() throws {
    let slipped = try Sitting()
    try slipped.project.ask("slip-at-1")
    let packs = try OpenPacks(Sitting().packed("rate=0.1"), slipped.packed("rate=0.1"))
    #expect(
      packs.refusal()
        == "a and b have different results of one instance: sum of 'trained[rate=0.1]' is 3.0 in the "
        + "first and 4.0 in the second")
  }

  /// What was made before a kind wrote a supplement is the same result without it.
  @Test func aSupplementThatOneLacksIsNoDifference() throws {
    let later = try Sitting()
    try later.project.ask("supplement")
    let (one, other) = try (Sitting().packed("rate=0.1"), later.packed("rate=0.1"))
    #expect(try OpenPacks(one, other).joined().plan.results.count == 2)
    #expect(try OpenPacks(other, one).joined().plan.results.count == 2)
    let record = try #require(
      other.experiment.artifacts.values.map(\.artifact.record).first { $0.files.count == 3 })
    #expect(record.supplements() == ["sum.notes.h5"])
    #expect(record.supplements(of: "sum") == record.supplements())
    #expect(record.supplements(of: "model").isEmpty)
    // It goes with its output.
    let bare = try later.pack(leftOut: [ArtifactType("Numbers")])
    #expect(bare.experiment.artifacts[record.key]?.incomplete == ["sum.h5", "sum.notes.h5"])
  }

  @Test func otherMachinesAreNamed() throws {
    let sitting = try Sitting()
    try sitting.run("rate=0.1")
    let first = try sitting.pack("rate=0.1")
    var forgery = try PackForgery(sitting.file("rate=0.1"))
    let key = try forgery.key(of: "trained[rate=0.1]")
    forgery.changeRecord(of: key, "\"processor\": \"", "\"processor\": \"Abacus ")
    let same = sitting.project.folder.file("same.h5")
    try forgery.write(to: same)
    #expect(
      try OpenPacks(first, PackedFile(checking: same).opened(PackFixture.registry)).joined().plan
        .results.count == 2,
      "where does not count")
    forgery.changeRecord(of: key, "\"sum\": 3", "\"sum\": 5")
    let other = sitting.project.folder.file("other.h5")
    try forgery.write(to: other)
    #expect(
      try OpenPacks(first, PackedFile(checking: other).opened(PackFixture.registry)).refusal()
        .contains(
          "and on Abacus \(Machine.current().processor), which may differ in the last bits: let one "
            + "go on from what the other packed ('warmup run a')"))
  }

  @Test func theFullerResultIsTaken() throws {
    let sitting = try Sitting()
    try sitting.run("rate=0.1")
    let bare = try sitting.pack(leftOut: [ArtifactType("Numbers")])
    let joined = try OpenPacks(bare, sitting.pack()).joined()
    #expect(joined.shares.map(\.given.count) == [0, 2])
    #expect(joined.shares.map(\.repeated) == [2, 0])
    let incomplete = joined.artifacts.values.filter { !$0.incomplete.isEmpty }
    #expect(incomplete.isEmpty)
  }

  @Test func whatIsDoneHereJoinsIn() throws {
    let here = try Sitting()
    try here.run("rate=0.3")
    let packs = try OpenPacks(Sitting().packed("rate=0.1"))
    let joined = try packs.joined(with: here.here())
    #expect(joined.shares.map(\.given.count) == [2, 1] && joined.shares[1].source == "shared.yaml")
    // Of another content, but with nothing done: what is planned binds nobody.
    let empty = try Sitting()
    try empty.project.ask("content", "something else")
    #expect(try packs.joined(with: empty.here()).plan.results.count == 2)
  }

  @Test func allMustHaveBeenRegisteredAlike() throws {
    let sitting = try Sitting()
    let first = try sitting.packed("rate=0.1")
    func registered(_ digest: String) throws -> OpenedPack {
      var forgery = try PackForgery(sitting.file("rate=0.1"))
      forgery.lock = forgery.lock.replacing(
        "\n  \"version\": 2", with: "\n  \"registration\": \"\(digest)\",\n  \"version\": 2")
      let file = sitting.project.folder.file("\(digest).h5")
      try forgery.write(to: file)
      return try PackedFile(checking: file).opened(PackFixture.registry)
    }
    let (one, two) = (try registered("aa"), try registered("bb"))
    #expect(try OpenPacks(one, one).joined().lock.registration == "aa")
    #expect(try OpenPacks(one, two).joined().lock.registration == nil)
    #expect(try OpenPacks(one, first).joined().lock.registration == nil)
  }

  @Test func aPartSaysThatItIsOne() throws {
    let sitting = try Sitting()
    try sitting.run("rate=0.1,0.2")
    let opened = try sitting.pack("rate=0.2,0.3")
    let recipe = try opened.experiment.recipe(registry: Sitting.registry)
    let plan = opened.experiment.plan(recipe.instances)
    #expect(plan.items.map(\.state) == [.cached, .notAsked, .cached, .toRun, .notAsked])
    #expect(plan.items[1].reason == "not in the file, which was packed with --only rate=0.2,0.3")
    #expect(plan.items[3].reason == "not done when it was packed")
  }

  @Test func whatIsJoinedIsLaidOutWhole() throws {
    let packs = try [Sitting().packed("rate=0.1"), Sitting().packed("rate=0.2")]
    let sources = try packs.map {
      try ResultSource($0.experiment, name: $0.file.lastPathComponent, registry: Sitting.registry)
    }
    let joined = try JoinedResults(sources)
    let scratch = try ScratchFolder()
    let folder = scratch.file("out")
    try packs[0].experiment.layOut(joined, in: folder)
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    #expect(names.contains("recipe/shared.yaml"))
    #expect(names.count { $0.hasSuffix("record.json") } == 3)
    #expect(try RecipeLock(recipeFolder: folder) == joined.lock)
    #expect(throws: PackError.self) { try packs[0].experiment.layOut(joined, in: folder) }
  }

  /// A gate on each training, which one that slipped passes.
  private static func gated(_ least: Int = 4) -> (String) -> String {
    { recipe in
      recipe.replacing(
        "  total: {kind: join_total, inputs: {numbers: trained}, over: rate}",
        with: """
              require: {sum: {at_least: \(least)}}
            later: {kind: fake_training, inputs: {numbers: trained.sum}}
          """)
    }
  }

  @Test func gatesOfAllPartsAreJudged() throws {
    let (failed, passed) = (try Sitting(Self.gated()), try Sitting(Self.gated()))
    try passed.project.ask("slip-at-1")
    let joined = try OpenPacks(failed.packed("rate=0.1"), passed.packed("rate=0.2")).joined()
    func state(_ name: String, _ plan: Plan) -> PlannedInstance.State? {
      plan.items.first { $0.name == name }?.state
    }
    let later = ["later[rate=0.1]", "later[rate=0.2]", "later[rate=0.3]"]
    #expect(later.map { state($0, joined.plan) } == [.stopped, .cached, .toRun])
    #expect(joined.lock.entries[later[0]]?.isStopped == true)
    #expect(joined.lock.entries[later[1]]?.isStopped == false)

    let recipe = try failed.loaded()
    let part = try PlanPart(["rate=0.3"], of: recipe.axes)
    let plan = try failed.project.plan(recipe.instances).only(part)
    #expect(later.map { state($0, plan) } == [.notAsked, .notAsked, .toRun])
    let summary = try failed.project.executor().run(plan)
    #expect(summary.ran == 1 && summary.stopped == 1 && summary.exitCode == 0)
    #expect(later.map { state($0, summary.plan) } == [.stopped, .notAsked, .stopped])
    let lock = try RecipeLock(recipeFolder: failed.project.recipeFolder)
    #expect(lock.entries[later[0]]?.isStopped == true)

    let strict = try Sitting(Self.gated(5)).packed("rate=0.2")
    #expect(
      try OpenPacks(failed.pack("rate=0.1"), strict).refusal().contains(
        "'trained' requires sum at least 4 in the first and sum at least 5 in the second"))
  }
}
