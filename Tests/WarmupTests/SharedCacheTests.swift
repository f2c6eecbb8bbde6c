import Base
import Foundation
import Runner
import Testing

extension EndToEnd {
  /// Caches that several people share, that cannot be written, and that are looked up after the own.
  @Suite struct SharedCacheTests {
    @Test(arguments: [("002", "2775", "444"), ("077", "2700", "400")])
    func rightsFollowTheUmaskAndTheParent(umask: String, folder: String, file: String) async throws
    {
      let results = try ResultsFolder("tiny")
      let ending = try await shell(
        """
        \(Self.smallRecipe)
        chmod 2775 "$RESULTS"; umask \(umask); "$W" run small.yaml --results "$RESULTS" >&2
        find "$RESULTS" -mindepth 1 -type d -printf '%m folder\\n' | sort -u
        find "$RESULTS/cache" -type f ! -name digests.jsonl ! -path '*/reports/*' -printf '%m file\\n' | sort -u
        """, results)
      #expect(ending.output == "\(folder) folder\n\(file) file\n", "\(ending.messages)")
    }

    /// As a colleague of the group would; only root can be two people.
    @Test(.enabled(if: getuid() == 0)) func aColleagueExtendsTheCache() async throws {
      let results = try ResultsFolder("tiny")
      let ending = try await shell(
        """
        \(Self.smallRecipe)
        chmod 2775 "$RESULTS"; chgrp 1500 "$RESULTS"; umask 002
        as() { setpriv --regid 1500 --clear-groups --reuid "$@"; }
        as 1501 "$W" run small.yaml --results "$RESULTS" >/dev/null
        as 1502 "$W" run small.yaml --results "$RESULTS" --set axes.seed=[1,2]
        """, results)
      #expect(ending.code == 0)
      #expect(ending.messages.contains("1 ran, 1 cached"), "\(ending.messages)")
    }

    @Test func aReadOnlyCacheServesWhatItHas() async throws {
      let results = try ResultsFolder(copying: try await FinishedRun.tiny.value.results)
      let elsewhere = try ResultsFolder("tiny")
      let ending = try await shell(
        """
        chmod 777 "$ELSEWHERE"; chmod -R a-w "$RESULTS"
        as() { \(Self.ordinaryUser) "$W" "$@" --results "$RESULTS"; }
        for command in run plan status "report -o $ELSEWHERE/report" "pack -o $ELSEWHERE/p.h5"; do
          as $command "$RECIPE" >"$ELSEWHERE/out" || exit 1
        done
        as show "$RECIPE" base >"$ELSEWHERE/out" || exit 2
        as run "$RECIPE" --set axes.seed=[1,3] && exit 3
        chmod -R u+w "$RESULTS"
        """, results, ["ELSEWHERE": elsewhere.url.path])
      #expect(ending.code == 0, "\(ending.messages)")
      #expect(ending.messages.contains("Everything is cached: 17 instances"))
      #expect(ending.messages.contains("Permission denied; change the permissions"))
      let report = elsewhere.url.appending(path: "report/report.html")
      #expect(FileManager.default.fileExists(atPath: report.path))
    }

    @Test(arguments: [true, false])
    func anotherCacheIsLookedUpAfterTheOwn(isNamedByAVariable: Bool) async throws {
      let other = try await FinishedRun.tiny.value.results
      let before = other.published
      let own = try ResultsFolder("tiny")
      func run(_ command: String, _ more: String...) async throws -> Program.Ending {
        let option = isNamedByAVariable ? [] : ["--cache-also", other.url.path]
        return try await Program.run(
          [command, own.recipe.path, "--results", own.url.path] + option + more,
          environment: isNamedByAVariable
            ? ["WARMUP_CACHE_PATH": "/no/such:\(other.cache.path)"] : [:]
        ) { _ in }
      }
      let plan = try await run("plan")
      #expect(plan.output.contains("its result is in \(other.cache.path)"), "\(plan.output)")
      let cached = try await run("run")
      #expect(cached.messages.contains("Everything is cached: 17"), "\(cached.messages)")
      #expect(own.published.isEmpty)
      // What is new is made from what lies there.
      let more = try await run("run", "--set", "axes.seed=[1,3]")
      #expect(more.messages.contains("4 ran, 13 cached"), "\(more.messages)")
      #expect(own.published.count == 6, "4 results, and the completions of 2")
      #expect(other.published == before)
      let packed = try await run("pack", "-o", own.url.appending(path: "p.warmup.h5").path)
      #expect(packed.messages.contains("Packed 17 of 17"), "\(packed.messages)")
    }

    /// What is damaged elsewhere is made anew here.
    @Test func damageInAnotherCacheStaysThere() async throws {
      let other = try ResultsFolder(copying: try await FinishedRun.tiny.value.results)
      let own = try ResultsFolder("tiny")
      let file = try await other.artifact("base").appending(path: "model.h5")
      var bytes = try Data(contentsOf: file)
      bytes[bytes.count / 2] ^= 1
      try FileManager.default.removeItem(at: file)
      try bytes.write(to: file)
      let before = other.published
      let ending = try await own.run(
        "run", "--cache-also", other.url.path, "--set", "axes.seed=[3]", "--set",
        "axes.start=[base]")
      #expect(ending.messages.contains("the other cache is left as it is"), "\(ending.messages)")
      #expect(ending.messages.contains("3 ran"), "\(ending.messages)")
      #expect(other.published == before)
      #expect(try Data(contentsOf: file) == bytes)
      let key = file.deletingLastPathComponent().lastPathComponent
      #expect(try Cache(folder: own.cache).isWhole(key))
    }

    @Test func aMistypedCacheIsAMistake() async throws {
      let ending = try await ResultsFolder("tiny").run("plan", "--cache-also", "/no/such")
      #expect(ending.code == 64)
      #expect(ending.messages.contains("--cache-also: there is no folder /no/such"))
    }

    private static let smallRecipe = """
      cd "$RESULTS"; cat > small.yaml <<'END'
      version: 1
      name: small
      axes: {seed: [1]}
      stages:
        puzzles: {kind: knights_and_knaves, params: {people: 2, count: 1, seed: "${seed}"}}
      END
      """

    /// Root may do everything, so it becomes somebody else.
    static let ordinaryUser =
      getuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : ""

    private func shell(
      _ line: String, _ results: ResultsFolder, _ more: [String: String] = [:]
    ) async throws -> Program.Ending {
      try await Program.shell(
        line,
        ["RECIPE": results.recipe.path, "RESULTS": results.url.path].merging(more) { $1 })
    }
  }
}
