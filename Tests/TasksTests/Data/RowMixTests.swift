import Base
import OrderedCollections
import Tasks
import Testing

@Suite struct RowMixTests {
  private static func table(
    _ name: String, _ count: Int, task: String = "math", warning: String? = nil
  ) -> RowTable {
    let rows = (0..<count).map { number -> [String: JSONValue] in
      ["id": .string("\(name)\(number)"), "problem": .string("\(name)?")]
    }
    var problems = Problems(rows: rows, task: task)
    problems.warning = warning
    return problems.table
  }

  private static func mix(
    _ shares: MixShares, _ order: MixOrder = .shuffled, seed: Int = 1, repeats: Bool = false
  ) -> RowMix {
    RowMix(shares: shares, order: order, seed: seed, repeats: repeats)
  }

  private static let inputs = [("a", table("a", 5)), ("b", table("b", 10)), ("c", table("c", 3))]

  private static func ids(_ mix: RowMix) throws -> [String] {
    try mix.table(of: inputs).strings("id")
  }

  @Test func everythingIsEverything() throws {
    let table = try Self.mix(.everything).table(of: Self.inputs)
    let (ids, from) = (try table.strings("id"), try table.strings("mixed_from"))
    #expect(ids.count == 18 && Set(ids).count == 18)
    #expect(zip(ids, from).allSatisfy { $0.hasPrefix($1) })
    #expect(from != from.sorted(), "the inputs stand among each other")
    #expect(table.attributes == ["task": "math"])
    #expect(Array(table.columns.keys) == ["id", "problem", "mixed_from"])
  }

  @Test func countsAreKept() throws {
    let ids = try Self.ids(Self.mix(.counts(["a": 2, "b": 4, "c": 0])))
    #expect(ids.count { $0.hasPrefix("a") } == 2 && ids.count { $0.hasPrefix("b") } == 4)
    #expect(ids.count == 6 && Set(ids).count == 6)
    #expect(try Self.ids(Self.mix(.counts(["a": 2, "b": 4, "c": 0]))) == ids)
    #expect(try Self.ids(Self.mix(.counts(["a": 2, "b": 4, "c": 0]), seed: 2)) != ids)
    // A smaller mix lies inside a larger one.
    let more = try Self.ids(Self.mix(.counts(["a": 3, "b": 9, "c": 1])))
    #expect(Set(ids).isSubset(of: more))
  }

  @Test func theGivenOrderTakesTheFirstRows() throws {
    #expect(
      try Self.ids(Self.mix(.counts(["a": 2, "b": 1, "c": 3]), .given))
        == ["a0", "a1", "b0", "c0", "c1", "c2"])
  }

  /// By hand: 7 times 0.5, 0.3 and 0.2 are 3.5, 2.1 and 1.4.
  @Test func weightsDivideANumber() {
    func counts(_ weights: [String: Double], _ total: Int) -> [String: Int]? {
      MixShares.weights(weights, total: total).counts
    }
    #expect(counts(["a": 5, "b": 3, "c": 2], 7) == ["a": 4, "b": 2, "c": 1])
    #expect(counts(["a": 0.8, "b": 0.2], 2000) == ["a": 1600, "b": 400])
    #expect(counts(["a": 1, "b": 1, "c": 1], 4) == ["a": 2, "b": 1, "c": 1])
    #expect(counts(["b": 1, "a": 0], 3) == ["a": 0, "b": 3])
  }

  @Test func tooFewRowsAreAnError() throws {
    let error = #expect(throws: MixError.self) {
      try Self.ids(Self.mix(.counts(["a": 6, "b": 0, "c": 0])))
    }
    #expect(
      error?.description == """
        'a' has 5 rows, and 6 are asked for; ask for fewer, or say 'repeat: true' to take rows again
        """)
    let empty = [("a", Self.table("a", 0))]
    #expect(throws: MixError.self) {
      try Self.mix(.counts(["a": 1]), repeats: true).table(of: empty)
    }
  }

  @Test func rowsAreTakenAgainInWholePasses() throws {
    let ids = try Self.ids(Self.mix(.counts(["a": 12, "b": 0, "c": 0]), repeats: true))
    #expect(Set(ids).count == 12, "each has an id of its own")
    #expect(ids.count { !$0.contains("+") } == 5 && ids.count { $0.hasSuffix("+1") } == 5)
    let given = try Self.ids(Self.mix(.counts(["a": 7, "b": 0, "c": 0]), .given, repeats: true))
    #expect(given == ["a0", "a1", "a2", "a3", "a4", "a0+1", "a1+1"])
  }

  @Test func aMixOfMixesNamesBoth() throws {
    let inner = try Self.mix(.everything, .given).table(of: [Self.inputs[0], Self.inputs[2]])
    let outer = try Self.mix(.everything, .given).table(of: [("in", inner), Self.inputs[1]])
    let from = try outer.strings("mixed_from")
    #expect(Set(from) == ["in/a", "in/c", "b"])
  }

  @Test func problemsAreOfOneTaskAndStandOnce() throws {
    let mix = Self.mix(.everything)
    #expect(try mix.problems(of: Self.inputs).count == 18)
    let other = Self.table("d", 2, task: "mmlu_pro")
    let task = #expect(throws: MixError.self) {
      try mix.problems(of: [Self.inputs[0], ("d", other)])
    }
    #expect(task?.description.hasPrefix("'d' has problems of the task 'mmlu_pro', but 'a'") == true)
    let twice = #expect(throws: MixError.self) {
      try Self.mix(.everything, .given).problems(of: [Self.inputs[0], ("z", Self.table("a", 1))])
    }
    #expect(
      twice?.description == "the problem 'a0' is in 'a' and in 'z'; a mix has each only once")
    let leaking = ("d", Self.table("d", 2, warning: "it leaks"))
    #expect(Problems(try mix.problems(of: [Self.inputs[0], leaking])).warning == "it leaks")
  }

  @Test func attributesThatDifferGo() throws {
    var other = Self.table("b", 1)
    other.attributes["teacher"] = "model"
    var first = Self.table("a", 1)
    first.attributes["teacher"] = "symbolic"
    let mixed = try Self.mix(.everything).table(of: [("a", first), ("b", other)])
    #expect(mixed.attributes == ["task": "math"])
  }
}
