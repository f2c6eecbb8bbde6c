import Base
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `warmup engine install trl`, with a Python that writes down what it is asked.
  @Suite struct EngineInstallTests {
    private static let python = """
      #!/bin/sh
      echo "$@" >>FOLDER/calls
      case "$3" in
      venv) mkdir -p "$4/bin" && touch "$4/pyvenv.cfg" && cp "$0" "$4/bin/python" ;;
      pip) cp "$8" FOLDER/requirements; [ ! -e FOLDER/broken ] || { echo no network; exit 1; } ;;
      esac
      """

    private func install(_ folder: ScratchFolder) async throws -> Program.Ending {
      let python = try folder.write(
        Self.python.replacing("FOLDER", with: folder.url.path), "python")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: python.path)
      return try await Program.run(
        ["engine", "install", "trl", "--folder", folder.file("trl").path],
        environment: ["WARMUP_PYTHON": python.path]
      ) { _ in }
    }

    private func text(_ name: String, _ folder: ScratchFolder) throws -> String {
      try String(contentsOf: folder.file(name), encoding: .utf8)
    }

    /// pip's settings alone say where packages come from.
    @Test func theVersionsThatWereTestedAreInstalled() async throws {
      let folder = try ScratchFolder()
      let ending = try await install(folder)
      #expect(ending.code == 0, "\(ending.messages)")
      let place = folder.file("trl").path
      #expect(ending.output == "python: \(place)/bin/python\n")
      #expect(
        try text("calls", folder) == """
          -I -m venv \(place)
          -I -m pip install --no-input --disable-pip-version-check --requirement \(place)/requirements.txt

          """)
      let lines = try text("requirements", folder).split(separator: "\n")
      for wanted in ["trl==1.16.0", "transformers==5.23.0", "torch==2.13.0"] {
        #expect(lines.contains { $0 == wanted }, "\(wanted)")
      }
      #expect(!lines.contains { $0.contains("://") || $0.hasPrefix("-") })
    }

    @Test func whatFailsIsCompletedLater() async throws {
      let folder = try ScratchFolder()
      _ = try folder.write("", "broken")
      let failed = try await install(folder)
      #expect(failed.code == 1 && failed.output.isEmpty)
      #expect(failed.messages.contains("no network\n"))
      #expect(failed.messages.contains("failed, as it says above; run this again"))
      try FileManager.default.removeItem(at: folder.file("broken"))
      #expect(try await install(folder).code == 0)
    }

    @Test func aFolderOfSomethingElseIsLeftAlone() async throws {
      let folder = try ScratchFolder()
      try FileManager.default.createDirectory(
        at: folder.file("trl"), withIntermediateDirectories: true)
      _ = try folder.write("mine", "trl/notes")
      let ending = try await install(folder)
      #expect(ending.code == 1)
      #expect(ending.messages.contains("holds something else than a Python environment"))
      #expect(!FileManager.default.fileExists(atPath: folder.file("calls").path))
    }
  }
}
