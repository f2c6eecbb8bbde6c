/// Shows people how a run goes.
public protocol RunDisplay: ProgressSink {
  /// An instance begins; updates that follow are about it.
  func begin(_ title: InstanceTitle)
  /// Something that people should know meanwhile, such as a wait for another process.
  func notice(_ sentence: String)
  /// An instance is settled, whether it was begun or not.
  func end(_ title: InstanceTitle, _ outcome: InstanceOutcome)
}

/// What a display says of an instance.
public struct InstanceTitle: Sendable, Equatable {
  /// The instance's name.
  public let name: String
  /// The kind's name.
  public let kind: String
  /// Its place in the plan, from 1.
  public let number: Int
  /// How many instances the plan has.
  public let total: Int

  /// Describes an instance.
  public init(name: String, kind: String, number: Int, total: Int) {
    self.name = name
    self.kind = kind
    self.number = number
    self.total = total
  }
}

/// Shows nothing.
public struct SilentDisplay: RunDisplay {
  /// Shows nothing.
  public init() {}
  /// Ignores the instance.
  public func begin(_ title: InstanceTitle) {}
  /// Ignores the sentence.
  public func notice(_ sentence: String) {}
  /// Ignores the outcome.
  public func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {}
  /// Ignores the progress.
  public func update(_ progress: Progress) {}
}
