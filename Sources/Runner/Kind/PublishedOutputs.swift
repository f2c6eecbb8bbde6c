import Base
import Foundation

/// What a stage published, as somebody else hands it over.
package struct PublishedOutputs: Sendable {
  private let folder: URL
  private let present: Set<String>
  private let withoutTexts: Set<String>

  /// - Parameters:
  ///   - present: the names of the files that are there.
  ///   - withoutTexts: those of them whose texts were replaced.
  package init(folder: URL, present: Set<String>, withoutTexts: Set<String> = []) {
    self.folder = folder
    self.present = present
    self.withoutTexts = withoutTexts
  }

  /// The file of an output; nil where it was left out.
  /// - Parameter needsTexts: whether it is of use only with its texts.
  package func file(_ output: String, needsTexts: Bool = false) -> URL? {
    let name = "\(output).h5"
    guard present.contains(name), !needsTexts || !withoutTexts.contains(name) else { return nil }
    return folder.appending(path: name)
  }

  /// The table of an output; nil where it was left out.
  package func table(_ output: String, needsTexts: Bool = false) throws -> RowTable? {
    try file(output, needsTexts: needsTexts).map { try RowTable(contentsOf: $0) }
  }

  /// What was logged at each step; nil where nothing was.
  package var metrics: RowTable? {
    get throws { try table("metrics") }
  }

  /// The number of an output's rows, under the name of a value; nothing where it was left out.
  package func count(_ output: String, as value: String) throws -> [String: JSONValue] {
    guard let table = try table(output) else { return [:] }
    return [value: .number(Double(table.count))]
  }
}

extension ArtifactRecord {
  /// Compares the values of a record with those that follow from what was published.
  /// - Returns: what is wrong, in words; nil where nothing is.
  func falseValue(comparedWith computed: [String: JSONValue]) -> String? {
    for (name, value) in computed.sorted(by: { $0.key < $1.key }) {
      guard let claimed = values[name], !claimed.isNearly(value) else { continue }
      return
        "the record of '\(instance)' says that \(name) is \(claimed.text), and its rows come to "
        + value.text
    }
    return nil
  }
}

extension JSONValue {
  /// Whether two values are the same but for what another machine may round otherwise.
  fileprivate func isNearly(_ other: JSONValue) -> Bool {
    guard let number, let second = other.number else { return self == other }
    return abs(number - second) <= 1e-9 * max(1, abs(number), abs(second))
  }
}
