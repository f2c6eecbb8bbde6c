import Base
import Foundation
import HDF5
import Runner
import TestSupport
import Testing

/// What is packed comes out again, where there is neither data nor cache.
@Suite struct PackTests {
  private let fixture: PackFixture

  init() throws {
    fixture = try PackFixture()
    try fixture.run()
  }

  @Test func equalResultsPackIntoEqualBytes() throws {
    let file = try fixture.pack()
    let first = try Data(contentsOf: file)
    #expect(try Data(contentsOf: fixture.pack("other.h5")) == first)
    #expect(String(decoding: first.prefix(24), as: UTF8.self) == "warmup packed experiment")
    #expect(try fixture.pack() == file, "an older file is replaced")
    let text = String(decoding: first, as: UTF8.self)
    #expect(!text.contains(fixture.project.folder.url.path), "no paths of this machine")
  }

  @Test func itsTopIsReadable() throws {
    let file = try HDF5Reader(fixture.pack())
    #expect(try file.attribute("recipe")?.string == "packed")
    #expect(try file.attribute("summary")?.string == "Does what is packed come out again?")
    #expect(try file.attribute("planned")?.integer == 5)
    #expect(try file.attribute("done")?.integer == 5)
    #expect(try file.attribute("models")?.string == "left out")
    #expect(
      try file.readStrings("/recipe/path")
        == ["own/packed.yaml", "base.yaml", "published/p.yaml"])
    #expect(try file.readStrings("/recipe/text")[0] == PackFixture.recipe)
    #expect(try file.readStrings("/tables/main.csv")[0].contains("24"))
    // Five instances, and the completions of two of them.
    #expect(try file.members(of: "/artifacts").count == 7)
  }

  @Test func everythingThatReportsReadComesOut() throws {
    let recipe = try fixture.loaded()
    let plan = try fixture.project.plan(recipe.instances)
    let elsewhere = try ScratchFolder()
    let file = elsewhere.file("received.h5")
    try FileManager.default.copyItem(at: try fixture.pack(), to: file)
    func values(_ recipe: Recipe) throws -> PublishedTable {
      let path = try #require(recipe.tables.first?.specification.published.first)
      return try PublishedTable(
        contentsOf: PublishedTable.file(path, beside: recipe.file.deletingLastPathComponent()))
    }
    let published = try values(recipe)
    try FileManager.default.removeItem(at: fixture.project.folder.url)

    let experiment = try PackedFile(checking: file).unpack(
      to: elsewhere.file("laid/out"), registry: PackFixture.registry)
    let unpacked = try experiment.recipe(registry: PackFixture.registry)
    #expect(unpacked.overrides == PackFixture.overrides)
    #expect(unpacked.sourceText == recipe.sourceText && unpacked.summary == recipe.summary)
    #expect(try values(unpacked) == published)
    let packedPlan = experiment.plan(unpacked.instances)
    #expect(packedPlan.items.map(\.artifact?.record) == plan.items.map(\.artifact?.record))
    #expect(packedPlan.count(.cached) == 5)
    #expect(throws: PackError.self, "a folder that is there stays as it is") {
      try PackedFile(checking: file).unpack(
        to: elsewhere.file("laid/out"), registry: PackFixture.registry)
    }
  }

  @Test func aCacheTakesOverWhatIsWholeAndMakesTheRestAgain() throws {
    let file = try fixture.pack()
    let before = try fixture.project.plan(fixture.loaded().instances)
    let receiver = try FakeProject()
    let opened = try PackedFile(checking: file).opened(PackFixture.registry)
    let recipe = try opened.experiment.recipe(registry: PackFixture.registry)
    let planner = Planner(
      cache: receiver.cache, folders: receiver.folders, packed: opened.experiment)
    let plan = planner.plan(recipe.instances)
    let gap = "not all of model.h5 is in the packed file"
    let there = "its result is in the packed file"
    #expect(plan.items.map(\.reason) == [there, gap, gap, there, there])
    #expect(plan.items.map(\.key) == before.items.map(\.key))
    try opened.experiment.lock.check(plan, path: "")

    #expect(try opened.experiment.seed(receiver.cache, for: plan) == (5, 0))
    #expect(try opened.experiment.seed(receiver.cache, for: plan) == (0, 0))
    #expect(try receiver.executor().run(plan).ran == 2)
    for key in fixture.project.cache.keys() {
      #expect(try receiver.cache.isWhole(key))
      let names = try FileManager.default.contentsOfDirectory(
        atPath: fixture.project.cache.artifactFolder(key).path)
      for name in names where key != plan.items[1].key && key != plan.items[2].key {
        let copies = try [receiver.cache, fixture.project.cache].map {
          try Data(contentsOf: $0.artifactFolder(key).appending(path: name))
        }
        #expect(copies[0] == copies[1], "\(name)")
      }
    }
  }

  @Test func withoutDataWhatDependsOnItIsBlocked() throws {
    let file = try fixture.pack(leftOut: [ArtifactType("Numbers")])
    let receiver = try FakeProject()
    let opened = try PackedFile(checking: file).opened(PackFixture.registry)
    let recipe = try opened.experiment.recipe(registry: PackFixture.registry)
    let plan = Planner(
      cache: receiver.cache, folders: receiver.folders, packed: opened.experiment
    ).plan(recipe.instances)
    #expect(plan.items.map(\.state) == [.blocked, .cached, .cached, .cached, .cached])
    #expect(plan.items[0].reason.hasPrefix("there is no file 'content'"))
    let changed = try opened.experiment.recipe(
      overrides: ["axes.seed=[3]"], registry: PackFixture.registry)
    let other = Planner(
      cache: receiver.cache, folders: receiver.folders, packed: opened.experiment
    ).plan(changed.instances)
    #expect(other.items.map(\.state) == [.blocked, .blocked, .blocked])
    #expect(other.items[1].reason == "its input 'numbers' (numbers) is blocked")
  }

  @Test func textsAreLeftOutAndTheirHashesStay() throws {
    let rule = PackedTexts(kept: ["id", "completion", "outcome"], answers: ["answer"])
    let whole = try fixture.pack()
    let file = try fixture.pack("bare.h5", texts: rule)
    #expect(try Data(contentsOf: whole).range(of: Data(PackScores.secret.utf8)) != nil)
    #expect(try Data(contentsOf: file).range(of: Data(PackScores.secret.utf8)) == nil)
    let experiment = try PackedFile(checking: file).opened(PackFixture.registry)
    let recipe = try experiment.experiment.recipe(registry: PackFixture.registry)
    let plan = experiment.experiment.plan(recipe.instances)
    let artifact = try #require(plan.items[3].artifact)
    let table = try RowTable(contentsOf: artifact.output("scores"))
    let digest = SHA256Digest.hex(of: Data(PackScores.secret.utf8))
    #expect(try table.strings("prompt")[0] == "sha256:\(digest)")
    #expect(try table.strings("answer")[1] == "sha256:" + SHA256Digest.hex(of: Data("41001".utf8)))
    #expect(try table.strings("completion")[2] == "I count 2")
    #expect(try table.integers("tokens") == [0, 1, 2, 3])
    let receiver = try FakeProject()
    let seeded = try experiment.experiment.seed(receiver.cache, for: plan)
    #expect(seeded.taken == 1, "only 'numbers' is whole")
  }

  @Test func smallFilesAreCompressedAndLackParts() throws {
    let whole = try fixture.pack()
    let file = fixture.project.folder.file("small.h5")
    try fixture.contents(isSmall: true).write(to: file, programVersion: "0.0")
    let sizes = try [whole, file].map { try Data(contentsOf: $0).count }
    #expect(sizes[1] * 10 < sizes[0] * 7, "\(sizes)")
    let opened = try PackedFile(checking: file).opened(PackFixture.registry)
    #expect(opened.experiment.artifacts.count == 5)
    let recipe = try opened.experiment.recipe(registry: PackFixture.registry)
    let plan = try fixture.project.plan(fixture.loaded().instances)
    let packed = opened.experiment.plan(recipe.instances)
    for (item, original) in zip(packed.items, plan.items) where item.stageName != "trained" {
      for name in try #require(original.artifact).record.files.keys {
        let copies = try [item, original].map {
          try Data(contentsOf: try #require($0.artifact).folder.appending(path: name))
        }
        #expect(copies[0] == copies[1], "\(name)")
      }
    }
  }

  /// A file whose name says so is one stream around the same content, each time the same bytes.
  @Test func filesMayBeCompressedAsAWhole() throws {
    let whole = try fixture.pack()
    let files = ["a.h5.zst", "b.h5.zst"].map(fixture.project.folder.file)
    for file in files {
      try fixture.contents(isSmall: true).write(to: file, programVersion: "0.0")
      #expect(PackedFile.isPacked(file))
    }
    let bytes = try Data(contentsOf: files[0])
    #expect(bytes == (try Data(contentsOf: files[1])))
    #expect(bytes.count * 5 < (try Data(contentsOf: whole).count), "\(bytes.count)")
    let renamed = fixture.project.folder.file("renamed.h5")
    try bytes.write(to: renamed)
    for file in [files[0], renamed] {
      let opened = try PackedFile(checking: file).opened(PackFixture.registry)
      #expect(opened.experiment.artifacts.count == 5)
      #expect(opened.file == file)
    }
    let plain = fixture.project.folder.file("plain.h5")
    try Zstandard.decompress(files[0], to: plain, limit: 1 << 30)
    let opened = try PackedFile(checking: plain).opened(PackFixture.registry)
    #expect(opened.experiment.artifacts.count == 5)
  }

  @Test func partsGoAlongWithWhatWasMadeFromThem() throws {
    let kinds = { (contents: PackContents) in
      let file = fixture.project.folder.file("kinds.h5")
      try contents.write(to: file, programVersion: "0.0")
      return try HDF5Reader(file).members(of: "/artifacts").map { key in
        let place = fixture.project.cache.artifactFolder(key).appending(path: "record.json")
        return try ArtifactRecord(contentsOf: place).fields.kind
      }.sorted()
    }
    let own = [
      "fake_source", "pack_model", "pack_model", "pack_scores", "pack_scores",
      "pack_scores/completions", "pack_scores/completions",
    ]
    let change = ["stages.scores.params.template=I add"]
    _ = try fixture.project.run(fixture.loaded(PackFixture.overrides + change).instances)
    #expect(fixture.project.cache.keys().count == own.count + 4)
    #expect(try kinds(fixture.contents()) == own, "completions with another template stay out")
    #expect(try fixture.contents().ambiguous == [])

    try fixture.forgetParts()
    let both = Array(repeating: "pack_scores/completions", count: 2)
    #expect(try kinds(fixture.contents()) == own + both)
    #expect(try fixture.contents().ambiguous == ["scores[seed=1]", "scores[seed=2]"])
  }

  @Test func olderRecordsArePackedWithThePartsThatFit() throws {
    try fixture.forgetParts()
    let plan = try fixture.project.plan(fixture.loaded().instances)
    #expect(plan.count(.cached) == 5)
    #expect(plan.items.allSatisfy { $0.artifact?.record.parts == nil })
    #expect(try fixture.contents().ambiguous == [])
    let opened = try PackedFile(checking: fixture.pack()).opened(PackFixture.registry)
    #expect(opened.experiment.artifacts.count == 7)
    let receiver = try FakeProject()
    #expect(try opened.experiment.seed(receiver.cache, for: plan) == (5, 0))
  }

  @Test func unfinishedRecipesSayWhatTheyLack() throws {
    let project = fixture.project
    let plan = try project.plan(fixture.loaded().instances)
    let key = try #require(plan.items[4].key)
    try FileManager.default.removeItem(at: project.cache.artifactFolder(key))
    #expect(try fixture.contents().missing == ["scores[seed=2]"])
    let opened = try PackedFile(checking: fixture.pack()).opened(PackFixture.registry)
    let recipe = try opened.experiment.recipe(registry: PackFixture.registry)
    let packed = opened.experiment.plan(recipe.instances)
    #expect(packed.items[4].reason == "not done when it was packed")
    #expect(packed.items[4].key == key, "the lock has it all the same")
  }

  @Test func damagedResultsAreNotPacked() throws {
    let plan = try fixture.project.plan(fixture.loaded().instances)
    let file = try #require(plan.items[3].artifact).output("scores")
    var data = try Data(contentsOf: file)
    data[data.count - 1] ^= 1
    let writable = [FileAttributeKey.posixPermissions: 0o644]
    try FileManager.default.setAttributes(writable, ofItemAtPath: file.path)
    try data.write(to: file)
    #expect {
      try fixture.pack("no.h5")
    } throws: {
      "\($0)".contains("scores.h5 of 'scores[seed=1]' is not what was published")
    }
    let folder = fixture.project.folder
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    #expect(!names.contains { $0.hasPrefix("no.h5") })
  }

  @Test func onlyFilesThatOthersCanHaveAreNamed() throws {
    func refusal(_ published: String) throws -> String {
      let text = PackFixture.recipe.replacing("../published/p.yaml", with: published)
      try PackFixture.write(text, to: fixture.recipeFile)
      return try #require(
        #expect(throws: PackError.self) { _ = try fixture.pack("no.h5") }
      ).description
    }
    let absolute = fixture.project.folder.file("experiments/published/p.yaml").path
    #expect(try refusal(absolute).hasPrefix("cannot pack: the recipe names '\(absolute)', which"))
    #expect(try refusal("none.yaml").hasSuffix("none.yaml, but there is no such file"))
  }
}

