import Base
import Foundation
import Tasks
import TestSupport
import Testing

/// Compressed files that unpack to far more than they should.
@Suite struct BombTests {
  /// Zeros, packed by gzip a thousand times, as often as deflate can.
  private static func bomb(megabytes: Int) throws -> Data {
    let folder = try ScratchFolder()
    let file = folder.file("zeros")
    try Data().write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: UInt64(megabytes) << 20)
    try handle.close()
    let script =
      "import gzip, sys; sys.stdout.buffer.write(gzip.compress(open(sys.argv[1], 'rb').read()))"
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: try IsolatedPython.executable())
    process.arguments = ["-I", "-c", script, file.path]
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return data
  }

  @Test func aBombIsNotUnpacked() throws {
    let bomb = try Self.bomb(megabytes: 160)
    #expect(bomb.count < 200_000)
    let error = #expect(throws: DataSourceError.self) {
      try Inflation.gunzip(bomb, path: "x.jsonl.gz")
    }
    #expect(error?.description.contains("x.jsonl.gz unpacks to more than") == true)
    let folder = try ScratchFolder()
    let file = folder.file("x.jsonl.gz")
    try bomb.write(to: file)
    #expect(throws: DataSourceError.self) { try DatasetFile.rows(of: file) }
  }

  @Test func smallFilesMayPackAsWellAsTheyLike() throws {
    #expect(try Inflation.gunzip(Self.bomb(megabytes: 32), path: "x.gz").count == 32 << 20)
  }
}
