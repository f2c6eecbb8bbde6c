import Model

/// Why training cannot go on: a number is infinite or none at all.
///
/// Stages throw it before anything is published. The checkpoint before stays as it is.
enum TrainingFault: Error, Equatable, CustomStringConvertible {
  /// The loss of a step, and what it is not finite for.
  case loss(step: Int, items: [String])
  /// The gradient of a step, and what it is not finite for: nothing where only the sum is not.
  case gradient(step: Int, parameter: String?, items: [String])
  /// The weights that a step left behind.
  case weights(step: Int, NotFiniteValue)

  /// A sentence for people: the step, the item, and what to try.
  var description: String { "\(what); nothing was published. \(advice)" }

  private var what: String {
    switch self {
    case .loss(let step, let items):
      "the loss of step \(step) is not finite (\(Self.list(items)))"
    case .gradient(let step, let parameter, let items):
      "the gradient of \(parameter ?? "all parameters together") is not finite in step \(step) "
        + "(\(Self.list(items)))"
    case .weights(let step, let found):
      "\(found.parameter) holds \(found.value) after step \(step)"
    }
  }

  private var advice: String {
    let calmer = "a smaller learning_rate, more warmup_steps or a smaller max_gradient_norm"
    switch self {
    case .loss(_, let items) where !items.isEmpty, .gradient(_, _, let items) where !items.isEmpty:
      return "Try \(calmer); if it happens in the first steps, look at what is named here."
    case .loss, .gradient: return "Try \(calmer)."
    case .weights: return "Try \(calmer), an epsilon above 0 and a beta2 below 1."
    }
  }

  private static func list(_ items: [String]) -> String {
    guard !items.isEmpty else { return "only of the batch as a whole" }
    let more = items.count > 3 ? " and \(items.count - 3) more" : ""
    return items.prefix(3).joined(separator: ", ") + more
  }
}

extension TrainingEngine {
  /// Whether every gradient is a finite number.
  var hasFiniteGradients: Bool {
    gradients.withElements(0..<gradients.count) { $0.allSatisfy(\.isFinite) }
  }
}
