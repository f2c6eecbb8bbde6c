import Base
import Foundation
import Runner
import Testing

@Suite struct KeyFieldsTests {
  private func fields(
    kind: String = "distill", version: Int = 3, identity: JSONValue = ["epochs": 3],
    external: [String: String] = [:], inputs: [String: KeyFields.Input] = [:]
  ) -> KeyFields {
    KeyFields(
      kind: kind, kindVersion: version, identity: identity, external: external, inputs: inputs)
  }

  /// Computed by another program from the description of the encoding. They must never change.
  @Test func goldenKeys() throws {
    let base = try fields(kind: "scratch_model", version: 1, identity: [:]).key()
    #expect(base == "eac95c6c16cda80bae07a3d1a7be3c6628b5fe97fec81c8d1962fd8908f8ef01")
    let identity: JSONValue = [
      "epochs": 3, "learning_rate": 1e-6, "schedule": ["name": "cosine", "warm_up": -0.0],
      "tags": ["a", "e\u{301}", .null, true],
    ]
    let distill = fields(
      identity: identity, external: ["source": String(repeating: "ab", count: 32)],
      inputs: [
        "model": .init(key: base, output: "model"),
        "traces": .init(key: String(repeating: "0", count: 64), output: "train"),
      ])
    #expect(try distill.key() == "abeca9d78df3a596dcd4da757728f8e3f403f9be915fc0370bf1f7800020409e")
  }

  @Test func equalValuesGiveEqualKeys() throws {
    let pairs: [(JSONValue, JSONValue)] = [
      (["r": 1e-6], ["r": 0.000001]), (["r": 0.0], ["r": -0.0]),
      (["n": "e\u{301}"], ["n": "\u{e9}"]), (["a": 1, "b": 2], ["b": 2, "a": 1]),
    ]
    for (a, b) in pairs { #expect(try fields(identity: a).key() == fields(identity: b).key()) }
  }

  @Test func everyFieldCounts() throws {
    let input = KeyFields.Input(key: "k", output: "o")
    let others: [KeyFields] = [
      fields(), fields(kind: "distil"), fields(version: 4), fields(identity: ["epochs": 4]),
      fields(identity: ["epochs": 3.0]), fields(identity: ["epochs": "3"]),
      fields(identity: ["epochs": [3]]), fields(identity: ["epoch": 3]), fields(identity: [:]),
      fields(identity: ["epochs": .null]), fields(identity: ["epochs": true]),
      fields(external: ["a": "b"]), fields(external: ["b": "a"]), fields(inputs: ["p": input]),
      fields(inputs: ["q": input]), fields(inputs: ["p": .init(key: "k", output: "x")]),
      fields(inputs: ["p": .init(key: "l", output: "o")]),
      fields(identity: ["a": ["bc", "d"]]), fields(identity: ["a": ["b", "cd"]]),
      fields(identity: ["a": [["b"], []]]), fields(identity: ["a": [[], ["b"]]]),
    ]
    #expect(Set(try others.map { try $0.key() }).count == others.count)
  }

  @Test func refusesWhatIsNoNumber() {
    #expect(throws: KeyError.self) { try fields(identity: ["r": .number(.nan)]).key() }
    #expect(throws: KeyError.self) { try fields(identity: ["r": [.number(.infinity)]]).key() }
  }

  @Test func survivesARecord() throws {
    let whole = fields(
      identity: ["epochs": 3, "rate": 2.5, "text": "a\0\u{1F600}"], external: ["a": "b"],
      inputs: ["p": .init(key: "k", output: "o")])
    let read = KeyFields(json: try JSONValue(parsing: Data(whole.json.prettyText.utf8)))
    #expect(read == whole)
    #expect(KeyFields(json: ["kind": "x"]) == nil)
  }
}

@Suite struct KeyDifferenceTests {
  private let old = KeyFields(
    kind: "distill", kindVersion: 1,
    identity: ["rate": 1e-6, "epochs": 3, "loss": ["clip": 0.2, "kl": 2], "gone": "x"],
    external: ["source": "1"], inputs: ["model": .init(key: "1", output: "model")])

  @Test func namesEveryChange() {
    let new = KeyFields(
      kind: "distill", kindVersion: 2,
      identity: ["rate": 2e-6, "epochs": 3.0, "loss": ["clip": 0.3, "kl": 2], "fresh": [1, 2]],
      external: ["source": "2"],
      inputs: ["model": .init(key: "2", output: "model"), "data": .init(key: "3", output: "o")])
    #expect(
      new.differences(from: old).map(\.description) == [
        "the version of distill changed from 1 to 2", "fresh is new, [1,2]",
        "gone is gone, it was \"x\"", "loss.clip changed from 0.2 to 0.3",
        "rate changed from 1e-06 to 2e-06", "the content of 'source' changed",
        "its input 'data' is newly bound", "its input 'model' changed",
      ])
    #expect(old.differences(from: old).isEmpty)
  }

  /// A value's text of 60 letters, quotes included, is shown whole.
  @Test func longValuesAreCut() {
    func words(of count: Int) -> [String] {
      let values: [JSONValue] = [[:], ["a": .string(String(repeating: "y", count: count))]]
      let fields = values.map {
        KeyFields(kind: "distill", kindVersion: 1, identity: $0, external: [:], inputs: [:])
      }
      return fields[1].differences(from: fields[0]).map(\.description)
    }
    #expect(words(of: 58) == ["a is new, \"\(String(repeating: "y", count: 58))\""])
    #expect(words(of: 59) == ["a is new, \"\(String(repeating: "y", count: 56))…"])
  }
}
