import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `warmup run --page`.
  @Suite struct LivePageTests {
    /// The page is there while the run goes, beside the same results, and is gone with it.
    @Test func aRunShowsItself() async throws {
      let results = try ResultsFolder("killed")
      let ending = try await Program.shell(
        #"""
        log=$(mktemp)
        "$W" run "$RECIPE" --results "$RESULTS" --page 0 --jobs 2 2>$log >/dev/null &
        run=$!
        for i in $(seq 200); do grep -q 'Live page' $log && break; sleep 0.02; done
        url=$(sed -n 's/Live page: //p' $log)
        curl -s "$url" | grep -o '<h1>[a-z]*</h1>'
        curl -s -o /dev/null -w '%{http_code}\n' -d x "$url"
        curl -s -o /dev/null -w '%{http_code}\n' -H 'Host: rebound.example' "$url"
        curl -s "${url}state?since=0" | grep -o '"ended":[a-z]*'
        version=0
        for i in $(seq 100); do
          state=$(curl -s "${url}state?since=$version") || break
          version=$(echo "$state" | sed 's/.*"version":\([0-9]*\).*/\1/')
          case $state in *'"ended":true'*) echo "$state" | grep -o '<p>[^<]*ran[^<]*'; break;; esac
        done
        wait $run
        echo "code $?"
        curl -s "$url" || echo gone
        rm $log
        """#, ["RECIPE": results.recipe.path, "RESULTS": results.url.path])
      let lines = ending.output.split(separator: "\n").map(String.init)
      #expect(lines.prefix(3) == ["<h1>killed</h1>", "405", "403"], "\(ending)")
      #expect(lines.dropFirst(3).first?.hasPrefix("\"ended\":") == true)
      #expect(lines.suffix(2) == ["code 0", "gone"], "\(ending)")
      #expect(
        lines.contains { $0.hasPrefix("<p>9 ran, ") || $0.hasPrefix("<p>10 ran, ") }, "\(ending)")
    }

    @Test func aPortThatCannotBeHadIsASentence() async throws {
      let results = try ResultsFolder("killed")
      let wrong = try await results.run("run", "--page", "70000")
      #expect(wrong.code == 64 && wrong.messages.contains("a port is a number from 0 to 65535"))
      let taken = try await Program.shell(
        #"""
        python3 -c 'import socket,time; s=socket.socket(); s.bind(("127.0.0.1",0)); s.listen(); print(s.getsockname()[1],flush=True); time.sleep(20)' > "$RESULTS/port" &
        holder=$!
        for i in $(seq 200); do [ -s "$RESULTS/port" ] && break; sleep 0.05; done
        "$W" run "$RECIPE" --results "$RESULTS" --page $(cat "$RESULTS/port")
        echo "code $?"
        kill $holder
        """#, ["RECIPE": results.recipe.path, "RESULTS": results.url.path])
      #expect(taken.output == "code 1\n")
      #expect(
        taken.messages.contains("warmup: --page: port ")
          && taken.messages.contains("take another, or 0 for any that is free"), "\(taken.messages)"
      )
      #expect(results.published == [], "nothing ran")
    }

    /// TensorBoard's files are there after the run, those of trainings alone.
    @Test func eventsAreWrittenBesideTheRun() async throws {
      let results = try ResultsFolder("killed")
      let ending = try await results.run(
        "run", "--tensorboard", results.url.appending(path: "events").path, "--jobs", "2")
      #expect(ending.code == 0, "\(ending.messages)")
      let folder = results.url.appending(path: "events/killed")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      #expect(names == ["tuned[seed=1]", "tuned[seed=2]", "warmed"])
      for name in names {
        let files = try FileManager.default.contentsOfDirectory(
          atPath: folder.appending(path: name).path)
        #expect(files.count == 1 && files[0].hasPrefix("events.out.tfevents."), "\(files)")
      }
      // What is cached is written, too, where it is not there yet.
      try FileManager.default.removeItem(at: folder.appending(path: "warmed"))
      let again = try await results.run(
        "run", "--tensorboard", results.url.appending(path: "events").path)
      #expect(again.code == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == names)
    }

    /// A browser that looks on has the end in the end, from a server that sends what it says it does.
    @Test(.ownThread, .enabled(if: Chromium.program != nil, "there is no Chromium on this machine"))
    func aBrowserKeepsTheLastState() async throws {
      let results = try ResultsFolder("training")
      let log = results.url.appending(path: "log")
      async let run = Program.shell(
        #""$W" run "$RECIPE" --results "$RESULTS" --page 0 2>"$RESULTS/log" >/dev/null; echo $?"#,
        ["RECIPE": results.recipe.path, "RESULTS": results.url.path])
      var address: String?
      let deadline = ContinuousClock.now + .seconds(120)
      while address == nil, ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(20))
        let lines = (try? String(contentsOf: log, encoding: .utf8))?.split(separator: "\n") ?? []
        address = lines.first { $0.hasPrefix("Live page: ") }.map { String($0.dropFirst(11)) }
      }
      let loaded = try Chromium.load(try #require(address), in: results.url)
      #expect(try await run.output == "0\n")
      #expect(loaded.console == [], "the console must stay empty")
      #expect(loaded.document.contains("data-ended=\"true\""))
      #expect(loaded.document.contains("<title>✓ training</title>"))
      #expect(loaded.document.contains("class=\"ending right\""))
    }
  }
}
