import Base

/// The names of what a kind publishes and logs, so that tables and figures are checked before
/// anything runs.
///
/// `pass@{samples}` stands for `pass@1`, `pass@2` and so on up to the parameter `samples`.
package struct PublishedNames: Sendable {
  /// The numbers that it publishes, and those that follow from what it publishes.
  package let values: [String]
  /// What it publishes beside numbers, such as the verifier; no table shows it. `verdict` stands for
  /// those in its rows, which a confusion compares.
  package let facts: [String]
  /// What it logs by step, and what follows from it or has a shorter name; timings stay out.
  package let metrics: [String]
  /// Whether the kind says at all what it publishes; else nothing is checked.
  package private(set) var isKnown = true

  package init(values: [String] = [], facts: [String] = [], metrics: [String] = []) {
    self.values = values
    self.facts = facts
    self.metrics = metrics
  }

  /// Those of a kind that does not say.
  package static let unknown = {
    var names = PublishedNames()
    names.isKnown = false
    return names
  }()

  /// What an instance published or logged under a name that is not declared, sorted.
  /// - Parameter timings: the metrics that stay out of the result.
  package func undeclared(
    values published: [String: JSONValue], metrics logged: Set<String>, timings: Set<String> = []
  ) -> [String] {
    let names = published.filter { name, value in
      !values.contains(name) && (value.number != nil || !facts.contains(name))
    }.keys
    return Set(names).union(logged.subtracting(timings).subtracting(metrics)).sorted()
  }
}

/// What a table or figure asks a stage for.
enum NameUse {
  case value
  case metric
  /// Either: what reaching a target costs.
  case valueOrMetric
  case fact

  func names(of declared: PublishedNames) -> [String] {
    switch self {
    case .value: declared.values
    case .metric: declared.metrics
    case .valueOrMetric: declared.values + declared.metrics
    case .fact: declared.facts
    }
  }
}

/// A name as it is declared: itself, or a beginning with a number up to a parameter.
struct DeclaredName {
  let start: String
  /// The parameter that bounds the number behind `start`; nil for a name that stands for itself.
  let parameter: String?

  init(_ text: String) {
    let parts = text.split(separator: "{", maxSplits: 1, omittingEmptySubsequences: false)
    start = String(parts[0])
    parameter = parts.count > 1 ? String(parts[1].dropLast()) : nil
  }

  /// The number in a name; nil where the name is another one.
  func number(in name: String) -> Int? {
    guard parameter != nil, name.hasPrefix(start), let number = Int(name.dropFirst(start.count)),
      number >= 1, name == start + String(number)
    else { return nil }
    return number
  }
}
