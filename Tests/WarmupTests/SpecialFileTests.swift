import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension EndToEnd {
  /// Devices and pipes in the place of files: a sentence at once, and never a program that waits.
  @Suite struct SpecialFileTests {
    private static let pin = String(repeating: "0", count: 64)

    private func folder() throws -> ResultsFolder {
      let folder = try ResultsFolder("tiny")
      #expect(mkfifo(folder.url.appending(path: "pipe").path, 0o600) == 0)
      let model = folder.url.appending(path: "model")
      try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
      #expect(mkfifo(model.appending(path: "config.json").path, 0o600) == 0)
      return folder
    }

    @Test(
      .timeLimit(.minutes(1)),
      arguments: [
        "kind: dataset, params: {task: math, source: /dev/zero}",
        "kind: dataset, params: {task: math, source: pipe}",
        "kind: dataset, params: {task: math, source: pipe, sha256: '\(pin)'}",
        "kind: read_traces, params: {source: pipe}",
        "kind: pretrained_model, params: {source: pipe}",
        "kind: pretrained_model, params: {source: model}",
        "kind: pretrained_model, params: {source: model, sha256: '\(pin)'}",
      ])
    func sourcesAreFiles(stage: String) async throws {
      let folder = try folder()
      let text = "version: 1\nname: t\nstages:\n  x: {\(stage)}\n"
      try Data(text.utf8).write(to: folder.url.appending(path: "r.yaml"))
      for command in ["plan", "run", "doctor"] {
        let ending = try await Program.run(command, "r.yaml", in: folder.url)
        let said = ending.output + ending.messages
        #expect(ending.code != nil, "\(command): \(said)")
        if command == "run" {
          #expect(said.contains("only regular files are read"), "\(command): \(said)")
        }
      }
    }

    /// The plan says what is wrong, and does not send anybody for a file that is there.
    @Test(
      .timeLimit(.minutes(1)),
      arguments: ["dataset, params: {task: math, ", "read_traces, params: {"],
      [("/dev/zero", "a device"), ("pipe", "a pipe")])
    func thePlanSaysWhatIsWrong(kind: String, source: (path: String, sort: String)) async throws {
      let folder = try folder()
      for pin in ["", ", sha256: '\(Self.pin)'"] {
        let stage = "kind: \(kind)source: \(source.path)\(pin)}"
        let text = "version: 1\nname: t\nstages:\n  x: {\(stage)}\n"
        try Data(text.utf8).write(to: folder.url.appending(path: "r.yaml"))
        let plan = try await Program.run("plan", "r.yaml", in: folder.url)
        #expect(plan.output.contains("It is \(source.sort); name a regular file."), "\(plan)")
        #expect(!plan.output.contains("WARMUP_DATA"))
        let isBlocked = plan.output.hasPrefix("blocked")
        #expect(isBlocked == pin.isEmpty, "\(plan)")
        let run = try await Program.run("run", "r.yaml", in: folder.url)
        #expect(run.messages.contains("is \(source.sort); only regular files are read"), "\(run)")
      }
    }

    /// A folder may hold shards; one that holds none is called so, and pinned ones when they are read.
    @Test(arguments: ["dataset, params: {task: math, ", "read_traces, params: {"])
    func foldersWithoutRowsAreToldSo(kind: String) async throws {
      let folder = try folder()
      try FileManager.default.createDirectory(
        at: folder.url.appending(path: "empty"), withIntermediateDirectories: true)
      for pin in ["", ", sha256: '\(Self.pin)'"] {
        let text = "version: 1\nname: t\nstages:\n  x: {kind: \(kind)source: empty\(pin)}}\n"
        try Data(text.utf8).write(to: folder.url.appending(path: "r.yaml"))
        let plan = try await Program.run("plan", "r.yaml", in: folder.url)
        #expect(plan.output.hasPrefix("blocked") == pin.isEmpty, "\(plan)")
        #expect(!plan.output.contains("WARMUP_DATA"))
        let run = try await Program.run("run", "r.yaml", in: folder.url)
        #expect(run.messages.contains("empty holds no files of rows"), "\(run)")
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["pipe", "/dev/zero"])
    func recipesAreFiles(path: String) async throws {
      let folder = try folder()
      for command in ["plan", "run", "validate"] {
        let ending = try await Program.run(command, path, in: folder.url)
        #expect(ending.code == 64, "\(ending.messages)")
        #expect(ending.messages.contains("name a file"), "\(ending.messages)")
      }
      let stages =
        "stages:\n  x: {kind: miniature_problems, params: {domain: arithmetic, count: 4}}\n"
      let extending = "version: 1\nname: t\nextends: \(path)\n" + stages
      try Data(extending.utf8).write(to: folder.url.appending(path: "e.yaml"))
      let extended = try await Program.run("plan", "e.yaml", in: folder.url)
      #expect(extended.code == 64 && extended.messages.contains("cannot extend"))
      #expect(mkfifo(folder.url.appending(path: "p.registered.json").path, 0o600) == 0)
      try Data(("version: 1\nname: t\n" + stages).utf8)
        .write(to: folder.url.appending(path: "p.yaml"))
      let registered = try await Program.run("plan", "p.yaml", in: folder.url)
      #expect(registered.code == 0, "\(registered.messages)")
      let packed = try await Program.run("unpack", path, "-o", "out", in: folder.url)
      #expect(packed.code != 0 && packed.code != nil)
    }
  }
}
