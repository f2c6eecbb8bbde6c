import Runner
import Testing

@Suite struct YAMLLoaderTests {
  private func load(_ text: String) -> (node: RecipeNode?, diagnostics: [Diagnostic]) {
    var sink = DiagnosticSink()
    let node = YAMLLoader.load(text, into: &sink)
    return (node, sink.diagnostics)
  }

  private func expect(
    _ marked: String, _ messages: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let marked = MarkedText(marked)
    let found = load(marked.text).diagnostics
    #expect(found.map(\.message) == messages, sourceLocation: sourceLocation)
    #expect(found.map(\.position) == marked.places, sourceLocation: sourceLocation)
  }

  @Test func placesOfKeysAndValues() throws {
    let root = try #require(load("# héllo\na:  1\nβγ: [x,\n  ' y']\n").node)
    let entries = root.map
    #expect(entries.map(\.key) == ["a", "βγ"])
    #expect(entries[0].keyPosition == SourcePosition(line: 2, column: 1))
    #expect(entries[0].node.position == SourcePosition(line: 2, column: 5))
    #expect(entries[1].node.position == SourcePosition(line: 3, column: 5))
    #expect(entries[1].node.list.map(\.position).map(\.line) == [3, 4])
    #expect(entries[1].node.list.map(\.position).map(\.column) == [6, 3])
  }

  @Test func quotedScalarsAreStrings() throws {
    let root = try #require(load("- '1'\n- \"true\"\n- !!str 010\n- ! 1\n- |\n  1\n").node)
    for node in root.list {
      guard case .string = node.value else {
        Issue.record("\(node.value) is not a string")
        return
      }
    }
    #expect(root.list.count == 5)
  }

  @Test func tagsOfTheCoreSchema() throws {
    let (node, diagnostics) = load("[!!int '7', !!float 2, !!bool true, !!null ~]")
    #expect(diagnostics.isEmpty)
    let list = try #require(node).list
    guard case .integer(7) = list[0].value, case .number(2) = list[1].value,
      case .boolean(true) = list[2].value, case .null = list[3].value
    else {
      Issue.record("\(list)")
      return
    }
  }

  @Test func keysAreNormalised() throws {
    let root = try #require(load("e\u{301}: 1").node)
    #expect(root.map.first.map { Array($0.key.utf8) } == Array("\u{e9}".utf8))
    expect("\u{e9}: 1\n§e\u{301}: 2", ["duplicate key '\u{e9}'; line 1 has it already"])
  }

  @Test func duplicateKeys() {
    expect(
      "a: 1\nb: {x: 1, §x: 2, §x: 3}\n§a: 2",
      [
        "duplicate key 'x'; line 2 has it already",
        "duplicate key 'x'; line 2 has it already",
        "duplicate key 'a'; line 1 has it already",
      ])
  }

  @Test func anchorsAndAliases() throws {
    let (node, diagnostics) = load("a: &one {x: 1}\nb: *one\n")
    #expect(diagnostics.isEmpty)
    let alias = try #require(node?.map.last?.node)
    #expect(alias.position == SourcePosition(line: 2, column: 4))
    #expect(alias.map.map(\.key) == ["x"])
    #expect(alias.map[0].keyPosition == SourcePosition(line: 1, column: 10))
    expect("a: &one 1\nb: §*on", ["unknown alias '*on'; did you mean 'one'?"])
    expect("a: &a [§*a]", ["unknown alias '*a'"])
  }

  @Test func whatIsRefused() {
    expect("§<<: {a: 1}", ["merge keys (<<) are not supported; write the keys out"])
    expect("'<<': 1", [])
    expect("? §[a, b]\n: 1", ["a key must be a name"])
    expect("§'': 1", ["a key must be a name, not nothing"])
    expect("a: §!!binary aGk=", ["the tag !!binary is not supported; leave it out"])
    expect("a: §!mine [1]", ["the tag !mine is not supported here; leave it out"])
    expect("a: §!!int x", ["'x' is not what its tag !!int says"])
    expect(
      "a: §12345678901234567890",
      [
        "the integer 12345678901234567890 does not fit into 64 bits; "
          + "put it in quotes if it is a name"
      ])
    expect("a: 1\n§--- \nb: 2", ["a second document begins here; a recipe is one document"])
    expect("§", ["the file is empty"])
    expect("§# just a comment\n", ["the file is empty"])
  }

  @Test func syntaxErrors() {
    expect(
      "a:\n§\tb: 1",
      [
        "a value cannot begin with this character unless it is in quotes; "
          + "indent with spaces, not with tabs"
      ])
    expect(
      "a: [1, 2\n§",
      [
        "',' or ']' is missing in the […] that begins in line 1"
      ])
    expect("a: \"x§\u{1}y\"", ["control characters are not allowed"])
    let unquoted = load("a: {seed: ${seed}}").diagnostics
    #expect(unquoted.count == 1)
    #expect(unquoted[0].message.hasSuffix("; put \"${…}\" in quotes"))
  }

  @Test func billionLaughs() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let ten = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(ten)]\n"
    }
    let found = load(text)
    #expect(found.node == nil)
    #expect(
      found.diagnostics.map(\.message)
        == ["a recipe may hold at most 100000 values, aliases written out"])
  }

  @Test func depth() {
    let (_, fine) = load(String(repeating: "[", count: 64) + String(repeating: "]", count: 64))
    #expect(fine.isEmpty)
    let (_, deep) = load(String(repeating: "[", count: 50_000))
    #expect(deep.map(\.message) == ["values nest more than 64 levels deep"])
    var chain = "a0: &a0 [x]\n"
    for level in 1...100 { chain += "a\(level): &a\(level) [*a\(level - 1)]\n" }
    #expect(load(chain).diagnostics.map(\.message) == ["values nest more than 64 levels deep"])
  }
}

extension RecipeNode {
  /// The entries, where this is a mapping.
  var map: [RecipeEntry] { if case .map(let entries) = value { entries } else { [] } }
  /// The elements, where this is a list.
  var list: [RecipeNode] { if case .list(let nodes) = value { nodes } else { [] } }
}
