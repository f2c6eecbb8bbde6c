import Base
import Foundation
import Runner

/// A folder of results as runs leave it, made up: a lock and a cache of artifacts.
struct ResultsFixture {
  /// An instance that is done.
  struct Done {
    var name: String
    var kind = "evaluate"
    var parameters: JSONValue = ["samples": 1]
    /// Parameters that do not belong to the key.
    var idle: [String: JSONValue] = [:]
    /// What the key says in place of parameters.
    var keyed: [String: JSONValue] = [:]
    var inputs: [String: String] = [:]
    var values: [String: JSONValue] = [:]
    var scores: [[String: JSONValue]]?
  }

  /// Writes `results/<recipe>/lock.json` and the cache beside it.
  /// - Returns: the recipe's folder.
  static func write(_ recipe: String, _ instances: [Done], in root: URL) throws -> URL {
    var keys: [String: String] = [:]
    for instance in instances { keys[instance.name] = key(of: instance) }
    for instance in instances { try publish(instance, keys, in: root.appending(path: "cache")) }
    let folder = root.appending(path: recipe)
    try writeLock(keys, in: folder)
    return folder
  }

  /// Writes `lock.json` with keys by the name of their instance.
  static func writeLock(_ keys: [String: String], in folder: URL) throws {
    let instances = keys.mapValues { key -> JSONValue in ["key": .string(key)] }
    let lock: JSONValue = ["version": 1, "instances": .object(instances)]
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(lock.text.utf8).write(to: folder.appending(path: "lock.json"))
  }

  private static func key(of instance: Done) -> String {
    let facts: JSONValue = [
      "name": .string(instance.name), "params": instance.parameters,
      "keyed": .object(instance.keyed),
      "values": .object(instance.values),
    ]
    return SHA256Digest.hex(of: Data(facts.text.utf8))
  }

  private static func publish(
    _ instance: Done, _ keys: [String: String], in cache: URL
  ) throws {
    let key = keys[instance.name] ?? ""
    let folder = Cache(folder: cache).artifactFolder(key)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var files: [String: JSONValue] = [:]
    if let rows = instance.scores {
      let file = folder.appending(path: "scores.h5")
      try RowTable(rows: rows).write(to: file)
      let bytes = try Data(contentsOf: file)
      files["scores.h5"] = [
        "bytes": .integer(bytes.count), "sha256": .string(SHA256Digest.hex(of: bytes)),
      ]
    }
    let inputs = instance.inputs.mapValues { producer -> JSONValue in
      let parts = producer.split(separator: "/").map(String.init)
      return [
        "instance": .string(parts[0]), "key": .string(keys[parts[0]] ?? ""),
        "output": .string(parts[1]),
      ]
    }
    let bound = inputs.mapValues { input -> JSONValue in
      ["key": input["key"] ?? .null, "output": input["output"] ?? .null]
    }
    let record: JSONValue = [
      "key": .string(key),
      "key_fields": [
        "format": 1, "kind": .string(instance.kind), "kind_version": 1,
        "identity": .object((instance.parameters.object ?? [:]).merging(instance.keyed) { $1 }),
        "external": [:], "inputs": .object(bound),
      ],
      "instance": .string(instance.name),
      "params": .object((instance.parameters.object ?? [:]).merging(instance.idle) { $1 }),
      "inputs": .object(inputs), "values": .object(instance.values),
      "started": "2026-01-01T00:00:00.000Z", "seconds": 1.5,
      "machine": ["host": "a", "processor": "b", "cores": 2], "versions": ["warmup": "0"],
      "files": .object(files),
    ]
    try Data(RecordSeal.sealed(record).utf8).write(to: folder.appending(path: "record.json"))
  }

  /// Rows of completions from verdicts.
  static func scores(_ outcomes: [String], writing text: String) -> [[String: JSONValue]] {
    outcomes.enumerated().map { index, outcome in
      [
        "problem_id": .string("problem-\(index)"), "sample": 0, "outcome": .string(outcome),
        "correct": .boolean(outcome == "correct"), "tokens": 3, "prompt": "What?",
        "extracted": "4", "completion": .string("\(text) \(index)\nsecond line"),
      ]
    }
  }

  /// Two runs that differ in a parameter, a stage and three verdicts; the second is newer, with a
  /// parameter at its default that the first did not know.
  static func pair(in root: URL) throws -> (first: URL, second: URL) {
    let base = Done(name: "base", kind: "pretrained_model", parameters: ["source": "pip:x"])
    func tuned(_ steps: JSONValue, idle: [String: JSONValue] = [:]) -> [Done] {
      [1, 2].map { seed in
        Done(
          name: "tuned[seed=\(seed)]", kind: "rlvr",
          parameters: ["loss": ["clip": 0.2], "seed": .integer(seed), "steps": steps],
          idle: idle, inputs: ["model": "base/model"], values: ["steps": steps])
      }
    }
    func scores(_ accuracy: Double, _ outcomes: [String], _ text: String) -> Done {
      Done(
        name: "scores[seed=1]", inputs: ["model": "tuned[seed=1]/model"],
        values: ["accuracy": .number(accuracy), "problems": 5],
        scores: Self.scores(outcomes, writing: text))
    }
    let ours = scores(0.4, ["correct", "wrong", "wrong", "correct", "no_answer"], "ours")
    let theirs = scores(
      0.6, ["wrong", "correct", "wrong", "correct", "correct"], "\u{1B}[31mtheirs")
    let extra = Done(name: "extra", kind: "distill", parameters: ["epochs": 3])
    return (
      try write("short", [base, ours] + tuned(40), in: root.appending(path: "one")),
      try write(
        "long", [base, theirs, extra] + tuned(80, idle: ["precision": "float32"]),
        in: root.appending(path: "two"))
    )
  }
}
