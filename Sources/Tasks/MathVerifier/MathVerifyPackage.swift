import Base
import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Workers that are kept from one batch of answers to the next, since loading takes a second.
package final class MathVerifyPool: Sendable {
  package static let shared = MathVerifyPool()

  /// How long one answer may take. The package stops itself after three times five seconds, except
  /// where it hangs.
  package static let limit = Duration.seconds(20)

  /// A worker passes from thread to thread, and only one of them has it at a time.
  private struct Idle: @unchecked Sendable { let worker: MathVerifyWorker }

  private let idle = Mutex<[Idle]>([])
  private let start: @Sendable () throws -> MathVerifyWorker

  package init(
    start: @escaping @Sendable () throws -> MathVerifyWorker = {
      try MathVerifyWorker(try MathVerifyInstallation.locate())
    }
  ) {
    self.start = start
  }

  /// Asks all questions, several at a time, and returns the answers in their order.
  /// - Throws: `MathVerifyError` or `SandboxError` where no worker can be started.
  package func ask(
    _ requests: [MathVerifyWorker.Request], threads: Int, limit: Duration = MathVerifyPool.limit
  ) throws -> [MathVerifyWorker.Reply] {
    let next = Atomic<Int>(0)
    let found = Mutex<[Int: MathVerifyWorker.Reply]>([:])
    let failure = Mutex<(any Error)?>(nil)
    let first = try worker()
    give(back: first)
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, requests.count))) { _ in
      do {
        var worker = try self.worker()
        while case let index = next.wrappingAdd(1, ordering: .relaxed).oldValue,
          index < requests.count
        {
          if !worker.isAlive { worker = try self.worker() }
          let reply = worker.ask(requests[index], limit: limit)
          found.withLock { $0[index] = reply }
        }
        give(back: worker)
      } catch {
        failure.withLock { $0 = error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    return found.withLock { found in requests.indices.map { found[$0] ?? .timedOut } }
  }

  private func worker() throws -> MathVerifyWorker {
    if let kept = idle.withLock({ $0.popLast() }) { return kept.worker }
    return try start()
  }

  private func give(back worker: MathVerifyWorker) {
    guard worker.isAlive else { return }
    let kept = Idle(worker: worker)
    idle.withLock { $0.append(kept) }
  }
}

/// A process that holds the Python package `math-verify` and answers requests one after the other.
package final class MathVerifyWorker {
  package struct Request: Sendable, Hashable {
    /// The reference, such as `\boxed{5}`.
    package let gold: String
    /// The output or the part of it that holds the answer.
    package let answer: String
    /// Whether the answer is handed over in the place of the reference, as the authors do.
    package let isReversed: Bool

    /// Asks whether an answer means the same as the reference.
    package init(gold: String, answer: String, isReversed: Bool = false) {
      self.gold = gold
      self.answer = answer
      self.isReversed = isReversed
    }
  }

  package enum Reply: Sendable, Hashable {
    /// Whether the two agree, whether an answer was found at all, and what was read of it.
    case judged(isEqual: Bool, found: Bool, text: String?)
    /// It took too long, or the process died over it.
    case timedOut
  }

  private let process = Process()
  /// Our end of a pair of sockets: unlike a pipe, writing to it raises no signal when the worker
  /// is dead.
  private let socket: Int32
  private var received: [UInt8] = []
  package private(set) var isAlive = true

  /// What the process runs: it reads one request a line and answers each with a line.
  ///
  /// Nothing else may write to the stream of the answers. A request that takes too long ends the
  /// process from within, even where Python no longer looks at signals, so that it never outlives
  /// whoever asked.
  package static let script = String(decoding: PackageResources.math_verify_py, as: UTF8.self)

  /// Starts the process and waits until it has loaded the package.
  /// - Throws: `MathVerifyError`.
  package init(_ installation: MathVerifyInstallation, script: String = MathVerifyWorker.script)
    throws
  {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw MathVerifyError.worker(reason: String(cString: strerror(errno)))
    }
    socket = ends[0]
    let theirs = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
    process.executableURL = URL(filePath: installation.python)
    process.arguments = ["-I", "-c", script]
    process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
    process.standardInput = theirs
    process.standardOutput = theirs
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch {
      throw MathVerifyError.worker(reason: sentence(for: error))
    }
    try? theirs.close()
    try welcome(installation)
  }

  deinit {
    if isAlive { kill(process.processIdentifier, SIGKILL) }
    close(socket)
  }

  private func welcome(_ installation: MathVerifyInstallation) throws {
    let greeting = line(within: .seconds(120))
    let version = greeting?["ready"]?.string
    if version == MathVerifyInstallation.version { return }
    end()
    let reason =
      version.map { "it has version \($0)" } ?? greeting?["missing"]?.string
      ?? "its process ended before it was ready"
    throw installation.isNamed
      ? MathVerifyError.otherPackage(python: installation.python, reason: reason)
      : MathVerifyError.worker(reason: reason)
  }

  /// Asks one question. After a time-out the worker is dead, and another is needed.
  package func ask(_ request: Request, limit: Duration) -> Reply {
    let seconds = Double(limit.components.seconds) + Double(limit.components.attoseconds) / 1e18
    let question: JSONValue = [
      "gold": .string(request.gold), "answer": .string(request.answer),
      "reversed": .boolean(request.isReversed), "seconds": .number(seconds),
    ]
    // The worker ends itself first; this is for one that is stopped altogether.
    guard send(question.text + "\n"), let reply = line(within: limit + .seconds(2)),
      let isEqual = reply["equal"]?.boolean, let found = reply["found"]?.boolean
    else {
      end()
      return .timedOut
    }
    return .judged(isEqual: isEqual, found: found, text: reply["text"]?.string)
  }

  private func end() {
    guard isAlive else { return }
    isAlive = false
    kill(process.processIdentifier, SIGKILL)
  }

  private func send(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// The next line as JSON; nil when the time is up or the worker is gone.
  private func line(within limit: Duration) -> JSONValue? {
    let deadline = ContinuousClock.now + limit
    while true {
      if let end = received.firstIndex(of: 0x0A) {
        let line = Data(received[..<end])
        received.removeSubrange(...end)
        return try? JSONValue(parsing: line)
      }
      let left = (deadline - ContinuousClock.now).components
      let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
      guard milliseconds > 0 else { return nil }
      var state = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      let ready = poll(&state, 1, Int32(clamping: milliseconds))
      if ready < 0, errno == EINTR { continue }
      guard ready > 0, receive() else { return nil }
    }
  }

  private func receive() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(socket, &buffer, buffer.count, 0)
    if count < 0, errno == EINTR { return true }
    guard count > 0 else { return false }
    received += buffer[..<count]
    return true
  }
}
