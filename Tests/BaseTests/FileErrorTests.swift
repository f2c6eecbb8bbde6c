import Base
import Foundation
import HDF5
import TestSupport
import Testing

@Suite struct FileErrorTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// Whatever Foundation calls it.
  @Test func saysWhatTheSystemSaid() throws {
    let file = folder.file("file")
    try Data().write(to: file)
    let loop = folder.file("loop")
    try FileManager.default.createSymbolicLink(at: loop, withDestinationURL: loop)
    let long = folder.file(String(repeating: "x", count: 300))
    let cases: [(words: String, attempt: () throws -> Void)] = [
      ("No such file or directory; check the path", { _ = try Data(contentsOf: folder.file("a")) }),
      ("Not a directory; a file stands", { try Data().write(to: file.appending(path: "b")) }),
      ("Is a directory; a folder stands", { try Data().write(to: folder.url) }),
      ("Too many levels of symbolic links", { _ = try Data(contentsOf: loop) }),
      ("File name too long; choose a shorter", { try Data().write(to: long) }),
      ("File exists", { try Data().write(to: file, options: .withoutOverwriting) }),
      ("No such file or directory", { _ = try FileHandle(forReadingFrom: folder.file("c")) }),
      ("No such file", { _ = try FileManager.default.contentsOfDirectory(atPath: "/no/such") }),
      ("File exists", { try FileManager.default.moveItem(at: file, to: folder.url) }),
      ("Not a directory; a file stands", { try Folder.make(file) }),
      ("Not a directory; a file stands", { try Folder.make(file.appending(path: "d/e")) }),
      ("Too many levels of symbolic links", { try Folder.make(loop.appending(path: "d")) }),
      ("No such file or directory; check", { _ = try HDF5Reader(folder.file("f")) }),
      ("No space left on device; free some space", { try fill() }),
    ]
    for (words, attempt) in cases {
      let error = #expect(throws: (any Error).self) { try attempt() }
      let sentence = error.map { Base.sentence(for: $0) } ?? ""
      #expect(sentence.contains(words), "\(sentence)")
      #expect(sentence.hasPrefix("could not "), "\(sentence)")
      for raw in ["Error Domain", "NSCocoa", "The operation", "The file"] {
        #expect(!sentence.contains(raw), "\(sentence)")
      }
    }
  }

  private func fill() throws {
    try FileHandle(forWritingTo: URL(filePath: "/dev/full")).write(contentsOf: Data([1]))
  }

  @Test func foldersAreWritableWhereTheyCouldBeMade() throws {
    #expect(Folder.isWritable(folder.file("a/b/c")))
    #expect(!Folder.isWritable(URL(filePath: "/dev/null/a")))
  }
}
