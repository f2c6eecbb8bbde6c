import Base
import Foundation
import Runner
import Testing

@Suite struct ExplanationTests {
  private let project: FakeProject

  init() throws { project = try FakeProject() }

  private func explain(_ name: String, _ instances: [Instance]) throws -> Explanation {
    let plan = try project.plan(instances)
    let item = try #require(plan.items.first { $0.name == name })
    return Explanation(
      item, in: plan, cache: project.cache,
      previous: try RecipeLock(recipeFolder: project.recipeFolder).keys)
  }

  @Test func namesEachFieldAndWhatChangedBehindAnInput() throws {
    _ = try project.run([.source(), .training(), .chained("again", of: 1)])
    let changed: [Instance] = [.source(value: 2), .training(rate: 2e-6), .chained("again", of: 1)]
    let found = try explain("again", changed)
    #expect(found.earlier?.instance == "again")
    let value = Explanation.Change(
      description: "value changed from 1 to 2", producer: nil, causes: [])
    let rate = Explanation.Change(
      description: "rate changed from 1e-06 to 2e-06", producer: nil, causes: [])
    let numbers = Explanation.Change(
      description: "its input 'numbers' changed", producer: "numbers", causes: [value])
    #expect(
      found.changes == [
        Explanation.Change(
          description: "its input 'numbers' changed", producer: "trained",
          causes: [rate, numbers])
      ])
    #expect(found.text.contains("\n        value changed from 1 to 2\n"))
    #expect(found.text.hasSuffix("  nothing is made from it\n"))
  }

  @Test func saysWhatRunsBehindItAndWhatThatTook() throws {
    _ = try project.run([.source(), .training(), .chained("again", of: 1)])
    let changed: [Instance] = [
      .source(), .training(steps: 5), .chained("again", of: 1), .training("other"),
    ]
    let found = try explain("trained", changed)
    #expect(found.rerun.map(\.name) == ["again"])
    #expect(found.text.contains("\n    steps changed from 4 to 5\n"), "\(found.text)")
    let seconds = try #require(found.rerun.first?.lastSeconds)
    let cost = "again; last time took \(NumberText.duration(seconds))\n"
    #expect(found.text.contains("  1 instance to run behind it: \(cost)"))
    // Of another stage with the same key the result is there.
    let same = try explain("other", changed)
    #expect(same.item.isDone && same.changes.isEmpty)
    let source = try explain("numbers", changed)
    #expect(source.text.contains("  3 instances would run again if it changed: trained, again, "))
  }

  @Test func theNearestResultOfTheKindIsFoundUnderOtherNames() throws {
    let far = Instance.training("far", steps: 9, rate: 3e-6)
    _ = try project.run([.source(), far, .training("near", rate: 2e-6)])
    let found = try explain("new", [.source(), .training("new")])
    #expect(found.earlier?.instance == "near")
    #expect(found.changes.map(\.description) == ["rate changed from 2e-06 to 1e-06"])
    let first = try explain("alone", [.source("alone", value: 1)])
    #expect(first.item.isDone)
  }

  @Test func saysThatThereIsNothingToCompareWith() throws {
    let found = try explain("trained", [.source(), .training()])
    #expect(found.earlier == nil)
    #expect(
      found.text == """
        trained (fake_training): to run, never run
          the cache has no result of the kind fake_training to compare with
          nothing is made from it

        """)
  }
}
