import ArgumentParser
import Foundation
import Stages

/// `warmup bench puzzles --people N`.
struct BenchPuzzles: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "puzzles",
    abstract: "Drawing of Knights and Knaves puzzles with one solution, on one core.",
    discussion: "Each round draws different puzzles from a seed of its own, beginning with 1234.")

  @Option(help: "People in a puzzle.") var people = 5
  @Option(help: "Puzzles a round.") var count = 1000
  @Option(help: "Rounds.") var rounds = 100

  func validate() throws {
    guard (2...24).contains(people), count > 0, rounds > 0 else {
      throw ValidationError("--people must be from 2 to 24, --count and --rounds at least 1")
    }
  }

  func run() throws {
    let time = try ContinuousClock().measure {
      for round in 0..<rounds {
        var sampler = PuzzleSampler(people: people, seed: 1234 + round)
        for _ in 0..<count { _ = try sampler.nextSolved() }
      }
    }
    let rate = Double(count * rounds) / (time / .seconds(1))
    StandardOutput.write("\(people) people: \(Int(rate)) puzzles/s\n")
  }
}
