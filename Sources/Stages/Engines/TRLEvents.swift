import Base
import Foundation

/// What the adapter says of a training, a line each in `events.jsonl`.
enum TRLEvent {
  /// It begins behind a step, from the start or a checkpoint.
  case started(step: Int, description: JSONValue)
  /// An update was done, with what TRL says of it, loss and gradient norm in any case; seconds since the
  /// one before.
  case step(Int, said: [String: Double], seconds: Double)
  case checkpoint(step: Int)
  /// The weights behind an update lie in a folder of their own.
  case kept(step: Int)
  /// It left after a step, with a checkpoint, because it was asked to.
  case stopped(step: Int)
  case failed(kind: String, sentence: String)
  case done(step: Int)

  /// - Throws: `TRLError.unreadable`.
  init(_ line: Data) throws {
    guard let event = try? JSONValue(parsing: line), let read = Self.read(event) else {
      throw TRLError.unreadable(String(decoding: line.prefix(200), as: UTF8.self))
    }
    self = read
  }

  private static func read(_ event: JSONValue) -> TRLEvent? {
    let step = event["step"]?.integer
    switch (event["event"]?.string, step) {
    case ("started", let step?):
      let kept = event.object?.filter { ["device", "versions"].contains($0.key) } ?? [:]
      return .started(step: step, description: .object(kept))
    case ("step", let step?):
      let said = event["metrics"]?.object?.compactMapValues(\.number) ?? [:]
      guard ["loss", "grad_norm"].allSatisfy({ said[$0]?.isFinite == true }),
        let seconds = event["seconds"]?.number
      else { return nil }
      return .step(step, said: said, seconds: seconds)
    case ("checkpoint", let step?): return .checkpoint(step: step)
    case ("kept", let step?): return .kept(step: step)
    case ("stopped", let step?): return .stopped(step: step)
    case ("done", let step?): return .done(step: step)
    case ("failed", _):
      guard let kind = event["class"]?.string, let sentence = event["sentence"]?.string else {
        return nil
      }
      return .failed(kind: kind, sentence: sentence)
    default: return nil
    }
  }
}
