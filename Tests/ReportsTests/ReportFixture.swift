import Base
import Foundation
import OrderedCollections
import Reports
import Runner

/// A small plan with results, made up: two arms, some seeds.
struct ReportFixture {
  var axes: OrderedDictionary<String, [JSONValue]> = [
    "start": ["warmed", "base"], "seed": [1, 2, 10],
  ]
  var planned: [ExpectedInstance] = []
  var results: [InstanceResult] = []

  /// Adds an instance to the plan, with its values where it is done.
  mutating func add(
    _ stage: String, _ point: AxisPoint, _ values: [String: JSONValue]?,
    folder: URL = URL(filePath: "/nowhere"), parameters: JSONValue = ["samples": 4]
  ) {
    planned.append(ExpectedInstance(stageName: stage, point: point))
    guard let values else { return }
    results.append(
      InstanceResult(
        stageName: stage, kind: "evaluate", point: point, key: String(repeating: "ab", count: 32),
        values: values, parameters: parameters, folder: folder, seconds: 61))
  }

  /// Adds a run of `scores` with its problems on disk: for each problem's id, how many of `samples`
  /// completions are right.
  mutating func addScores(
    _ point: AxisPoint, _ correct: KeyValuePairs<String, Int>, samples: Int = 4,
    temperature: Double = 0.7, under folder: URL
  ) throws {
    try addScores(
      point, of: correct.map { $0 }, samples: samples, temperature: temperature, under: folder)
  }

  /// The same for problems that no literal lists.
  mutating func addScores(
    _ point: AxisPoint, of correct: [(key: String, value: Int)], samples: Int = 4,
    temperature: Double = 0.7, under folder: URL
  ) throws {
    let folder = folder.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let rows = correct.enumerated().flatMap { index, problem in
      (0..<samples).map { sample -> [String: JSONValue] in
        let isRight = sample < problem.value
        return [
          "problem": .integer(index), "problem_id": .string(problem.key),
          "sample": .integer(sample),
          "outcome": isRight ? "correct" : "no_answer", "correct": .boolean(isRight),
          "guessed": false, "tokens": .integer(isRight ? 10 : 30), "truncated": .boolean(!isRight),
        ]
      }
    }
    try RowTable(rows: rows).write(to: folder.appending(path: "scores.h5"))
    let right = correct.map(\.value).reduce(0, +)
    let accuracy = Double(right) / Double(max(rows.count, 1))
    add(
      "scores", point,
      ["accuracy": .number(accuracy), "mean_tokens": .number(30 - 20 * accuracy)], folder: folder,
      parameters: ["temperature": .number(temperature)])
  }

  var data: ReportData { ReportData(axes: axes, planned: planned, results: results) }

  /// Scores of both arms over two seeds: means 0.4 and 0.5.
  static var scores: ReportFixture {
    var fixture = ReportFixture()
    for (start, seed, accuracy) in [
      ("base", 1, 0.39), ("base", 2, 0.41), ("warmed", 1, 0.48), ("warmed", 2, 0.52),
    ] {
      fixture.add(
        "scores", ["start": .string(start), "seed": .integer(seed)],
        ["accuracy": .number(accuracy), "problems": 64, "samples": 1])
    }
    return fixture
  }

  /// What a recipe would say of `scores`.
  static var table: TableSpecification {
    var table = TableSpecification()
    table.value = ["scores.accuracy"]
    table.rows = ["start"]
    table.over = ["seed"]
    table.baseline = ["start": "base"]
    table.title = "Accuracy & more"
    return table
  }
}

/// A folder of its own for one test, removed by the test.
func temporaryReportFolder() throws -> URL {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "warmup-report-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}