/// What a cache takes over of a packed file, and how it says so.
@Suite struct PackOriginTests {
  private let fixture: PackFixture

  init() throws {
    fixture = try PackFixture()
    try fixture.run()
  }

  /// A result of another recipe in a packed file, which that recipe would find in the cache.
  @Test func whatThePlanDoesNotNeedIsLeft() throws {
    let file = fixture.project.folder.file("more.h5")
    try PackForgery(fixture.pack(leftOut: [])).write(to: file)
    let opened = try PackedFile(checking: file).opened(PackFixture.registry)
    let whole = try opened.experiment.recipe(registry: PackFixture.registry)
    let receiver = try FakeProject()
    let plan = Planner(
      cache: receiver.cache, folders: receiver.folders, packed: opened.experiment
    ).plan(Array(whole.instances.prefix(1)))
    #expect(try opened.experiment.seed(receiver.cache, for: plan) == (1, 6))
    #expect(receiver.cache.keys() == [plan.items[0].key])
  }

  @Test func plansSayWhereResultsCameFrom() throws {
    let file = try fixture.pack()
    let opened = try PackedFile(checking: file).opened(PackFixture.registry)
    let recipe = try opened.experiment.recipe(registry: PackFixture.registry)
    let receiver = try FakeProject()
    try receiver.ask("content", "from outside")
    let packedPlan = Planner(
      cache: receiver.cache, folders: receiver.folders, packed: opened.experiment
    ).plan(recipe.instances)
    _ = try opened.experiment.seed(receiver.cache, for: packedPlan)
    let plan = try receiver.plan(recipe.instances)
    let origin = try #require(plan.items[0].artifact?.origin)
    let seal = try SHA256Digest.hex(of: Data(contentsOf: file).dropFirst(512))
    #expect(
      origin
        == ArtifactOrigin(
          file: "packed.warmup.h5", sha256: seal, host: Machine.current().host))
    #expect(plan.items[0].reason == "its result is in the cache, \(origin.words)")
    #expect(plan.json.array?[0]["origin"]?["sha256"]?.string == seal)
    // What was made here says nothing, and what was there before stays ours.
    #expect(
      try fixture.project.plan(recipe.instances).items.allSatisfy { $0.artifact?.origin == nil })
    _ = try opened.experiment.seed(fixture.project.cache, for: packedPlan)
    #expect(
      try fixture.project.plan(recipe.instances).items.allSatisfy { $0.artifact?.origin == nil })
  }

  /// A part that was taken over marks what is made of it here.
  @Test func resultsOfForeignPartsSaySo() throws {
    let opened = try PackedFile(checking: fixture.pack(leftOut: [])).opened(PackFixture.registry)
    let recipe = try opened.experiment.recipe(registry: PackFixture.registry)
    let receiver = try FakeProject()
    try receiver.ask("content", "from outside")
    let packedPlan = Planner(
      cache: receiver.cache, folders: receiver.folders, packed: opened.experiment
    ).plan(recipe.instances)
    _ = try opened.experiment.seed(receiver.cache, for: packedPlan)
    let key = try #require(packedPlan.items[3].key)
    try FileManager.default.removeItem(at: receiver.cache.artifactFolder(key))
    #expect(try receiver.executor().run(receiver.plan(recipe.instances)).ran == 1)
    let origin = try receiver.plan(recipe.instances).items[3].artifact?.origin
    #expect(origin?.part == "completions")
    #expect(origin?.words.hasPrefix("its completions are from the packed file") == true)
  }
}
