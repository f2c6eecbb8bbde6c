// Reads changed files in this process, one after the other. `run.py` starts it, and looks after the
// cases that end it.
//
//   fuzz FORMAT --seeds FOLDER [--seed N] [--first N] [--count N] [--keep FILE]
//
// Before each case it writes the case's number on a line; at the end how many were read and how many
// refused. A case that a person would be told about in words that are not ours is named. With --keep
// the bytes of the first case are written to a file and nothing is read.
import Foundation
import TestSupport

#if canImport(Glibc)
  import Glibc
#endif

@main
struct Fuzz {
  static func main() {
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      say("fuzz: \(error)")
      exit(64)
    }
  }

  /// Writes a line at once, so that it is there whatever happens next.
  private static func say(_ line: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
  }

  private static func run(_ arguments: [String]) throws {
    func option(_ name: String) -> String? {
      arguments.firstIndex(of: "--\(name)").flatMap { arguments.dropFirst($0 + 1).first }
    }
    guard let format = arguments.first.flatMap(Format.init(rawValue:)),
      let folder = option("seeds")
    else {
      let names = Format.allCases.map(\.rawValue).joined(separator: ", ")
      throw FuzzError("needs --seeds FOLDER and a format: \(names)")
    }
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let seeds = try Seeds(
      URL(filePath: folder),
      program: URL(filePath: own).deletingLastPathComponent().appending(path: "warmup"),
      fixtures: ProjectFolder.fixtures)
    let scratch = URL(filePath: folder).appending(path: "scratch-\(format)-\(getpid())")
    defer { try? FileManager.default.removeItem(at: scratch) }
    let readers = try Readers(format, seeds, scratch: scratch)
    let seed = UInt64(option("seed") ?? "1") ?? 1
    let first = Int(option("first") ?? "0") ?? 0
    if let kept = option("keep") {
      return try Data(readers.bytes(of: first, seed: seed)).write(to: URL(filePath: kept))
    }
    work(readers, seed: seed, first..<first + (Int(option("count") ?? "100") ?? 100))
  }

  private static func work(_ readers: Readers, seed: UInt64, _ cases: Range<Int>) {
    for seedFile in readers.seeds where readers.format != .packedFile {
      do { try readers.read(seedFile.bytes) } catch { say("seed \(seedFile.name): \(error)") }
    }
    var (read, refused) = (0, 0)
    for number in cases {
      say("\(number)")
      do {
        try readers.read(readers.bytes(of: number, seed: seed))
        read += 1
      } catch {
        refused += 1
        let words = "\(error)"
        if words.contains("Error Domain") || words.contains("(\"") {
          say("words \(number): \(words.prefix(300))")
        }
      }
    }
    say("done: \(read) read, \(refused) refused")
  }
}
