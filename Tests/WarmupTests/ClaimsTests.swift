import Base
import Foundation
import Runner
import TestSupport
import Testing

extension EndToEnd {
  /// Claims from the recipe to the report, by way of their registration.
  @Suite struct ClaimsTests {
    private static let claims = """

      claims:
        ii:
          says: A warm-up helps
          value: scores.accuracy
          over: seed
          greater: [{start: warmed}, {start: base}]
      """

    /// The results of a run that is done, and its recipe with a claim, in a folder of its own.
    private struct Claimed {
      let folder: ScratchFolder
      let results: ResultsFolder

      init() async throws {
        results = try ResultsFolder(copying: try await FinishedRun.tiny.value.results)
        folder = try ScratchFolder()
        let text = try String(contentsOf: results.recipe, encoding: .utf8)
        _ = try folder.write(text + ClaimsTests.claims, "claims.yaml")
      }

      func run(_ command: String, _ more: String...) async throws -> Program.Ending {
        try await Program.run(
          [command, folder.file("claims.yaml").path, "--results", results.url.path] + more
        ) { _ in }
      }

      func lock() throws -> RecipeLock {
        try RecipeLock(recipeFolder: results.url.appending(path: "tiny"))
      }

      var registration: URL { folder.file("claims.registered.json") }
    }

    @Test func aRegistrationIsKeptAndNamedByTheLock() async throws {
      let claimed = try await Claimed()
      let change = ["--set", "stages.warmed.params.epochs=1"]
      let ending = try await claimed.run("register", change[0], change[1])
      #expect(ending.code == 0, "\(ending.messages)")
      #expect(ending.output.contains("Registered 1 claim and 17 keys: "))
      // What does not depend on the change has its results.
      #expect(ending.output.contains("\n  ii  2 and 2 runs of 2 problems  2 of 4 HAVE RESULTS"))
      #expect(ending.output.contains("no clock of this machine does"))
      let bytes = try Data(contentsOf: claimed.registration)
      let digest = SHA256Digest.hex(of: bytes)
      #expect(ending.output.contains("SHA-256 \(digest)\n"))

      let again = try await claimed.run("register", change[0], change[1])
      #expect(again.code == 0 && again.output.contains("registered already, and nothing has"))
      let other = try await claimed.run("register", "--set", "claims.ii.says=Nothing helps")
      #expect(other.code == 1)
      #expect(other.messages.contains("\n  claim 'ii': it said “A warm-up helps”\n"))
      #expect(other.messages.contains("\n  5 of 17 keys, such as of scores[start=warmed,seed=1]\n"))
      #expect(try Data(contentsOf: claimed.registration) == bytes)
      let replaced = try await claimed.run("register", "--again")
      #expect(replaced.code == 0)
      let text = try String(contentsOf: claimed.registration, encoding: .utf8)
      #expect(text.contains("\"replaces\": \"\(digest)\""))

      _ = try await claimed.run("run")
      #expect(
        try claimed.lock().registration
          == Registration.digest(
            beside: claimed.folder.file("claims.yaml")))
    }

    @Test func whatClaimsCameToIsSaidEverywhere() async throws {
      let claimed = try await Claimed()
      let run = try await claimed.run("run")
      #expect(run.output.contains("\nClaims\n  ii  not decided"), "\(run.output)")
      let plan = try await claimed.run("plan")
      #expect(
        plan.output.hasSuffix(
          "\n1 claim is not registered; 'warmup register' writes them "
            + "down before there are results\n"))
      let status = try await claimed.run("status", "--json")
      let json = try JSONValue(parsing: Data(status.output.utf8))
      #expect(json["instances"]?.array?.count == 17)
      #expect(json["claims"]?.array?.map { $0["name"] } == ["ii"])
      #expect(json["claims"]?.array?.first?["registered"] == "no")
      #expect(try await claimed.run("status").output.contains("\n\nClaims\n  ii  not decided"))
      let report = try String(
        contentsOf: claimed.results.url.appending(path: "tiny/report.html"), encoding: .utf8)
      #expect(report.contains("<section id=\"claims\">"))
    }

    /// A packed file takes the registration along, so that its report says the same of it.
    @Test func aPackedFileKeepsTheRegistration() async throws {
      let claimed = try await Claimed()
      _ = try await claimed.run("register")
      _ = try await claimed.run("run")
      let file = claimed.folder.file("tiny.warmup.h5").path
      let packed = try await claimed.run("pack", "-o", file)
      #expect(packed.code == 0, "\(packed.messages)")
      let elsewhere = claimed.folder.file("elsewhere")
      let report = try await Program.run("report", file, "--results", elsewhere.path)
      #expect(report.code == 0, "\(report.messages)")
      let pages = try [claimed.results.url, elsewhere].map {
        try Data(contentsOf: $0.appending(path: "tiny/report.html"))
      }
      #expect(pages[0] == pages[1])
      let text = String(decoding: pages[0], as: UTF8.self)
      #expect(text.contains("only when 4 of 4 runs had results"))
      let register = try await Program.run("register", file)
      #expect(register.code == 64 && register.messages.contains("is packed; register its recipe"))
    }
  }
}
