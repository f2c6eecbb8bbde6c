import Synchronization

/// Carries a result from a Swift task to the thread that waits for it.
final class ResultBox<Value: Sendable>: Sendable {
  private let storage = Mutex<Result<Value, any Error>>(.failure(CancellationError()))

  func set(_ result: Result<Value, any Error>) { storage.withLock { $0 = result } }

  func get() throws -> Value { try storage.withLock { $0 }.get() }
}
