import Base
import Foundation
import Tasks
import TestSupport
import Testing

/// Rows out of texts, whoever wrote them.
@Suite struct DatasetFileTests {
  private static let rows = [#"{"a":1,"b":"x"}"#, #"{"a":2,"b":"é"}"#]

  private func read(
    _ bytes: Data, _ name: String, separator: String? = nil
  ) throws -> [(place: Int, text: String)] {
    let folder = try ScratchFolder()
    let file = folder.file(name)
    try bytes.write(to: file)
    return try DatasetFile([file], separator: separator).rows.map {
      ($0.number, JSONValue.object($0.fields).text)
    }
  }

  @Test(arguments: [
    ("lines", "ROW0\nROW1\n", [1, 2]), ("a mark", "\u{FEFF}ROW0\nROW1", [1, 2]),
    ("CR LF and blanks", "ROW0\r\n\r\n \t\r\nROW1\r\n\n\n", [1, 4]),
    ("CR", "ROW0\rROW1\r\r", [1, 2]),
    ("a list", "[ROW0,\n ROW1]\n", [1, 2]),
    ("a list with a mark", "\u{FEFF}\n[ROW0, ROW1]", [1, 2]),
  ])
  func everyFormOfJSONGivesTheSameRows(_ form: String, _ text: String, _ places: [Int]) throws {
    let whole = text.replacing("ROW0", with: Self.rows[0]).replacing("ROW1", with: Self.rows[1])
    for name in ["x.jsonl", "x.json", "x.csv", "x"] {
      let found = try read(Data(whole.utf8), name)
      #expect(found.map(\.text) == Self.rows, "\(form) in \(name)")
      #expect(found.map(\.place) == places, "\(form) in \(name)")
    }
  }

  @Test func notANumberIsNull() throws {
    let text = #"{"a": NaN, "b": [Infinity, -Infinity, -1], "c": "NaN"}"#
    let found = try read(Data(text.utf8), "x.jsonl")
    #expect(found.map(\.text) == [#"{"a":null,"b":[null,null,-1],"c":"NaN"}"#])
    for text in ["{\"a\": Nan}", "{\"a\": -Inf}", "{\"a\": N", "{\"a\": infinity}"] {
      #expect(throws: DatasetError.self) { try read(Data(text.utf8), "x.jsonl") }
    }
  }

  @Test(arguments: [
    ("a,b\n1,x\n2,é\n", ","), ("\u{FEFF}a,b\r\n1,x\r\n\r\n2,é", ","), ("a,b\r1,x\r2,é\r", ","),
    ("\"a\",\"b\"\n\"1\",\"x\"\n2,\"é\"", ","), ("a;b\n1;x\n2;é\n", ";"),
    ("a\tb\n1\tx\n2\té\n", "\t"),
    (",a,b\n0,1,x\n1,2,é\n", ","),
  ])
  func everyFormOfCSVGivesTheSameRows(_ text: String, _ separator: String) throws {
    let expected = [#"{"a":"1","b":"x"}"#, #"{"a":"2","b":"é"}"#]
    let found = try read(Data(text.utf8), "x.txt", separator: separator)
    #expect(found.map(\.text) == expected)
    guard separator == "," else { return }
    #expect(try read(Data(text.utf8), "x.csv").map(\.text) == expected)
  }

  @Test func fieldsOfCSVAreTextsOrNothing() throws {
    let text = "a,b,c\n\"say \"\"no\"\",\r\nplease\",,\"\"\n5\" pipe, x ,007\n"
    let found = try read(Data(text.utf8), "x.csv")
    #expect(
      found.map(\.text) == [
        #"{"a":"say \"no\",\r\nplease","b":null,"c":""}"#, #"{"a":"5\" pipe","b":" x ","c":"007"}"#,
      ])
    #expect(found.map(\.place) == [2, 4])
  }

  @Test(arguments: [
    ("a,b\n1\n", "x.csv:2: the row has 1 field, but the header has 2"),
    ("a,b\n1,\"x\n", "x.csv:2: a quotation mark is never closed"),
    ("a,b\n1,\"x\"y\n", "x.csv:2: something follows a closing quotation mark"),
    ("a,b,a\n1,2,3\n", "two columns are called 'a'"),
    ("a;b\n1;2\n", "say 'separator: ';''"), ("a\tb\n1\t2\n", "say 'separator: \"\\t\"'"),
    ("a,b\n", "holds no rows"), ("", "holds no rows"),
  ])
  func saysWhatIsWrongWithCSV(_ text: String, _ words: String) throws {
    let error = #expect(throws: DatasetError.self) { try read(Data(text.utf8), "x.csv") }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    ("a,b\n1,2\n", "x.txt", "let its name end in .csv"),
    ("{\n \"data\": [{\"a\": 1}]\n}\n", "x.json", "write what is under 'data' into a file"),
    ("{\n \"a\": 1\n}\n", "x.json", "holds one JSON object over several lines"),
    ("[{\"a\": 1}, 2]", "x.json", "element 2 of the list is not a JSON object"),
    ("[{\"a\": 1},", "x.json", "begins like a JSON list"), ("nonsense", "x.jsonl", "x.jsonl:1: "),
  ])
  func saysWhatIsWrongWithJSON(_ text: String, _ name: String, _ words: String) throws {
    let error = #expect(throws: DatasetError.self) { try read(Data(text.utf8), name) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test func textsInOtherEncodingsAreNamed() throws {
    let latin = Data(#"{"a": "x"}"#.utf8) + [0x0A] + Data(#"{"a": ""#.utf8) + [0xE9, 0x22, 0x7D]
    let error = #expect(throws: DatasetError.self) { try read(latin, "x.jsonl") }
    #expect(error?.description.contains("x.jsonl:2: this line is not in UTF-8") == true)
    for mark in [[0xFF, 0xFE], []] as [[UInt8]] {
      let wide = Data(mark) + (#"{"a": 1}"#.data(using: .utf16LittleEndian) ?? Data())
      let error = #expect(throws: DatasetError.self) { try read(wide, "x.jsonl") }
      #expect(error?.description.contains("is a text in UTF-16, which is not read here") == true)
    }
  }

  @Test(arguments: [
    ("ARROW1\0\0", "an Arrow file"), ("PK\u{3}\u{4}....", "a zip archive"),
    ("version https://git-lfs.github.com/spec/v1\noid sha256:0", "a Git LFS pointer"),
    ("\n<!DOCTYPE html>\n<html>", "a web page"), ("SQLite format 3\0", "an SQLite database"),
    ("GGUF\u{3}\0\0\0", "a GGUF model"), ("<?xml version", "XML"), ("%PDF-1.7", "a PDF document"),
    ("BZh91AY", "packed by bzip2"), (String(repeating: "x", count: 257) + "ustar", "a tar archive"),
  ])
  func formatsThatHoldNoRowsAreNamed(_ start: String, _ name: String) throws {
    for ending in ["jsonl", "csv", "parquet"] {
      let error = #expect(throws: DatasetError.self) {
        try read(Data(start.utf8), "x.\(ending)")
      }
      #expect(error?.description.contains("x.\(ending) is \(name)") == true)
    }
  }

  @Test func formatsOfBytesAreNamed() throws {
    let known: [([UInt8], String)] = [
      ([0xFF, 0xFF, 0xFF, 0xFF, 0x10, 1, 0, 0], "an Arrow stream"),
      ([0x80, 4, 0x95], "a Python pickle"),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "packed by xz"),
      ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"),
    ]
    for (bytes, name) in known {
      let error = #expect(throws: DatasetError.self) { try read(Data(bytes), "x.jsonl") }
      #expect(error?.description.contains("is \(name)") == true)
    }
  }

