import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Parts of a recipe: `--only`, and one report from the packed files of several sittings.
  @Suite struct SittingTests {
    /// Two machines with nothing in common, each of which ran and packed one seed of `tiny`.
    private struct Machines {
      let scratch: ScratchFolder
      let files: [URL]
      let endings: [Program.Ending]

      init(_ options: String...) async throws {
        scratch = try ScratchFolder()
        var files: [URL] = []
        var endings: [Program.Ending] = []
        for seed in ["1", "2"] {
          let results = scratch.file("machine\(seed)").path
          let recipe = [
            Fixture.recipe("tiny").path, "--results", results, "--only", "seed=\(seed)",
          ]
          endings.append(try await Program.run(["run"] + recipe) { _ in })
          files.append(scratch.file("seed\(seed).h5"))
          endings.append(
            try await Program.run(["pack"] + recipe + ["-o", files.last?.path ?? ""] + options) {
              _ in
            })
        }
        self.files = files
        self.endings = endings
      }

      var paths: [String] { files.map(\.path) }
    }

    private static let machines = Task { try await Machines("--small") }

    /// Tables, figures and lock by their paths.
    private func numbers(in folder: URL) throws -> [String: Data] {
      var found: [String: Data] = [:]
      for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
        let isNumber = ["tables/", "figures/", "lock.json"].contains { path.hasPrefix($0) }
        if isNumber, path != "lock.json.lock" {
          found[path] = try Data(contentsOf: folder.appending(path: path))
        }
      }
      return found
    }

    @Test func twoSittingsReportTheSameBytesAsOne() async throws {
      let machines = try await Self.machines.value
      for ending in machines.endings { #expect(ending.code == 0, "\(ending.messages)") }
      #expect(machines.endings[0].messages.contains("13 ran, 0 cached, 4 not asked for"))
      #expect(machines.endings[1].messages.contains("Packed 13 of 13 instances into"))
      #expect(
        machines.endings[1].messages.contains("Not asked for: the recipe's other 4 instances"))
      let whole = try await FinishedRun.tiny.value
      let expected = try numbers(in: whole.results.url.appending(path: "tiny"))
      #expect(expected.count == 7)
      for order in [machines.paths, machines.paths.reversed()] {
        let folder = try ScratchFolder()
        let ending = try await Program.run(["report"] + order, in: folder.url) { _ in }
        #expect(ending.code == 0, "\(ending.messages)")
        #expect(ending.output == whole.ending.output)
        let joined = folder.file("results/tiny")
        #expect(try numbers(in: joined) == expected)
        let brief = try String(contentsOf: joined.appending(path: "report.md"), encoding: .utf8)
        let first = order == machines.paths ? "seed1.h5" : "seed2.h5"
        #expect(brief.contains("17 of 17 instances are done. Joined from \(first) (13 results, "))
        let page = try String(contentsOf: joined.appending(path: "report.html"), encoding: .utf8)
        #expect(page.contains("<section id=\"sources\">"))
      }
    }

    /// Parts that are run in one folder: the report of the last one is that of the whole.
    @Test func partsInOneFolderMakeTheWholeReport() async throws {
      let place = try ScratchFolder()
      let run = ["run", Fixture.recipe("tiny").path, "--results", place.url.path]
      let first = try await Program.run(run + ["--only", "seed=1"]) { _ in }
      #expect(first.code == 0, "\(first.messages)")
      let brief = place.file("tiny/report.md")
      #expect(
        try String(contentsOf: brief, encoding: .utf8).contains("13 of 17 instances are done"))
      let second = try await Program.run(run + ["--only", "seed=2"]) { _ in }
      #expect(second.code == 0, "\(second.messages)")
      let whole = try await FinishedRun.tiny.value
      #expect(
        try numbers(in: place.file("tiny"))
          == numbers(in: whole.results.url.appending(path: "tiny")))
      #expect(
        try String(contentsOf: brief, encoding: .utf8).contains("17 of 17 instances are done"))
      // Once more the first part, of which everything is cached: the whole report stays.
      let again = try await Program.run(run + ["--only", "seed=1"]) { _ in }
      #expect(again.code == 0, "\(again.messages)")
      #expect(
        try String(contentsOf: brief, encoding: .utf8).contains("17 of 17 instances are done"))
    }

    @Test func theLockOfAJoinedReportIsTheExperiment() async throws {
      let machines = try await Self.machines.value
      let place = try ScratchFolder()
      let ending = try await Program.run(
        ["report", "--results", place.url.path] + machines.paths
      ) { _ in }
      #expect(ending.code == 0, "\(ending.messages)")
      let run = ["run", Fixture.recipe("tiny").path, "--results", place.url.path, "--locked"]
      let change = ["--set", "stages.warmed.params.epochs=3"]
      let changed = try await Program.run(run + ["--only", "seed=2"] + change) { _ in }
      #expect(changed.code == 64)
      #expect(
        changed.messages.contains("this is not the experiment that was locked: 3 of 13 instances"))
      let part = try await Program.run(run + ["--only", "seed=2"]) { _ in }
      #expect(part.code == 0 && part.messages.contains("13 ran, 0 cached, 4 not asked for"))
      #expect(part.messages.contains("rests on 17 results, of which a new report would lack 4"))
    }

    @Test func aRecipeJoinsItsPackedFiles() async throws {
      let machines = try await Self.machines.value
      let place = try ScratchFolder()
      let recipe = Fixture.recipe("tiny").path
      let mixed = [
        "report", recipe, machines.paths[1], "--results", machines.scratch.file("machine1").path,
        "-o", place.file("mixed").path,
      ]
      let ending = try await Program.run(mixed) { _ in }
      #expect(ending.code == 0, "\(ending.messages)")
      let whole = try await FinishedRun.tiny.value.results.url.appending(path: "tiny")
      #expect(try numbers(in: place.file("mixed")) == numbers(in: whole))
      let two = try await Program.run(["report", recipe, recipe]) { _ in }
      #expect(two.code == 64 && two.messages.contains("one may be a recipe"))
      let change = try await Program.run(["report"] + machines.paths + ["--set", "axes.seed=[1]"]) {
        _ in
      }
      #expect(
        change.code == 64 && change.messages.contains("--set cannot change what packed files"))
    }

    @Test func whatCannotBeJoinedWritesNothing() async throws {
      let machines = try await Self.machines.value
      let place = try ScratchFolder()
      let (cut, other) = (place.file("cut.h5"), place.file("other.h5"))
      try Data(contentsOf: machines.files[1]).dropLast(1000).write(to: cut)
      let packed = try await Program.run(
        "pack", Fixture.recipe("tiny").path, "--results",
        machines.scratch.file("machine1").path, "-o", other.path,
        "--set", "stages.tuned.params.steps=4")
      #expect(packed.code == 0, "\(packed.messages)")
      let sentences = [
        cut: "cut.h5 is cut off: it has",
        other: "seed1.h5 and other.h5 are not of one experiment: in 'tuned[start=base,seed=1]' "
          + "steps changed from 3 to 4",
        place.file("no.h5"): "no.h5 cannot be read: there is no such file",
      ]
      for (file, sentence) in sentences {
        for command in ["report", "unpack"] {
          let ending = try await Program.run(
            [command, machines.paths[0], file.path, "-o", place.file("out").path]) { _ in }
          #expect(ending.code == 1 && ending.messages.contains(sentence), "\(ending.messages)")
        }
      }
      #expect(!FileManager.default.fileExists(atPath: place.file("out").path))
    }

    @Test func severalFilesAreUnpackedIntoOneFolder() async throws {
      let machines = try await Self.machines.value
      let place = try ScratchFolder()
      let ending = try await Program.run(
        ["unpack", "-o", place.file("out").path] + machines.paths
      ) { _ in }
      #expect(ending.code == 0, "\(ending.messages)")
      #expect(ending.messages.hasPrefix("Unpacked 17 of 17 instances\n"))
      let whole = try await FinishedRun.tiny.value.results.url.appending(path: "tiny")
      #expect(try numbers(in: place.file("out")) == numbers(in: whole))
      let compared = try await Program.run("compare", whole.path, place.file("out").path)
      #expect(compared.output.contains("No number differs."), "\(compared.messages)")
    }

    @Test func aPartIsPlannedAndShownAlone() async throws {
      let recipe = Fixture.recipe("tiny").path
      let place = try ScratchFolder()
      let options = [recipe, "--results", place.url.path, "--only", "seed=2"]
      let plan = try await Program.run(["plan"] + options) { _ in }
      #expect(plan.output.contains("13 to run, 0 cached, 0 blocked, 4 not asked for\n"))
      #expect(!plan.output.contains("seed=1"))
      let status = try await Program.run(["status"] + options) { _ in }
      #expect(status.output.hasPrefix("tiny: 0 of 13 done, 4 not asked for\n"))
      let wrong = try await Program.run(["run", recipe, "--only", "sed=2"]) { _ in }
      #expect(wrong.code == 64 && wrong.messages.contains("no axis 'sed'; did you mean 'seed'?"))
      let both = try await Program.run(["pack", recipe, "--small", "--models"]) { _ in }
      #expect(both.code == 64)
    }
  }
}
