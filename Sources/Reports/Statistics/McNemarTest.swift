import Foundation

/// McNemar's exact test of two arms that each answered every problem once.
///
/// Only problems that one arm has right and the other wrong tell them apart. Were the arms equally
/// good, each of these would fall to either side with chance 1/2, so the test is the two-sided
/// binomial one. The mid-p variant is not used: the exact test never rejects too often.
package struct McNemarTest: Sendable, Equatable {
  /// How many problems only the first arm has right.
  package let onlyFirst: Int
  /// How many problems only the second arm has right.
  package let onlySecond: Int

  /// Counts discordant pairs.
  package init(onlyFirst: Int, onlySecond: Int) {
    self.onlyFirst = onlyFirst
    self.onlySecond = onlySecond
  }

  /// Counts discordant pairs of two arms' scores.
  /// - Returns: nil where the arms differ in length, or a score is neither 0 nor 1.
  package init?(first: [Double], second: [Double]) {
    guard first.count == second.count, (first + second).allSatisfy({ $0 == 0 || $0 == 1 })
    else { return nil }
    self.init(
      onlyFirst: zip(first, second).count { $0 > $1 },
      onlySecond: zip(first, second).count { $0 < $1 })
  }

  /// The chance of a split at least as uneven between equally good arms; 1 without discordant
  /// pairs.
  package var pValue: Double {
    let count = onlyFirst + onlySecond
    let fewer = min(onlyFirst, onlySecond)
    // Logarithms, because 2^−n is 0 in a Double for more than 1,074 discordant pairs.
    var logTerm = -Double(count) * log(2.0)
    var tail = exp(logTerm)
    for drawn in 0..<fewer {
      logTerm += log(Double(count - drawn) / Double(drawn + 1))
      tail += exp(logTerm)
    }
    return min(1, 2 * tail)
  }
}
