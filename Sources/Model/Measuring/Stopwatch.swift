/// Times what a closure does.
public enum Stopwatch {
  /// The seconds that a closure took, by a clock that never goes back.
  public static func seconds(of body: () throws -> Void) rethrows -> Double {
    let elapsed = try ContinuousClock().measure(body)
    let (seconds, attoseconds) = elapsed.components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
