import Foundation
import Testing

extension EndToEnd {
  /// What is said where files and folders are not what they should be.
  @Suite struct FileErrorTests {
    /// Every command that writes, to every place where it cannot.
    @Test func placesThatCannotBeWrittenAreSentences() async throws {
      let commands = [
        #"run "$RECIPE" --set axes.seed=[3] --results"#,
        #"pack "$RECIPE" -o"#, #"unpack p.warmup.h5 -o"#, #"export "$RECIPE" warmed"#,
        #"compare "$RECIPE" "$RECIPE" --html"#,
      ]
      let places = [
        "file/in", "loop/in", "new/$LONG", "closed/in", "read_only/in",
      ]
      let lines = commands.flatMap { command in places.map { "\(command) \"\($0)\"" } }
      let special = [
        #"report "$RECIPE" -o file"#, #"report "$RECIPE" -o read_only/in"#,
        #"pack "$RECIPE" -o folder"#,
        #"run "$RECIPE" --set axes.seed=[3] --results file"#, #"export "$RECIPE" warmed file"#,
        #"unpack p.warmup.h5 -o folder"#, #"register read_only/claims.yaml"#,
        #"compare "$RECIPE" "$RECIPE" --html folder"#,
      ]
      try await walk(lines + special)
    }

    /// Every command that reads, from every place where it cannot.
    @Test func filesThatCannotBeReadAreSentences() async throws {
      let places = ["folder", "loop", "$LONG", "none", "secret", "closed/in", "file/in"]
      let lines = ["plan", "unpack", "grade --task math", "tokenize"].flatMap { command in
        places.map { "\(command) \"\($0)\"" }
      }
      let others = [
        "validate", "status", "run", "report", "pack", "register", "bench train --model",
      ]
      try await walk(
        lines + others.map { "\($0) secret" } + [
          "show secret base", "export secret base new", #"compare secret "$RECIPE""#,
          #"compare none "$RECIPE""#,
        ])
    }

    /// A file system that is full looks the same to a program that may write no larger files.
    @Test func filesThatGrowTooLargeAreSentences() async throws {
      let commands = [
        #"run "$RECIPE" --results new1"#, #"report "$RECIPE" -o new2"#,
        #"pack "$RECIPE" -o new3"#, #"unpack p.warmup.h5 -o new4"#,
        #"export "$RECIPE" warmed new5"#, #"compare "$RECIPE" "$RECIPE" --html new6"#,
      ]
      try await walk(commands, under: "ulimit -f 2")
    }

    /// Runs lines in a folder of traps, as an ordinary user, and looks at what each says.
    private func walk(_ lines: [String], under limit: String = ":") async throws {
      let finished = try await FinishedRun.tiny.value.results
      let traps = try ResultsFolder(copying: finished)
      let script =
        Self.traps + "\n" + limit + "\n"
        + lines.map { "say \($0)" }.joined(separator: "\n") + "\nchmod 755 closed read_only"
      let ending = try await Program.shell(
        script,
        [
          "RECIPE": finished.recipe.path, "RESULTS": finished.url.path, "TRAPS": traps.url.path,
          "AS": SharedCacheTests.ordinaryUser, "LONG": String(repeating: "x", count: 300),
          "WARMUP_PYTHON": "",
        ])
      let answers = ending.output.components(separatedBy: "\u{1E}").dropFirst()
      #expect(answers.count == lines.count, "\(ending.messages)")
      for (line, answer) in zip(lines, answers) {
        #expect([1, 64].contains(Int(answer.prefix { $0 != "\n" })), "\(line): \(answer)")
        #expect(answer.count > 20, "\(line) says nothing")
        let raw = ["Error Domain", "NSCocoa", "The operation could", "The file ", "Fatal error"]
        for raw in raw { #expect(!answer.contains(raw), "\(line): \(answer)") }
      }
    }

    private static let traps = """
      chmod 755 "$RESULTS"; chmod 777 "$TRAPS"; cd "$TRAPS"
      "$W" pack "$RECIPE" --models --results "$RESULTS" -o p.warmup.h5 2>/dev/null
      mkdir folder closed read_only new; touch folder/in; echo {} > file; ln -s loop loop
      cp "$RECIPE" read_only/claims.yaml
      printf 'claims:\\n  i: {says: it helps, value: scores.accuracy, over: seed,\\n' >> read_only/claims.yaml
      printf '    greater: [{start: warmed}, {start: base}]}\\n' >> read_only/claims.yaml
      echo secret > secret; chmod 0 secret closed; chmod 555 read_only; chmod 777 new
      say() {
        said=$($AS timeout 30 "$W" "$@" $(takes_results "$@") 2>&1 </dev/null); code=$?
        printf '\\x1e%s\\n%s' "$code" "$said"
      }
      takes_results() {
        case "$* " in
          *--results*|unpack*|grade*|tokenize*|bench*) ;;
          *) echo --results "$RESULTS" ;;
        esac
      }
      """
  }
}
