import ArgumentParser
import Base
import Foundation
import Runner

/// `warmup cache …`.
struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache",
    abstract: "Check the cache of results.",
    subcommands: [CacheVerifyCommand.self])
}

/// `warmup cache verify`.
struct CacheVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that everything in the cache is what was published.",
    discussion: """
      Compares each record with its digest and its key, the files with their sizes, and the bytes of \
      files that were written to since they were last read. With --deep it reads all bytes, those of \
      checkpoints too, and the logs of instances at work. It changes nothing and exits with 1 where \
      something is damaged; a run moves that \
      aside and makes it again.
      """)

  @Option(help: "The folder of the cache and of what runs write.", completion: .directory)
  var results = "results"

  @Flag(help: "Read all bytes, whatever is remembered of them.")
  var deep = false

  func run() throws {
    let folder = URL(fileURLWithPath: results).appending(path: "cache")
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw ValidationError("there is no cache in \(results); name the folder with --results")
    }
    let interruption = Interruption()
    SignalHandling.install(interruption) {}
    do {
      let found = try CacheVerification(
        Cache(folder: folder), isDeep: deep, interruption: interruption)
      try StandardOutput.write(found.text)
      if !found.faults.isEmpty { throw ExitCode(1) }
    } catch is InterruptedError {
      throw ExitCode(130)
    }
  }
}
