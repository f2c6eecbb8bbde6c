import Foundation
import Testing

extension EndToEnd {
  /// What the program says of itself. After a change on purpose, write the new text to
  /// `Tests/Fixtures/snapshots`.
  @Suite struct HelpTests {
    @Test(arguments: [
      ("help", ["--help"]), ("run-help", ["run", "--help"]),
      ("register-help", ["register", "--help"]),
    ])
    func helpIsAsItWas(snapshot: String, arguments: [String]) async throws {
      let ending = try await Program.run(arguments) { _ in }
      #expect(ending.code == 0)
      // How many cores there are depends on the machine.
      let text = ending.output.replacing(#/\(default: \d+\)/#, with: "(default: N)")
      #expect(text == (try Fixture.snapshot(snapshot)))
    }
  }
}
