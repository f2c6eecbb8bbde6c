import Foundation
import TestSupport

/// What scipy, statsmodels and numpy say of random data; `make.py` beside the file recorded it.
struct StatisticsReferences: Decodable, Sendable {
  struct Student: Decodable, Sendable {
    let freedom: Double
    let tail: Double
    let value: Double
  }
  struct Rate: Decodable, Sendable {
    let right: [Double]
    let answers: Double
    let effectiveCount: Double
    let bounds: [Double]
  }
  struct McNemar: Decodable, Sendable {
    let first: Int
    let second: Int
    let p: Double
  }
  struct Pass: Decodable, Sendable {
    let samples: Int
    let right: Int
    let k: Int
    let value: Double
  }
  struct Arms: Decodable, Sendable {
    let samples: Int
    let first: [[Int]]
    let second: [[Int]]
    let difference: Double
    let ratio: Double
    let interval: [Double]
    let clusteredError: Double

    /// Shares of right answers, by seed and problem.
    func shares(_ counts: [[Int]]) -> [[Double]] {
      counts.map { $0.map { Double($0) / Double(samples) } }
    }
  }
  struct Welch: Decodable, Sendable {
    let ours: [Double]
    let publishedMean: Double
    let publishedDeviation: Double
    let passes: Int
    let interval: [Double]
  }

  let student: [Student]
  let rates: [Rate]
  let mcnemar: [McNemar]
  let pass: [Pass]
  let arms: [Arms]
  let welch: [Welch]

  /// The recorded file.
  static let recorded: StatisticsReferences = {
    let file = ProjectFolder.fixtures.appending(path: "statistics/references.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try! decoder.decode(StatisticsReferences.self, from: Data(contentsOf: file))
  }()
}
