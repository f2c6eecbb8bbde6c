import Runner

/// What a verifier says of a completion; always exactly one of these.
public enum Outcome: String, Sendable, Hashable, CaseIterable {
  /// The answer is right.
  case correct
  /// There is an answer, and it is not right.
  case wrong
  /// No answer could be read.
  case noAnswer = "no_answer"
  /// The completion breaks the format that training asks for.
  case badFormat = "bad_format"
  /// The time was up before the tests had ended.
  case timeout
}

/// A verifier's judgement of one completion.
public struct Verdict: Sendable, Hashable {
  /// The judgement.
  public let outcome: Outcome
  /// The answer that was read, as the completion writes it.
  public let extracted: String?
  /// Whether a random guess in place of a missing answer hits, as the paper's evaluation credits
  /// it. Kept apart: `outcome` stays `noAnswer`.
  public let guessed: Bool

  /// Makes a judgement.
  public init(_ outcome: Outcome, extracted: String? = nil, guessed: Bool = false) {
    self.outcome = outcome
    self.extracted = extracted
    self.guessed = guessed
  }
}
