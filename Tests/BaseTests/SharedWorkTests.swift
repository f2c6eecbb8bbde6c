import Base
import Synchronization
import TestSupport
import Testing

@Suite(.ownThread) struct SharedWorkTests {
  @Test(arguments: [0, 1, 2, 1_000], [0, 1, 3, 16]) func everyNumberComesOnce(
    count: Int, width: Int
  ) {
    let calls = Calls()
    SharedWork.run(count, width: width) { calls.note($0) }
    #expect(calls.sorted == Array(0..<count))
  }
}

private final class Calls: Sendable {
  private let numbers = Mutex<[Int]>([])
  var sorted: [Int] { numbers.withLock { $0.sorted() } }

  func note(_ number: Int) { numbers.withLock { $0.append(number) } }
}
