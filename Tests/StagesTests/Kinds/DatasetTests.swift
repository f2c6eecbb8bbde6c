import Base
import Foundation
import Runner
import Stages
import Tasks
import TestSupport
import Testing

@Suite(.ownThread) struct DatasetTests {
  private func stage(_ change: (inout DatasetStage.Parameters) -> Void) -> DatasetStage {
    var parameters = DatasetStage.Parameters()
    change(&parameters)
    return DatasetStage(parameters: parameters)
  }

  private static let rows = """
    {"problem": "1+1?", "solution": "2", "type": "Algebra", "level": 5}
    {"problem": "2+2?", "solution": "4", "type": "Algebra", "level": 1}

    {"problem": "a\u{85}b?\u{2028}", "solution": "c", "type": "Words", "level": 5}
    """

  @Test func keepsColumnsAndAddsIDs() throws {
    let folder = try ScratchFolder()
    let file = try folder.write(Self.rows, "x.jsonl")
    let table = try stage { $0.task = .math }.table(from: file)
    let prefix = SHA256Digest.hex(of: Data(Self.rows.utf8)).prefix(8)
    #expect(try table.strings("id") == ["\(prefix)/0", "\(prefix)/1", "\(prefix)/2"])
    #expect(table == RowTable(rows: table.rows, order: ["id"], attributes: ["task": "math"]))
    #expect(table.row(0).keys.sorted() == ["id", "level", "problem", "solution", "type"])
    #expect(try table.strings("problem")[2] == "a\u{85}b?\u{2028}")
    #expect(try table.integers("level") == [5, 1, 5])
    let moved = try folder.write(Self.rows, "y.jsonl")
    #expect(try stage { $0.task = .math }.table(from: moved) == table)
  }

  @Test(arguments: [
    (
      DatasetTask.math, #"{"problem":"p","solution":"s","unique_id":"test/a/1.json"}"#,
      "test/a/1.json"
    ),
    (
      .mmluPro, #"{"question_id":70,"question":"q","options":["x"],"answer":"A","category":"law"}"#,
      "70"
    ),
    (
      .humanEvalPlus, #"{"task_id":"HumanEval/3","prompt":"p","entry_point":"f","test":"t"}"#,
      "HumanEval/3"
    ),
    (
      .knightsAndKnaves,
      #"{"quiz":"q","names":["A","B"],"solution":[true,false],"index":7,"#
        + #""solution_text_format":"(1) A is a knight\n(2) B is a knave"}"#,
      "kk/2/7"
    ),
  ])
  func takesPublishedIDs(_ task: DatasetTask, _ row: String, _ id: String) throws {
    let folder = try ScratchFolder()
    let file = try folder.write(row, "x.jsonl")
    #expect(try stage { $0.task = task }.table(from: file).strings("id") == [id])
  }

