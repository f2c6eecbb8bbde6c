/// How far a stage is.
public struct Progress: Sendable, Equatable {
  /// What is being counted, such as `steps` or `completions`.
  public let unit: String
  /// How many are done, those of earlier attempts included.
  public let done: Int
  /// How many there will be.
  public let total: Int
  /// A short remark, such as `loss 1.93` or `reward -0.41`.
  public let remark: String

  /// Describes how far a stage is.
  public init(_ done: Int, of total: Int, _ unit: String, remark: String = "") {
    self.unit = unit
    self.done = done
    self.total = total
    self.remark = remark
  }
}

/// Takes what stages say of their progress.
public protocol ProgressSink: Sendable {
  /// Called as often as a stage likes; must be cheap.
  func update(_ progress: Progress)
}

/// Says nothing.
public struct SilentProgress: ProgressSink {
  /// Says nothing.
  public init() {}
  /// Ignores the progress.
  public func update(_ progress: Progress) {}
}
