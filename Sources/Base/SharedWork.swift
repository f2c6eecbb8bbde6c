import Dispatch
import Synchronization

/// Work on many things, of which several threads take one after another.
///
/// Whoever waits for it takes part, so that it ends where there is no memory for another thread, for
/// which Dispatch would wait for ever.
package enum SharedWork {
  /// Calls `body` for each number below `count`, in any order, and waits for all of them.
  /// - Parameter width: how many threads take part at most.
  package static func run(
    _ count: Int, width: Int, _ body: @escaping @Sendable (Int) -> Void
  ) {
    let numbers = SharedNumbers(below: count)
    for _ in 1..<max(1, min(width, count)) {
      DispatchQueue.global().async { numbers.work(body) }
    }
    numbers.work(body)
    numbers.wait()
  }
}

private final class SharedNumbers: Sendable {
  private let count: Int
  private let next = Atomic<Int>(0)
  private let left: Atomic<Int>
  private let done = DispatchSemaphore(value: 0)

  init(below count: Int) {
    self.count = count
    left = Atomic(count)
  }

  func work(_ body: (Int) -> Void) {
    while case let number = next.wrappingAdd(1, ordering: .relaxed).oldValue, number < count {
      body(number)
      if left.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 { done.signal() }
    }
  }

  func wait() { if count > 0 { done.wait() } }
}
