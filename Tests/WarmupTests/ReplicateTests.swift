import Base
import Foundation
import Runner
import TestSupport
import Testing

extension EndToEnd {
  /// `warmup replicate`.
  @Suite struct ReplicateTests {
    /// Results of somebody, and a folder of somebody else.
    private struct Exchange {
      let sender: ResultsFolder
      let receiver = Result { try ScratchFolder() }

      init() async throws {
        sender = try ResultsFolder("killed")
        #expect(try await sender.run("run", "--threads", "2").code == 0)
      }

      func pack(_ name: String, _ options: String...) async throws {
        let file = try receiver.get().file(name).path
        let ending = try await sender.run("pack", arguments: ["-o", file] + options)
        #expect(ending.code == 0, "\(ending.messages)")
      }

      func replicate(_ arguments: String...) async throws -> Program.Ending {
        try await Program.run(["replicate"] + arguments + ["--quiet"], in: receiver.get().url) {
          _ in
        }
      }

      /// Changes a file of a result, so that its record fits it.
      func alter(_ instance: String, _ name: String, _ change: (URL) throws -> Void) async throws {
        let folder = try await sender.artifact(instance)
        let file = folder.appending(path: name)
        try change(file)
        let record = folder.appending(path: "record.json")
        var json = try JSONValue(parsing: Data(contentsOf: record)).object ?? [:]
        var files = json["files"]?.object ?? [:]
        files[name] = [
          "bytes": .integer(try Data(contentsOf: file).count),
          "sha256": .string(try SHA256Digest.hex(ofFile: file)),
        ]
        json["files"] = .object(files)
        try Data(RecordSeal.sealed(.object(json)).utf8).write(to: record)
      }
    }

    /// The same, altered, and taken over: one set of results for all, because each must run.
    @Test func whatIsEqualAndWhatIsNot() async throws {
      let exchange = try await Exchange()
      try await exchange.pack("same.warmup.h5")
      let same = try await exchange.replicate("same.warmup.h5", "-o", "replica")
      #expect(same.code == 0, "\(same)")
      #expect(
        same.output.hasPrefix("Bit-equal: all 12 results have the digests of the packed ones.\n"))
      let lines = same.output.split(separator: "\n")
      #expect(lines.count == 3 && lines[1].hasPrefix("Packed: made by "))
      // Nothing came from the file.
      let made = Cache(folder: try exchange.receiver.get().file("replica/cache"))
      for key in made.keys() {
        guard case .present(let artifact) = made.lookUp(key) else { continue }
        #expect(artifact.origin == nil)
      }

      // A completion is altered, its digest with it, and the weights that came of it.
      try await exchange.alter("tuned[seed=1]", "rollouts.h5") { file in
        let table = try RowTable(contentsOf: file)
        var rows = table.rows
        let text = rows[9]["completion"]?.string ?? ""
        rows[9]["completion"] = .string(String(text.dropLast()) + "#")
        let order = table.names
        try RowTable(rows: rows, order: order, attributes: table.attributes).write(to: file)
      }
      try await exchange.pack("altered.warmup.h5")
      let altered = try await exchange.replicate("altered.warmup.h5", "-o", "replica")
      #expect(altered.code == 1, "\(altered)")
      let found = altered.output.split(separator: "\n").map(String.init)
      #expect(found[0] == "1 of 12 results differ; the rest is equal to the bit.")
      // Two problems with two completions are a step.
      let first =
        #/First: tuned\[seed=1\], step 3, rollouts\.h5: problem '[^']+', sample 1: completion differs from token \d+ on: ".*" here, ".*#" packed/#
      #expect(found[1].wholeMatch(of: first) != nil, "\(found[1])")
      #expect(found.last?.hasPrefix("Here:   made by ") == true)

      // Weights of another seed.
      let other = try await exchange.sender.artifact("tuned[seed=2]").appending(path: "model.h5")
      try await exchange.alter("tuned[seed=1]", "model.h5") {
        try Data(contentsOf: other).write(to: $0)
      }
      try await exchange.pack("weights.warmup.h5", "--models")
      let weights = try await exchange.replicate("weights.warmup.h5", "-o", "replica")
      #expect(weights.code == 1)
      #expect(
        weights.output.contains("First: tuned[seed=1], step 3, rollouts.h5"), "\(weights.output)")

      // Without rollouts that can be read there is what the weights say.
      try await exchange.pack("small.warmup.h5", "--small")
      let small = try await exchange.replicate("small.warmup.h5", "-o", "replica")
      #expect(small.code == 1)
      #expect(small.output.contains("First: tuned[seed=1]: model.h5 "), "\(small.output)")

      // What was taken over proves nothing.
      let taken = try await Program.run(
        ["run", "same.warmup.h5", "--results", "taken", "--quiet"],
        in: exchange.receiver.get().url
      ) { _ in }
      #expect(taken.code == 0)
      let refused = try await exchange.replicate("same.warmup.h5", "-o", "taken")
      #expect(
        refused.code == 1 && refused.messages.contains("taken holds results that were taken over"))
    }

    @Test func whatIsNoPackedFileIsASentence() async throws {
      let folder = try ScratchFolder()
      let file = try folder.write("version: 1\n", "recipe.yaml")
      let ending = try await Program.run("replicate", file.path, in: folder.url)
      #expect(
        ending.code == 1 && ending.messages.contains("recipe.yaml is not a packed file"),
        "\(ending)")
    }
  }
}
