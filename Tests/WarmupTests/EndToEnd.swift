import Foundation
import Synchronization
import Testing

/// Tests that run the program. One at a time: each run uses every core.
@Suite(.serialized) struct EndToEnd {}

/// Runs that many tests look at, made once and never changed; tests copy them.
enum FinishedRun {
  /// Of a recipe of every kind that needs no download.
  static let tiny = Task { try await run("tiny") }
  /// Of a chain of training stages that last a while.
  static let training = Task { try await run("training") }

  /// The results, and what the program said.
  typealias Finished = (results: ResultsFolder, ending: Program.Ending)

  private static func run(_ recipe: String) async throws -> Finished {
    let results = try ResultsFolder(recipe)
    removeAtExit(results.url)
    return (results, try await results.run("run", "--threads", "2"))
  }

  /// What a static property holds is never deinitialised.
  private static func removeAtExit(_ folder: URL) {
    leftovers.withLock { $0.append(folder) }
    atexit {
      for folder in leftovers.withLock({ $0 }) { try? FileManager.default.removeItem(at: folder) }
    }
  }
}

/// Outside any type: what runs at exit may capture nothing.
private let leftovers = Mutex<[URL]>([])
