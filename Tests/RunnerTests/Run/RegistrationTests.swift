import Base
import Foundation
import OrderedCollections
import Runner
import TestSupport
import Testing

/// What is written down of a recipe before there are results.
@Suite struct RegistrationTests {
  private let project: FakeProject
  private let file: URL

  init() throws {
    project = try FakeProject()
    file = project.folder.file("claims.yaml")
  }

  private static let registry = KindRegistry([FakeSource.self])

  private static func text(
    within: String = "1", axis: String = "[1, 2]", content: Bool = false
  ) -> String {
    """
    version: 1
    name: claimed
    axes: {value: \(axis)}
    stages:
      numbers: {kind: fake_source, params: {value: "${value}", needs_content: \(content)}}
      one: {kind: fake_source, params: {value: 3}}
    claims:
      same: {says: same, value: numbers.mean, equivalent: [{value: 1}, {value: 2}], within: \(within)}
    """
  }

  private func recipe(_ text: String = RegistrationTests.text()) throws -> Recipe {
    try Recipe.parse(text, file: file, registry: Self.registry)
  }

  private func registration(
    _ recipe: Recipe, problems: (Instance) -> Int? = { _ in 7 }, replaces: String? = nil
  ) throws -> Registration {
    try Registration(
      recipe, project.plan(recipe.instances), problems: problems, replaces: replaces)
  }

  @Test func aRegistrationIsReadAsItWasWritten() throws {
    let new = try registration(recipe(), replaces: "ab")
    #expect(new.text == (try registration(recipe(), replaces: "ab")).text)
    #expect(try Registration(beside: file) == nil)
    #expect(Registration.digest(beside: file) == nil)
    let place = Registration.file(of: file)
    #expect(place.lastPathComponent == "claims.registered.json")
    try AtomicFile.write(new.text, to: place)
    #expect(try Registration(beside: file) == new)
    #expect(Registration.digest(beside: file) == SHA256Digest.hex(of: Data(new.text.utf8)))
    #expect(new.keys.keys.sorted() == ["numbers[value=1]", "numbers[value=2]", "one"])
    #expect(new.keys == (try project.plan(recipe().instances)).keys)
    let claim = try #require(new.claims["same"])
    #expect(claim.first.runs == ["numbers[value=1]"] && claim.second.runs == ["numbers[value=2]"])
    #expect(claim.first.problems == 7 && claim.results == [])
  }

  @Test func whatHasResultsIsMarked() throws {
    let recipe = try recipe()
    _ = try project.run(recipe.instances.filter { $0.name == "numbers[value=2]" })
    let registered = try registration(recipe)
    #expect(registered.claims["same"]?.results == ["numbers[value=2]"])
    _ = try project.run(recipe.instances)
    let later = try registration(recipe)
    #expect(later.claims["same"]?.results.count == 2)
    #expect(later.isSame(as: registered), "what is done is not a change of what is claimed")
  }

  @Test func whatIsClaimedIsCompared() throws {
    let old = try registration(recipe())
    let other = try recipe(Self.text(within: "2"))
    #expect(!(try registration(other)).isSame(as: old))
    let today = RegisteredClaim(other.claims[0].specification, in: other)
    #expect(old.claims["same"]?.differences(from: today) == ["'within' was 1"])
    let turned = try recipe(
      Self.text().replacing(
        "equivalent: [{value: 1}, {value: 2}], within: 1",
        with: "greater: [{value: 2}, {value: 1}]"
      ).replacing("says: same", with: "says: new"))
    #expect(
      old.claims["same"]?.differences(
        from: RegisteredClaim(turned.claims[0].specification, in: turned)) == [
          "it said “same”", "it was 'equivalent'", "'within' was 1", "its first point was value=1",
          "its second point was value=2",
        ])
  }

  /// Gates choose which runs count.
  @Test func gatesAreRegistered() throws {
    func gated(_ one: String, _ two: String = "null") throws -> Registration {
      try registration(
        recipe(
          Self.text().replacing(
            "claims:",
            with: "  two: {kind: fake_source, require: \(two)}\nclaims:"
          ).replacing(
            "  one: {kind: fake_source,", with: "  one: {kind: fake_source, require: \(one),")))
    }
    let old = try gated("{b: {at_least: 1}, a: {at_most: 2}}", "{c: {at_most: 0}, otherwise: mark}")
    try AtomicFile.write(old.text, to: Registration.file(of: file))
    #expect(try Registration(beside: file) == old)
    #expect(old.gates.keys == ["one", "two"])
    let same = try gated(
      "{a: {at_most: 2}, b: {at_least: 1}}", "{c: {at_most: 0}, otherwise: mark}")
    #expect(same.isSame(as: old) && old.gateDifferences(from: same.gates).isEmpty)
    let other = try gated("{a: {at_most: 2}}")
    #expect(!other.isSame(as: old))
    #expect(
      old.gateDifferences(from: other.gates) == [
        "the gate one was b at least 1, a at most 2", "the gate two is gone",
      ])
    #expect(other.gateDifferences(from: old.gates).last == "the gate two is new")
    let reversed = OrderedDictionary(
      uniqueKeys: ["two", "one"], values: old.gates.values.reversed())
    #expect(old.gateDifferences(from: reversed) == ["the gates were in another order"])
    #expect(!(try registration(recipe())).text.contains("gates"), "as it was before there were any")
  }

  @Test func nothingIsRegisteredWithoutClaimsOrKeys() throws {
    let silent = try recipe(Self.text().components(separatedBy: "claims:\n")[0])
    let none = #expect(throws: RegistrationError.self) { try registration(silent) }
    #expect(
      none?.description.hasSuffix("makes no claims to register; state them under 'claims'") == true)
    let blocked = try recipe(Self.text(content: true))
    let unknown = #expect(throws: RegistrationError.self) { try registration(blocked) }
    let words = unknown?.description ?? ""
    #expect(words.hasPrefix("not all keys are known"))
    #expect(words.contains("\n  numbers[value=1]: there is no file 'content'"))
  }

  @Test(arguments: ["", "{}", "[]", "{\"version\": 1}"])
  func whatIsNoRegistrationIsRefused(text: String) throws {
    try Data(text.utf8).write(to: Registration.file(of: file))
    let error = #expect(throws: RegistrationError.self) { try Registration(beside: file) }
    #expect(error?.description.hasPrefix("claims.registered.json is not a registration") == true)
  }

  @Test func aRunNotesTheRegistrationInItsLock() throws {
    let plan = try project.plan([.source()])
    _ = try project.executor(registration: "ab").run(plan)
    #expect(try RecipeLock(recipeFolder: project.recipeFolder).registration == "ab")
    _ = try project.run([.source()])
    let lock = try RecipeLock(recipeFolder: project.recipeFolder)
    #expect(lock.registration == nil)
    let text = try String(
      contentsOf: project.recipeFolder.appending(path: "lock.json"), encoding: .utf8)
    #expect(!text.contains("registration"), "old locks keep their bytes")
  }
}
