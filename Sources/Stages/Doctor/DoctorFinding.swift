import Runner

/// One thing that `warmup doctor` looked at.
public struct DoctorFinding: Sendable, Equatable {
  /// How it stands with it.
  public enum State: String, Sendable, CaseIterable {
    /// It is there and right, or it is a plain fact.
    case good
    /// It is not there; what needs it will say so, and all else works.
    case missing
    /// It works less well than it could; the advice says what would help.
    case weak
    /// It is there and wrong: something will fail.
    case wrong
  }

  /// What was looked at, such as `HDF5` or a file's path.
  public let name: String
  /// How it stands with it.
  public let state: State
  /// What was found, in a few words.
  public let detail: String
  /// What to do about it, as a sentence; nil where nothing is to do.
  public let advice: String?

  /// Describes what is there and right.
  public init(_ name: String, _ detail: String) { self.init(name, .good, detail) }

  /// Describes what was found.
  public init(_ name: String, _ state: State, _ detail: String, advice: String? = nil) {
    self.name = name
    self.state = state
    self.detail = detail
    self.advice = advice
  }

  /// The finding for programs.
  public var json: JSONValue {
    [
      "name": .string(name), "state": .string(state.rawValue), "detail": .string(detail),
      "advice": advice.map { .string($0) } ?? .null,
    ]
  }
}
