import Base
import Foundation
import TestSupport
import Testing

@Suite struct AtomicFileTests {
  private let folder: ScratchFolder
  private let file: URL

  init() throws {
    folder = try ScratchFolder()
    file = folder.file("text")
  }

  private var inode: UInt64? {
    get throws {
      try FileManager.default.attributesOfItem(atPath: file.path)[.systemFileNumber] as? UInt64
    }
  }

  @Test func aFileThatSaysItAlreadyIsLeftAsItIs() throws {
    try AtomicFile.write("one", to: file)
    let first = try inode
    try AtomicFile.write("one", to: file)
    #expect(try inode == first)
    // Another text of the same length.
    try AtomicFile.write("two", to: file)
    #expect(try inode != first)
    #expect(try String(contentsOf: file, encoding: .utf8) == "two")
    try AtomicFile.write("", to: file)
    #expect(try Data(contentsOf: file).isEmpty)
  }
}
