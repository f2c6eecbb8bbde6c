import Base
import Foundation
import OrderedCollections

/// `<recipe>.registered.json`: what a recipe claims and runs, written down before results are there.
///
/// The file is meant to be committed: when it was written is proved by the commit alone.
package struct Registration: Sendable, Equatable {
  /// The name of the recipe.
  package let recipe: String
  /// What was changed on the command line.
  package let overrides: [String]
  /// The values of each axis.
  package let axes: [String: [JSONValue]]
  /// The claims by name.
  package let claims: [String: RegisteredClaim]
  /// The gates by their stages, in the recipe's order. They choose which runs count.
  package let gates: OrderedDictionary<String, Gate>
  /// The key of every instance by its name.
  package let keys: [String: String]
  /// SHA-256 of the registration whose place this one took.
  package let replaces: String?

  /// Registers a recipe.
  /// - Parameters:
  ///   - plan: the recipe's, with what is done already.
  ///   - problems: how many problems an instance is measured on, as far as that is known.
  ///   - replaces: SHA-256 of the registration whose place this one takes.
  /// - Throws: `RegistrationError` where there is nothing to register, or not all is known.
  package init(
    _ recipe: Recipe, _ plan: Plan, problems: (Instance) -> Int?, replaces: String? = nil
  ) throws(RegistrationError) {
    if recipe.claims.isEmpty { throw .noClaims(recipe.file.relativePath) }
    let unknown = plan.items.filter { $0.key == nil }
    if !unknown.isEmpty { throw .unknownKeys(unknown.map { ($0.name, $0.reason) }) }
    self.recipe = recipe.name
    overrides = recipe.overrides
    axes = Dictionary(recipe.axes.map { ($0.key, $0.value) }) { $1 }
    let results = Set(plan.results.map(\.name))
    claims = Dictionary(
      recipe.claims.map { name, claim in
        (name, RegisteredClaim(claim, in: recipe, results: results, problems: problems))
      }
    ) { $1 }
    gates = recipe.gates
    keys = plan.keys
    self.replaces = replaces
  }

  /// In what the gates of today are not the registered ones, such as `the gate skill_scores was
  /// accuracy at least 0.7`; none where they are the same.
  package func gateDifferences(from today: OrderedDictionary<String, Gate>) -> [String] {
    var words = gates.compactMap { stage, gate -> String? in
      guard let now = today[stage] else { return "the gate \(stage) is gone" }
      return now == gate ? nil : "the gate \(stage) was \(gate.words)"
    }
    words += today.keys.filter { gates[$0] == nil }.map { "the gate \($0) is new" }
    let isReordered =
      gates.keys.filter { today[$0] != nil } != today.keys.filter { gates[$0] != nil }
    return words + (isReordered ? ["the gates were in another order"] : [])
  }

  /// Whether another registration is of the same claims, gates, runs and keys. What was done when
  /// either was written does not count.
  package func isSame(as other: Registration) -> Bool {
    func plain(_ registration: Registration) -> JSONValue {
      let claims = registration.claims.mapValues { $0.with(results: []).json }
      return [
        "claims": .object(claims), "keys": registration.json["keys"] ?? .null,
        "gates": registration.json["gates"] ?? .null,
      ]
    }
    return plain(self) == plain(other)
  }
}

/// A claim as it was registered.
package struct RegisteredClaim: Sendable, Equatable {
  /// One of the two points.
  package struct Side: Sendable, Equatable {
    /// The value of each axis, as text.
    package let point: [String: String]
    /// The instances that it is the mean of.
    package let runs: [String]
    /// How many problems each is measured on; nil where that was not known.
    package let problems: Int?
  }

  package let says: String
  package let value: String
  package let over: [String]
  package let test: ClaimTest
  package let within: Double?
  package let first: Side
  package let second: Side
  /// Which of the runs had results when the claim was registered.
  package let results: [String]

  package init(
    _ claim: ClaimSpecification, in recipe: Recipe, results: Set<String> = [],
    problems: (Instance) -> Int? = { _ in nil }
  ) {
    func side(_ point: [String: String]) -> Side {
      let runs = recipe.runs(of: claim, at: point)
      let counts = Set(runs.map(problems))
      return Side(
        point: point, runs: runs.map(\.name),
        problems: counts.count == 1 ? counts.first ?? nil : nil)
    }
    says = claim.says
    value = claim.value
    over = claim.over
    test = claim.test
    within = claim.within
    first = side(claim.first)
    second = side(claim.second)
    self.results = OrderedSet(first.runs + second.runs).filter(results.contains)
  }

  private init(_ claim: RegisteredClaim, results: [String]) {
    says = claim.says
    value = claim.value
    over = claim.over
    test = claim.test
    within = claim.within
    first = claim.first
    second = claim.second
    self.results = results
  }

  fileprivate func with(results: [String]) -> RegisteredClaim { .init(self, results: results) }

  /// Its runs, those of the first point first.
  package var runs: [String] { OrderedSet(first.runs + second.runs).elements }

  /// In what a claim of today is not this one, such as `within was 3`; none where it is the same.
  package func differences(from today: RegisteredClaim) -> [String] {
    var words: [String] = []
    if says != today.says { words.append("it said “\(says)”") }
    if value != today.value { words.append("its value was \(value)") }
    if test != today.test { words.append("it was '\(test.rawValue)'") }
    if within != today.within {
      words.append("'within' was \(within.map { NumberText.short($0) } ?? "not given")")
    }
    if Set(over) != Set(today.over) {
      words.append("it was over \(over.isEmpty ? "no axis" : over.joined(separator: ", "))")
    }
    for (name, mine, its) in [("first", first, today.first), ("second", second, today.second)] {
      if mine.point != its.point {
        let point = mine.point.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        words.append("its \(name) point was \(point.joined(separator: ", "))")
      } else if Set(mine.runs) != Set(its.runs) {
        words.append("its \(name) point had \(mine.runs.count) runs, not \(its.runs.count)")
      }
    }
    return words
  }
}

