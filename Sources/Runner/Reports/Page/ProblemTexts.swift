import Foundation

/// What problems ask and what their right answers are, from the problems' own table.
package struct ProblemTexts: Sendable {
  /// A problem's question and answer, as far as its table says them.
  package struct Entry: Sendable {
    package let question: String?
    package let answer: String?
  }

  private let entries: [String: Entry]

  /// No texts.
  package init() { self.init(entries: [:]) }

  private init(entries: [String: Entry]) { self.entries = entries }

  /// Reads a table of problems; columns that hold no texts are passed over.
  package init(table: RowTable) {
    guard let ids = try? table.strings("id") else {
      self.init()
      return
    }
    let pairs = ids.enumerated().map { index, id in (id, Entry(table.row(index))) }
    self.init(entries: Dictionary(pairs) { first, _ in first })
  }

  /// Reads the problems that an instance was bound to; none where they are not at hand.
  init(of instance: ExpectedInstance, data: ReportData) {
    guard let input = instance.work?.input("problems"),
      let folder = data.result(named: input.producer)?.folder,
      let table = try? RowTable(contentsOf: folder.appending(path: "\(input.output).h5"))
    else {
      self.init()
      return
    }
    self.init(table: table)
  }

  /// What is known of a problem.
  package subscript(id: String) -> Entry? { entries[id] }
}

extension ProblemTexts.Entry {
  /// The names that public data sets use.
  private static let questionColumns = ["problem", "question", "quiz", "prompt"]
  private static let answerColumns = [
    "answer", "solution_text_format", "solution", "canonical_solution",
  ]

  fileprivate init(_ row: [String: JSONValue]) {
    func first(of columns: [String]) -> String? {
      columns.lazy.compactMap { row[$0]?.string }.first { !$0.isEmpty }
    }
    let options = (row["options"]?.array ?? []).compactMap(\.string)
    let lines = zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", options).map { "\($0). \($1)" }
    question = first(of: Self.questionColumns).map { text in
      lines.isEmpty ? text : text + "\n\n" + lines.joined(separator: "\n")
    }
    answer = first(of: Self.answerColumns)
  }
}
