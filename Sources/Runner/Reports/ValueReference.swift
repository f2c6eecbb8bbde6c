/// A reference from a table or figure to something that a stage published: `scores.accuracy`.
package struct ValueReference: Sendable, Hashable, CustomStringConvertible {
  /// The stage's name.
  package let stage: String
  /// The value's or metric's name; it may hold dots and slashes.
  package let name: String

  /// Reads `stage.value`.
  /// - Parameter owner: what holds the reference, for messages: `table 'main'`.
  /// - Throws: `ReportError.impossible` where the text does not name both.
  package init(_ text: String, in owner: String) throws {
    let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2 else {
      throw ReportError.impossible(
        "\(owner): '\(text)' must name a stage and a value, as in scores.accuracy")
    }
    (stage, name) = (parts[0], parts[1])
  }

  /// The reference as it is written.
  package var description: String { "\(stage).\(name)" }
}
