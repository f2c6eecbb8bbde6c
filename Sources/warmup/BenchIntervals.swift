import ArgumentParser
import Base
import Dispatch
import Foundation
import Reports
import Synchronization

/// `warmup bench intervals`.
struct BenchIntervals: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "intervals",
    abstract: "How often the 95 % intervals of reports hold the truth, by simulation.",
    discussion: """
      Each setting is drawn --draws times; where less than 94 or more than 97 % hold the truth, \
      another ten times as often, and that counts. Prints JSON Lines, one a setting.
      """)

  @Option(help: "Draws of each setting.") var draws = 1000
  @Option(help: "Only this interval: rate, difference, ratio, published or target.")
  var subject: String?
  @Option(help: "Threads.") var threads = 2

  func validate() throws {
    if draws < 1 { throw ValidationError("--draws must be at least 1") }
    if threads < 1 { throw ValidationError("--threads must be at least 1") }
    if let subject, IntervalCoverage.Subject(rawValue: subject) == nil {
      let names = IntervalCoverage.Subject.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--subject must be one of \(names)")
    }
  }

  func run() throws {
    let settings = IntervalCoverage.settings.filter {
      subject == nil || $0.subject.rawValue == subject
    }
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < settings.count else { return }
        StandardOutput.tell(line(of: settings[index], stream: UInt64(index)))
      }
    }
  }

  private func line(of setting: IntervalCoverage.Setting, stream: UInt64) -> String {
    var outcome = IntervalCoverage.outcome(of: setting, draws: draws, stream: stream)
    if !(0.94...0.97).contains(outcome.coverage) {
      outcome = IntervalCoverage.outcome(of: setting, draws: 10 * draws, stream: stream + 1_000_000)
    }
    return JSONValue.object([
      "subject": .string(setting.subject.rawValue), "seeds": .integer(setting.seeds),
      "problems": .integer(setting.problems), "samples": .integer(setting.samples),
      "rate": .number(setting.rate), "deviation": .number(setting.deviation),
      "bounded": .integer(outcome.bounded), "coverage": .number(outcome.coverage),
      "narrowest": .number(outcome.narrowest),
    ]).text + "\n"
  }
}
