import Base
import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// What comes from outside: text on its way to terminals, spreadsheets and pages, and special files.
@Suite struct OutsideTextTests {
  @Test(arguments: [
    ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
    ("-2+3", "'-2+3"), ("\tx", "\"'\tx\""), ("=\"a\"", "\"'=\"\"a\"\"\""), ("＝1", "'＝1"),
    ("-a,b", "\"'-a,b\""), ("+", "+"), ("-", "-"), ("–", "–"), ("", ""), ("a=1", "a=1"),
    ("-0.5", "-0.5"), ("+3", "+3"), ("-1e-06", "-1e-06"), ("42", "42"), ("'x", "'x"),
  ])
  func formulasAreTextsInCSV(field: String, written: String) {
    #expect(CSV.line([field]) == written + "\n")
  }

  @Test func nothingSteersATerminal() throws {
    let text = "a\u{1B}[31mred\u{7}\u{9B}2J\r\u{202E}drow\u{2066}\u{7F}\tb\nc"
    #expect(text.visible == "a�[31mred��2J��drow��\tb\nc")
    #expect("déjà vu\u{200F} 你好\n".visible == "déjà vu\u{200F} 你好\n")
    let object = JSONValue.object(["x": .string("\u{9B}2J\u{202E}\u{7F}é")]).text
    #expect(object.visibleJSON == #"{"x":"\u009b2J\u202e\u007fé"}"#)
    let read = try JSONValue(parsing: Data(object.visibleJSON.utf8))
    #expect(read == (try JSONValue(parsing: Data(object.utf8))))
  }

  @Test func namesAreOneLine() {
    for text in ["a\nb", "a\tb", "\u{1B}", "\u{202E}", "a\u{2028}b", "\0"] {
      #expect(!text.isOneLine)
    }
    #expect("warm start, é 你".isOneLine)
  }

  @Test func onlyFilesAndFoldersAreRead() throws {
    let folder = try ScratchFolder()
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe.path, 0o600) == 0)
    let link = folder.file("link")
    try FileManager.default.createSymbolicLink(
      at: link, withDestinationURL: URL(filePath: "/dev/zero"))
    for (file, sort) in [
      (pipe, "a pipe"), (link, "a device"), (URL(filePath: "/dev/zero"), "a device"),
    ] {
      let error = #expect(throws: SpecialFileError.self) { try RegularFile.check(file) }
      #expect(error?.description.contains("is \(sort)") == true)
      #expect(throws: SpecialFileError.self) { try RegularFile.contents(of: file) }
      #expect(throws: SpecialFileError.self) { try SHA256Digest.hex(ofFile: file) }
    }
    let file = try folder.write("x", "x")
    #expect(try RegularFile.contents(of: file) == Data("x".utf8))
    try RegularFile.check(folder.url)
    try RegularFile.check(folder.file("missing"))
  }
}
