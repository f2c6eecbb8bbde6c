import Base
import Foundation
import Model
import Runner
import Synchronization

/// A model that answers requests for completions: they wait in a queue, and those that are sampled in
/// the same way are decoded side by side.
package final class ModelServer: Sendable {
  /// The name that requests may give.
  package let name: String
  let vocabulary: PromptTokenizer
  private let batchSize: Int
  private let queue = Mutex<[ServedRequest]>([])
  private let arrivals = DispatchSemaphore(value: 0)
  private let isClosed = Mutex(false)

  /// - Parameter batchSize: how many sequences are decoded side by side.
  package init(name: String, _ vocabulary: PromptTokenizer, batchSize: Int) {
    self.name = name
    self.vocabulary = vocabulary
    self.batchSize = batchSize
  }

  /// Completes what is asked for, until somebody asks to stop. Blocks.
  package func run(
    _ model: ModelArtifact, precision: Precision, pool: WorkerPool, until interruption: Interruption
  ) {
    var parameters = SamplingParameters()
    parameters.precision = precision
    parameters.batchSize = batchSize
    let sampler = TextSampler(model, parameters, stopStrings: [], pool: pool)
    while !interruption.isRequested {
      _ = arrivals.wait(timeout: .now() + .milliseconds(200))
      while !interruption.isRequested, let first = next(like: nil) {
        complete(first, sampler, interruption)
      }
    }
    isClosed.withLock { $0 = true }
    for request in queue.withLock({ $0 }) { request.fail(Self.closing) }
  }

  private static let closing = HTTPFault(503, "the server is being stopped")

  /// Waits for the completions of a request.
  /// - Parameter isAbandoned: whether nobody waits for them any more.
  /// - Throws: `HTTPFault`.
  func completions(
    of request: ServedRequest, isAbandoned: () -> Bool
  ) throws(HTTPFault) -> [SampledText] {
    queue.withLock { $0.append(request) }
    if isClosed.withLock({ $0 }) { request.fail(Self.closing) }
    arrivals.signal()
    while !request.wait(milliseconds: 200) {
      if isAbandoned() { queue.withLock { $0.removeAll { $0 === request } } }
      if isAbandoned(), !request.hasBegun { request.fail(Self.closing) }
    }
    return try request.result()
  }

  /// Takes the first request from the queue, if it may be sampled together with another.
  private func next(like other: ServedRequest?) -> ServedRequest? {
    queue.withLock { queue in
      guard let first = queue.first, other.map(first.isSampledLike) ?? true else { return nil }
      first.begin()
      return queue.removeFirst()
    }
  }

  /// Completes a request, and those that join it meanwhile.
  private func complete(
    _ first: ServedRequest, _ sampler: TextSampler, _ interruption: Interruption
  ) {
    var batch = [first]
    do {
      try sampler.with(first.sampling, stopStrings: first.stopStrings).sample(
        [first.prompt], name: { _ in "a request" }, interruption: interruption,
        onTokens: first.onTokens,
        joining: {
          guard let next = next(like: first) else { return [] }
          batch.append(next)
          return [next.prompt]
        },
        completed: { batch[$0].complete($1, $2) })
    } catch is InterruptedError {
      for request in batch { request.fail(Self.closing) }
    } catch {
      for request in batch { request.fail(HTTPFault(500, "\(error)")) }
    }
  }
}

/// A request for completions of one prompt, on its way through the server.
final class ServedRequest: Sendable {
  let prompt: SamplingRequest
  let sampling: SamplingParameters
  let stopStrings: [String]
  /// Called with all tokens so far, where the client wants to see the completion grow; says whether it
  /// may. Such a request is sampled by itself.
  let onTokens: (@Sendable ([Int32]) -> Bool)?

  private struct State {
    var hasBegun = false
    var completions: [SampledText?]
    var fault: HTTPFault?
    var isDone = false
  }

  private let state: Mutex<State>
  private let done = DispatchSemaphore(value: 0)

  init(
    prompt: SamplingRequest, _ sampling: SamplingParameters, stopStrings: [String],
    onTokens: (@Sendable ([Int32]) -> Bool)? = nil
  ) {
    self.prompt = prompt
    self.sampling = sampling
    self.stopStrings = stopStrings
    self.onTokens = onTokens
    state = Mutex(State(completions: Array(repeating: nil, count: prompt.streams.count)))
  }

  func isSampledLike(_ other: ServedRequest) -> Bool {
    onTokens == nil && other.onTokens == nil && stopStrings == other.stopStrings
      && sampling.json == other.sampling.json
  }

  var hasBegun: Bool { state.withLock { $0.hasBegun } }

  func begin() { state.withLock { $0.hasBegun = true } }

  func complete(_ index: Int, _ text: SampledText) {
    end { state in
      state.completions[index] = text
      return state.completions.allSatisfy { $0 != nil }
    }
  }

  func fail(_ fault: HTTPFault) {
    end { state in
      state.fault = fault
      return true
    }
  }

  /// Changes the state of a request that is not done; the closure says whether it is then.
  private func end(_ change: (inout State) -> Bool) {
    let isDone = state.withLock { state in
      if state.isDone { return false }
      state.isDone = change(&state)
      return state.isDone
    }
    if isDone { done.signal() }
  }

  /// Whether it is done within some time.
  func wait(milliseconds: Int) -> Bool {
    done.wait(timeout: .now() + .milliseconds(milliseconds)) == .success
  }

  func result() throws(HTTPFault) -> [SampledText] {
    let (completions, fault) = state.withLock { ($0.completions.compactMap(\.self), $0.fault) }
    if let fault { throw fault }
    return completions
  }
}