  /// A gold that nothing can be compared with would score in silence.
  @Test(arguments: [
    (DatasetTask.mmluPro, #""answer":"nonsense""#, "from A to B"),
    (.mmluPro, #""answer":"""#, "A to B"),
    (.mmluPro, #""answer":"C""#, "from A to B"), (.mmluPro, #""answer":1"#, "is 1, but must be"),
    (.mmluPro, #""answer":"A","answer_index":1"#, "'answer_index' (1)"),
    (.knightsAndKnaves, #""solution_text_format":"nonsense""#, "for each person of 'names'"),
    (
      .knightsAndKnaves, #""solution_text_format":"(1) Zoey is a knight""#,
      "for each person of 'names'"
    ), (.knightsAndKnaves, #""solution_text_format":"""#, "is \"\", but must be"),
  ])
  func aRightAnswerThatCannotBeReadIsRefused(
    _ task: DatasetTask, _ gold: String, _ words: String
  ) throws {
    let folder = try ScratchFolder()
    let columns =
      task == .mmluPro
      ? #"{"question_id":1,"question":"q","options":["x","y"],"category":"law","#
      : #"{"quiz":"q","names":["Zoey","Bo"],"solution":[true,false],"index":1,"#
    let file = try folder.write("\n" + columns + gold + "}", "x.jsonl")
    let error = #expect(throws: DatasetError.self) {
      try stage { $0.task = task }.table(from: file)
    }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains("x.jsonl:2: the right answer in the column"), "\(text)")
    #expect(text.contains(words), "\(text)")
  }

  @Test(arguments: ["(B)", "b", " B ", "B.", "B"])
  func lettersAreTakenInOneForm(_ gold: String) throws {
    let folder = try ScratchFolder()
    let file = try folder.write(
      #"{"question_id":1,"question":"q","options":["x","y"],"category":"law","answer":"\#(gold)"}"#,
      "x.jsonl")
    #expect(try stage { $0.task = .mmluPro }.table(from: file).strings("answer") == ["B"])
  }

  @Test func filtersAndTakes() throws {
    let folder = try ScratchFolder()
    let file = try folder.write(Self.rows, "x.jsonl")
    func problems(_ change: (inout DatasetStage.Parameters) -> Void) throws -> [String] {
      try stage(change).table(from: file).strings("solution")
    }
    #expect(try problems { $0.filter = ["level": ["5"]] } == ["2", "c"])
    #expect(try problems { $0.filter = ["type": ["Words", "Algebra"], "level": ["1"]] } == ["4"])
    #expect(try problems { $0.skip = 1 } == ["4", "c"])
    #expect(try problems { ($0.skip, $0.take) = (1, 1) } == ["4"])
    let shuffled = try problems { ($0.order, $0.seed) = (.nested, 3) }
    #expect(shuffled.sorted() == ["2", "4", "c"])
    #expect(try problems { ($0.order, $0.seed) = (.nested, 3) } == shuffled)
    let orders = try Set(
      (0..<20).map { seed in
        try problems { ($0.order, $0.seed) = (.nested, seed) }
      })
    #expect(orders.count > 3)
  }

  /// The ids, by number, of 120 rows after a selection.
  private func numbers(_ change: (inout DatasetStage.Parameters) -> Void) throws -> [Int] {
    let folder = try ScratchFolder()
    let rows = (0..<120).map {
      #"{"problem": "p", "solution": "s", "unique_id": "\#($0)", "kind": "\#($0 % 3)"}"#
    }
    let file = try folder.write(rows.joined(separator: "\n"), "x.jsonl")
    return try stage(change).table(from: file).strings("id").compactMap { Int($0) }
  }

  @Test(arguments: [RowOrder.numpyPermutation, .nested])
  func fewerRowsLieInsideMore(order: RowOrder) throws {
    let sets = try [25, 50, 100].map { take in
      try numbers { ($0.order, $0.seed, $0.take) = (order, 1, take) }
    }
    #expect(sets.map(\.count) == [25, 50, 100])
    #expect(sets[2].starts(with: sets[1]) && sets[1].starts(with: sets[0]))
  }

  @Test(arguments: [RowOrder.numpyChoice, .pythonRandomSample])
  func fewerRowsLieInsideADraw(order: RowOrder) throws {
    let draws = try [25, 50, 100].map { take in
      try numbers { ($0.order, $0.seed, $0.draw, $0.take) = (order, 1, 100, take) }
    }
    #expect(draws[2].count == 100 && Set(draws[2]).count == 100)
    #expect(draws[2].starts(with: draws[1]) && draws[1].starts(with: draws[0]))
    let rest = try numbers { ($0.order, $0.seed, $0.draw, $0.skip) = (order, 1, 100, 60) }
    #expect(rest == Array(draws[2].dropFirst(60)))
    let alone = try numbers { ($0.order, $0.seed, $0.take) = (order, 1, 25) }
    #expect(alone.count == 25)
    #expect(throws: DatasetError.self) {
      try numbers { ($0.order, $0.draw, $0.take) = (order, 20, 21) }
    }
    #expect(throws: DatasetError.self) { try numbers { ($0.order, $0.draw) = (order, 121) } }
  }

  @Test func takesFromEveryValueOfAColumn() throws {
    let each = try numbers { ($0.each, $0.take) = ("kind", 2) }
    #expect(each == [0, 3, 1, 4, 2, 5])
    let drawn = try numbers { ($0.each, $0.order, $0.take) = ("kind", .numpyChoice, 5) }
    #expect(drawn.map { $0 % 3 } == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
    // One stream for all, so that the groups' draws differ.
    #expect(drawn[0..<5].map { $0 / 3 } != drawn[5..<10].map { $0 / 3 })
    #expect(throws: DatasetError.self) { try numbers { ($0.each, $0.take) = ("kind", 41) } }
    #expect(throws: DatasetError.self) { try numbers { $0.each = "colour" } }
  }

  /// Characters that other readers take for the end of a line.
  @Test func everythingButALineFeedStaysInsideARow() throws {
    let folder = try ScratchFolder()
    let row =
      "{\"problem\": \"a\u{85}b\u{2028}c\u{2029}d\\u0007\\u0008\\u000b\", \"solution\": \"\"}"
    let file = try folder.write(row + "\r\n" + row, "x.jsonl")
    let table = try stage { $0.task = .math }.table(from: file)
    #expect(table.count == 2)
    let problem = try table.strings("problem")[0]
    #expect(problem.utf8.elementsEqual("a\u{85}b\u{2028}c\u{2029}d\u{7}\u{8}\u{B}".utf8))
  }

  @Test func aColumnOfNullsIsAsGoodAsMissing() throws {
    let folder = try ScratchFolder()
    let file = try folder.write(#"{"problem": null, "solution": "s"}"#, "x.jsonl")
    let error = #expect(throws: DatasetError.self) {
      try stage { $0.task = .math }.table(from: file)
    }
    #expect(error?.description.contains("the row has no 'problem'") == true)
  }

  @Test(arguments: [
    ("", "holds no rows"), ("\n \n", "holds no rows"),
    ("{\"problem\": \"p\", \"solution\": \"s\"}\n[1]\n", "x.jsonl:2: "),
    ("{\"problem\": \"p\", \"solution\": \"s\"}\n\n{\"problem\": \"p\", \"sol\n", "x.jsonl:3: "),
    ("{\"problem\": \"p\"}", "x.jsonl:1: the row has no 'solution'"),
    (#"{"problem": "p", "solution": "s", "id": [1]}"#, "that holds no texts"),
    (
      #"{"problem": "p", "solution": "s", "unique_id": "u"}"# + "\n"
        + #"{"problem": "q", "solution": "s", "unique_id": "u"}"#, "the id 'u'"
    ),
  ])
  func saysWhatIsWrongWithAFile(_ text: String, _ words: String) throws {
    let folder = try ScratchFolder()
    let file = try folder.write(text, "x.jsonl")
    let error = #expect(throws: DatasetError.self) {
      try stage { $0.task = .math }.table(from: file)
    }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  @Test func refusesImpossibleSelections() throws {
    let folder = try ScratchFolder()
    let file = try folder.write(Self.rows, "x.jsonl")
    let changes: [@Sendable (inout DatasetStage.Parameters) -> Void] = [
      { $0.take = 4 }, { $0.skip = 3 }, { ($0.skip, $0.take) = (2, 2) },
      { $0.filter = ["level": ["9"]] }, { $0.filter = ["colour": ["red"]] },
    ]
    for change in changes {
      #expect(throws: DatasetError.self) { try stage(change).table(from: file) }
    }
  }

  private func diagnostics(_ entries: [(String, RecipeValue)]) -> [String] {
    let place = SourcePosition(line: 1, column: 1)
    let map = entries.map {
      RecipeEntry(key: $0.0, keyPosition: place, node: RecipeNode($0.1, at: place))
    }
    var sink = DiagnosticSink()
    _ = DatasetStage.Parameters.decode(RecipeNode(.map(map), at: place), into: &sink)
    return sink.diagnostics.map(\.message)
  }

  @Test func checksItsParameters() {
    let task = ("task", RecipeValue.string("math"))
    #expect(diagnostics([task, ("source", .string("x.jsonl"))]).isEmpty)
    #expect(diagnostics([task]).first?.contains("'source'") == true)
    #expect(
      diagnostics([task, ("source", .string("pip:a/b"))]).first?.contains("not a source") == true)
    #expect(
      diagnostics([task, ("source", .string("https://a.org/b"))]).first?.contains("sha256") == true)
    let short = diagnostics([task, ("source", .string("x")), ("sha256", .string("abc"))])
    #expect(short.first?.contains("64 hexadecimal digits") == true)
    let choice = diagnostics([task, ("source", .string("x")), ("order", .string("numpy_choice"))])
    #expect(choice.first?.contains("needs 'take'") == true)
    let drawn = diagnostics([task, ("source", .string("x")), ("draw", .integer(5))])
    #expect(drawn.first?.contains("'draw' is for the orders") == true)
  }

  /// A model from elsewhere must be pinned as rows must be, and before anything runs.
  @Test func modelsFromElsewhereMustBePinned() {
    let place = SourcePosition(line: 1, column: 1)
    let source = RecipeEntry(
      key: "source", keyPosition: place,
      node: RecipeNode(.string("https://a.org/model.gguf"), at: place))
    var sink = DiagnosticSink()
    _ = PretrainedModelParameters.decode(RecipeNode(.map([source]), at: place), into: &sink)
    #expect(sink.diagnostics.map(\.message).first?.contains("sha256") == true)
  }

  @Test func placeAndPinStayOutOfTheKey() {
    var parameters = DatasetStage.Parameters()
    let before = parameters.identity
    parameters.source = "elsewhere.jsonl"
    parameters.sha256 = "abc"
    #expect(parameters.identity == before)
  }
}