  @Test func packedTextsAreUnpacked() throws {
    let folder = try ScratchFolder()
    let csv = try folder.write("a,b\n1,x\n2,é\n", "x.csv")
    let packed = folder.file("x.csv.zst")
    try Zstandard.compress(csv, to: packed)
    let expected = [#"{"a":"1","b":"x"}"#, #"{"a":"2","b":"é"}"#]
    let found = try DatasetFile.rows(of: packed).map { JSONValue.object($0.fields).text }
    #expect(found == expected)
    let whole = try Data(contentsOf: packed)
    #expect(throws: DataSourceError.self) { try read(whole.dropLast(6), "x.csv.zst") }
    let twice = folder.file("y.zst")
    try Zstandard.compress(packed, to: twice)
    let error = #expect(throws: DatasetError.self) { try DatasetFile.rows(of: twice) }
    #expect(error?.description.contains("packed by Zstandard twice") == true)
  }

  @Test func filesAreReadOneAfterTheOther() throws {
    let folder = try ScratchFolder()
    let files = [
      try folder.write("{\"a\": 2}\n", "b.jsonl"), try folder.write("a\n1\n", "a.csv"),
    ]
    let rows = try DatasetFile(files).rows
    #expect(rows.map { JSONValue.object($0.fields).text } == [#"{"a":2}"#, #"{"a":"1"}"#])
    #expect(rows.map(\.isUntyped) == [false, true])
  }
}
