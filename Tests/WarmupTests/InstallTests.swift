import Base
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What `make install` installs, and what a program says of its sources.
  @Suite struct InstallTests {
    private static let scripts = ProjectFolder.root.appending(path: "scripts")

    /// Installs the built program into a folder, runs a line of shell there, and removes it again.
    @Test func anInstalledProgramFindsWhatItNeeds() async throws {
      let folder = try ScratchFolder()
      let prefix = folder.url.appending(path: "prefix with blanks")
      let environment = [
        "SCRIPTS": Self.scripts.path, "PREFIX": prefix.path,
        "BUILT": try Program.binary().deletingLastPathComponent().path,
      ]
      let installed = try await Program.shell(
        #""$SCRIPTS/install-files" "$BUILT" "$PREFIX""#, environment)
      #expect(installed.code == 0, "\(installed.messages)")

      let doctor = try await Program.shell(#"cd /; "$PREFIX/bin/warmup" doctor"#, environment)
      #expect(doctor.output.contains("sandbox"), "\(doctor.output)")
      #expect(!doctor.output.contains("HumanEval+ cannot be graded here"), "\(doctor.output)")
      let completions = try await Program.shell(
        #"bash -n "$PREFIX/share/bash-completion/completions/warmup""#, environment)
      #expect(completions.code == 0, "\(completions.messages)")
      let page = try String(
        contentsOf: prefix.appending(path: "share/man/man1/warmup.1"), encoding: .utf8)
      for command in ["run", "plan", "cache verify", "export", "sample"] {
        #expect(page.contains(".SS \"warmup \(command)\""), "\(command)")
      }
      // roff takes a line that begins with a full stop for a request.
      let requests = Set(
        page.split(separator: "\n").filter { $0.first == "." }.map { $0.prefix(3) })
      #expect(
        requests.isSubset(of: [".TH", ".SH", ".SS", ".TP", ".B ", ".PP", ".ad"]), "\(requests)")

      let removed = try await Program.shell(
        #""$SCRIPTS/install-files" --remove "$PREFIX"; find "$PREFIX" ! -type d"#, environment)
      #expect(removed.code == 0 && removed.output.isEmpty, "\(removed.output)")
    }

    @Test func versionsSayWhatAProgramIsBuiltFrom() async throws {
      let ending = try await Program.run(["--version"]) { _ in }
      let pattern = /\d+\.\d+\.\d+ \((commit [0-9a-f]{12}(, changed)?|sources [0-9a-f]{12})\)\n/
      #expect(try pattern.wholeMatch(in: ending.output) != nil, "\(ending.output)")
    }

    /// Sources without a repository are known by their content.
    @Test func changedSourcesAreOthers() async throws {
      let folder = try ScratchFolder()
      func version() async throws -> String {
        let ending = try await Program.shell(
          #""$SCRIPTS/source-version" "$FOLDER" "$FOLDER/out""#,
          ["SCRIPTS": Self.scripts.path, "FOLDER": folder.url.path])
        #expect(ending.code == 0, "\(ending.messages)")
        return try String(
          contentsOf: folder.url.appending(path: "out/SourceVersion.swift"), encoding: .utf8)
      }
      for name in ["out", "Sources", "Plugins"] {
        try FileManager.default.createDirectory(
          at: folder.url.appending(path: name), withIntermediateDirectories: true)
      }
      _ = try folder.write("// A package", "Package.swift")
      _ = try folder.write("let a = 1", "Sources/a b.swift")
      let first = try await version()
      #expect(first.contains("\"sources "))
      #expect(try await version() == first)
      _ = try folder.write("let a = 2", "Sources/a b.swift")
      #expect(try await version() != first)
    }
  }
}