extension Registration {
  /// Where the registration of a recipe lies: beside it.
  package static func file(of recipe: URL) -> URL {
    recipe.deletingPathExtension().appendingPathExtension("registered.json")
  }

  /// SHA-256 of the registration beside a recipe; nil where there is none.
  package static func digest(beside recipe: URL) -> String? {
    (try? RegularFile.contents(of: file(of: recipe))).map { SHA256Digest.hex(of: $0) }
  }

  /// Reads the registration beside a recipe.
  /// - Returns: nil where there is none.
  /// - Throws: `RegistrationError.malformed`.
  package init?(beside recipe: URL) throws(RegistrationError) {
    let file = Self.file(of: recipe)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    guard let data = try? RegularFile.contents(of: file), let json = try? JSONValue(parsing: data),
      let registration = Registration(json: json)
    else { throw .malformed(file.lastPathComponent) }
    self = registration
  }

  package var text: String { json.prettyText }

  private var json: JSONValue {
    var members: [String: JSONValue] = [
      "version": 1, "recipe": .string(recipe), "overrides": Self.list(overrides),
      "axes": .object(axes.mapValues { .array($0) }), "claims": .object(claims.mapValues(\.json)),
      "keys": .object(keys.mapValues { .string($0) }),
      "replaces": replaces.map { .string($0) } ?? .null,
    ]
    // Registrations without gates are written as they were before there were any.
    if !gates.isEmpty {
      members["gates"] = .array(
        gates.map { stage, gate in
          .object((gate.json.object ?? [:]).merging(["stage": .string(stage)]) { $1 })
        })
    }
    return .object(members)
  }

  private init?(json: JSONValue) {
    guard json["version"] == 1, let recipe = json["recipe"]?.string,
      let overrides = Self.strings(json["overrides"]), let axes = json["axes"]?.object,
      let claims = json["claims"]?.object, let keys = json["keys"]?.object
    else { return nil }
    self.recipe = recipe
    self.overrides = overrides
    self.axes = axes.mapValues { $0.array ?? [] }
    self.claims = claims.compactMapValues { RegisteredClaim(json: $0) }
    self.keys = keys.compactMapValues(\.string)
    replaces = json["replaces"]?.string
    let gates = json["gates"]?.array ?? []
    let known = gates.compactMap { gate in
      gate["stage"]?.string.flatMap { stage in Gate(json: gate).map { (stage, $0) } }
    }
    self.gates = OrderedDictionary(known) { $1 }
    if known.count < gates.count { return nil }
    if self.claims.count < claims.count || self.keys.count < keys.count { return nil }
  }

  fileprivate static func list(_ texts: [String]) -> JSONValue {
    .array(texts.map { .string($0) })
  }

  fileprivate static func strings(_ json: JSONValue?) -> [String]? {
    guard let values = json?.array else { return nil }
    let texts = values.compactMap(\.string)
    return texts.count == values.count ? texts : nil
  }
}

extension RegisteredClaim {
  fileprivate var json: JSONValue {
    [
      "says": .string(says), "value": .string(value), "over": Registration.list(over),
      "test": .string(test.rawValue), "within": within.map { .number($0) } ?? .null,
      "first": first.json, "second": second.json, "results": Registration.list(results),
    ]
  }

  fileprivate init?(json: JSONValue) {
    guard let says = json["says"]?.string, let value = json["value"]?.string,
      let over = Registration.strings(json["over"]),
      let test = json["test"]?.string.flatMap(ClaimTest.init(rawValue:)),
      let first = json["first"].flatMap(Side.init(json:)),
      let second = json["second"].flatMap(Side.init(json:)),
      let results = Registration.strings(json["results"])
    else { return nil }
    self.says = says
    self.value = value
    self.over = over
    self.test = test
    within = json["within"]?.number
    self.first = first
    self.second = second
    self.results = results
  }
}

extension RegisteredClaim.Side {
  fileprivate var json: JSONValue {
    [
      "point": .object(point.mapValues { .string($0) }), "runs": Registration.list(runs),
      "problems": problems.map { .integer($0) } ?? .null,
    ]
  }

  fileprivate init?(json: JSONValue) {
    guard let point = json["point"]?.object, let runs = Registration.strings(json["runs"])
    else { return nil }
    self.point = point.compactMapValues(\.string)
    self.runs = runs
    problems = json["problems"]?.integer
  }
}

/// Why a recipe cannot be registered, or its registration not be read.
package enum RegistrationError: Error, CustomStringConvertible {
  case noClaims(String)
  /// The instances without a key, each with the reason.
  case unknownKeys([(instance: String, reason: String)])
  /// The name of the file.
  case malformed(String)

  package var description: String {
    switch self {
    case .noClaims(let recipe):
      return "\(recipe) makes no claims to register; state them under 'claims'"
    case .unknownKeys(let instances):
      let lines = instances.prefix(10).map { "\n  \($0.instance): \($0.reason)" }.joined()
      let rest = instances.count > 10 ? "\n  and \(instances.count - 10) more" : ""
      return "not all keys are known, so it would not be said what is registered:\(lines)\(rest)"
    case .malformed(let file):
      return "\(file) is not a registration that this program wrote; take it back from version "
        + "control, or write it anew with 'warmup register --again'"
    }
  }
}
