import Base
import Foundation
import Runner
import Subprocess
import Testing

extension EndToEnd {
  /// A piece of `Benchmarks/kill/run`, which kills 200 times.
  @Suite struct KillTests {
    /// The moments are drawn from a seed; what the machine does at them is not. Three side by side end
    /// with the bits of one after the other.
    @Test(arguments: ["1", "3"])
    func killedAtAnyMomentARunEndsWithTheSameBits(jobs: String) async throws {
      let whole = try ResultsFolder("killed")
      let began = ContinuousClock.now
      let undisturbed = try await whole.run("run", "--threads", "1")
      #expect(undisturbed.code == 0, "\(undisturbed.messages)")
      let seconds = (ContinuousClock.now - began) / .seconds(1)

      let results = try ResultsFolder("killed")
      var moments = Moments(state: 16)
      var killed = 0
      for _ in 0..<6 {
        let pause = Duration.seconds(seconds * moments.next())
        let ending = try await results.run("run", "--threads", jobs, "--jobs", jobs) { send in
          try await Task.sleep(for: pause)
          // It may have ended before.
          try? send(.kill)
        }
        if ending.code == nil { killed += 1 }
      }
      #expect(killed > 0)
      let ending = try await results.run("run", "--threads", jobs, "--jobs", jobs)
      #expect(ending.code == 0, "\(ending.messages)")
      let verified = try await Program.run(
        "cache", "verify", "--deep", "--results", results.url.path)
      #expect(verified.code == 0 && verified.output.hasPrefix("All is as it was published"))
      #expect(results.published == whole.published)
      for key in whole.published { try expectEqualFiles(key, results, whole) }
      for name in ["lock.json", "tables/main.csv"] {
        let texts = try [results, whole].map {
          try Data(contentsOf: $0.url.appending(path: "killed/\(name)"))
        }
        #expect(texts[0] == texts[1], "\(name)")
      }
      let work = results.cache.appending(path: "work")
      #expect(try FileManager.default.contentsOfDirectory(atPath: work.path) == [])
    }
  }

  /// Shares of a run's time, by SplitMix64.
  private struct Moments {
    var state: UInt64

    mutating func next() -> Double {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((mixed ^ (mixed >> 31)) >> 11) / Double(1 << 53)
    }
  }
}
