import ArgumentParser
import Base
import Foundation
import Stages

/// `warmup engine-worker FOLDER`, which engines start to have completions rewarded.
struct EngineWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "engine-worker", abstract: "Reward completions for an engine that trains.",
    shouldDisplay: false)

  @Argument(help: "The training's folder.")
  var folder: String

  func run() throws {
    let rank = ProcessInfo.processInfo.environment["RANK"].flatMap(Int.init) ?? 0
    var worker = try RewardWorker(in: URL(filePath: folder), rank: rank)
    var rest = Data()
    // What is there is answered, without waiting for more.
    while case let more = FileHandle.standardInput.availableData, !more.isEmpty {
      rest += more
      guard let end = rest.lastIndex(of: 0x0A) else { continue }
      let lines = rest[...end].split(separator: 0x0A).map { Data($0) }
      rest = Data(rest[rest.index(after: end)...])
      let answers = try worker.answers(to: lines)
      try StandardOutput.write(answers.map { $0.text + "\n" }.joined())
    }
  }
}
