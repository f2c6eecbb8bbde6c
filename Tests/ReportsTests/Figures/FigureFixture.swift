import Base
import Foundation
import OrderedCollections
import Runner

/// Made-up results for figures: two arms on two domains, some numbers of problems, two seeds.
struct FigureFixture {
  static let arms: [JSONValue] = ["base", "warmed"]

  /// Accuracy and length over numbers of problems: the base climbs slowly, the warmed one fast.
  static var sizes: ReportFixture {
    var fixture = ReportFixture()
    fixture.axes = ["arm": arms, "examples": [10, 25, 50, 100], "seed": [1, 2]]
    for (arm, curve) in [("base", [0.05, 0.1, 0.2, 0.25]), ("warmed", [0.1, 0.2, 0.4, 0.42])] {
      for (examples, accuracy) in zip([10, 25, 50, 100], curve) {
        for seed in [1, 2] {
          let point: AxisPoint = [
            "arm": .string(arm), "examples": .integer(examples), "seed": .integer(seed),
          ]
          let own = accuracy + (seed == 1 ? -0.01 : 0.01)
          fixture.add("scores", point, ["accuracy": .number(own)])
          fixture.add("tuned", point, ["tokens": .integer(examples * 1000)])
        }
      }
    }
    return fixture
  }

  /// Accuracy and length of three arms on two domains, each trained on either.
  static var domains: ReportFixture {
    var fixture = ReportFixture()
    fixture.axes = [
      "arm": ["base", "tuned", "warmed"], "trained": ["sums", "words"],
      "domain": ["sums", "words"],
      "seed": [1, 2],
    ]
    for (number, arm) in ["base", "tuned", "warmed"].enumerated() {
      for (row, trained) in ["sums", "words"].enumerated() {
        for (column, domain) in ["sums", "words"].enumerated() {
          for seed in [1, 2] {
            let point: AxisPoint = [
              "arm": .string(arm), "trained": .string(trained), "domain": .string(domain),
              "seed": .integer(seed),
            ]
            let gain = Double(number) * (row == column ? 0.1 : -0.04)
            fixture.add(
              "scores", point,
              [
                "accuracy": .number(0.3 + gain + Double(seed) * 0.01),
                "mean_tokens": .number(100 * (1 + Double(number * (row + 1)) * 0.5)),
              ])
          }
        }
      }
    }
    return fixture
  }

  /// A specification changed from an empty one.
  static func specification(
    _ change: (inout FigureSpecification) -> Void
  ) -> FigureSpecification {
    var specification = FigureSpecification()
    change(&specification)
    return specification
  }

  static var efficiency: FigureSpecification {
    specification {
      $0.line = ["scores.accuracy"]
      $0.x = ["examples"]
      $0.series = ["arm"]
      $0.band = ["seed"]
      $0.target = 0.3
      $0.cost = "tuned.tokens"
    }
  }

  static var bars: FigureSpecification {
    specification {
      $0.bars = ["scores.accuracy"]
      $0.x = ["trained", "domain"]
      $0.series = ["arm"]
      $0.over = ["seed"]
      $0.baseline = ["arm": "base"]
    }
  }

  static var heatMap: FigureSpecification {
    specification {
      $0.heatMap = ["scores.mean_tokens"]
      $0.rows = ["trained"]
      $0.columns = ["domain"]
      $0.panels = ["arm"]
      $0.over = ["seed"]
      $0.baseline = ["arm": "base"]
      $0.change = .relative
    }
  }

  /// Rollouts of some problems: a problem is drawn every second step, its samples right from a
  /// step on.
  static func rollouts(problems: Int, steps: Int, group: Int = 4) -> RowTable {
    let rows = (0..<steps).flatMap { step in
      (0..<problems).filter { ($0 + step) % 2 == 0 }.flatMap { problem in
        (0..<group).map { sample -> [String: JSONValue] in
          let isRight = step >= problem && sample < 1 + step / 2
          return [
            "step": .integer(step + 1), "problem_id": .string("problem-\(problem)"),
            "sample": .integer(sample), "outcome": isRight ? "correct" : "wrong",
          ]
        }
      }
    }
    return RowTable(rows: rows)
  }

  /// Verdicts of some problems, four samples each.
  static func verdicts(_ outcomes: [String]) -> RowTable {
    RowTable(
      rows: outcomes.enumerated().map { index, outcome in
        [
          "problem_id": .string("problem-\(index / 4)"), "sample": .integer(index % 4),
          "outcome": .string(outcome),
        ]
      })
  }
}
