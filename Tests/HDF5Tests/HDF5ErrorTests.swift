import Foundation
import HDF5
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct HDF5ErrorTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was thrown"
    } catch {
      return "\(error)"
    }
  }

  @Test func saysWhyAFileCannotBeOpened() throws {
    let missing = folder.file("missing.h5")
    #expect(
      message { _ = try HDF5Reader(missing) }
        == "could not open \(missing.path): No such file or directory")
    let text = folder.file("text.h5")
    try Data("no HDF5 at all, but long enough to be looked at".utf8).write(to: text)
    #expect(
      message { _ = try HDF5Reader(text) }
        == "could not open \(text.path): file signature not found"
    )
  }

  @Test func refusesATruncatedFile() throws {
    let url = folder.file("short.h5")
    try HDF5File.create(url) { try $0.write([Float](repeating: 1, count: 9999), to: "/x") }
    let handle = try FileHandle(forWritingTo: url)
    try handle.truncate(atOffset: 20_000)
    try handle.close()
    #expect(message { _ = try HDF5Reader(url) }.contains("truncated file"))
  }

  @Test func convertsNothingSilently() throws {
    let url = folder.file("types.h5")
    try HDF5File.create(url) { file in
      try file.write([1.5] as [Double], to: "/x")
      #expect(
        message { try file.write(strings: ["a\0b"], to: "/s") }
          == "could not write '/s' to \(url.path): string 0 holds the character NUL, which HDF5 cannot keep"
      )
      #expect(
        message { try file.write([1, 2, 3] as [Int], to: "/y", shape: [2, 2]) }
          == "could not write '/y' to \(url.path): 3 values do not fill the shape [2, 2]")
      #expect(message { try file.write([1] as [Int], to: "/x") }.contains("could not write '/x'"))
    }
    let file = try HDF5Reader(url)
    #expect(
      message { _ = try file.read("/x", as: Float.self) }
        == "could not read '/x' of \(url.path): it holds float64, not float32")
    #expect(message { _ = try file.readStrings("/x") }.contains("it holds float64, not strings"))
    let written = try HDF5File.create(folder.file("closed.h5"))
    try written.close()
    try written.close()
    #expect(message { try written.write([1] as [Int], to: "/z") }.contains("the file is closed"))
  }

  /// A full disk, stood in for by a limit on the size of files: an error, and no crash at exit.
  @Test func survivesAFullDisk() async {
    await #expect(processExitsWith: .exitCode(3)) {
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).h5")
      defer { try? FileManager.default.removeItem(at: url) }
      do {
        try HDF5File.create(url) { try $0.write([Float](repeating: 1, count: 1 << 20), to: "/x") }
      } catch let error as HDF5Error where error.reason == "File too large" {
        try? FileManager.default.removeItem(at: url)
        exit(3)
      } catch {
        print(error)
      }
    }
  }
}
