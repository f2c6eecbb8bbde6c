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
      case "$2" in -c) echo PYTHON; exit ;; esac
      case "$3" in
      venv) mkdir -p "$4/bin" && touch "$4/pyvenv.cfg" && cp "$0" "$4/bin/python" ;;
      pip) for last; do :; done; cp "$last" FOLDER/requirements; [ ! -e FOLDER/broken ] || { echo no network; exit 1; } ;;
      esac
      """

    private func install(
      _ folder: ScratchFolder, _ options: String..., version: String = "3.11 x86_64 linux"
    ) async throws -> Program.Ending {
      let python = try folder.write(
        Self.python.replacing("FOLDER", with: folder.url.path).replacing("PYTHON", with: version),
        "python")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: python.path)
      return try await Program.run(
        ["engine", "install", "trl", "--folder", folder.file("trl").path] + options,
        environment: ["WARMUP_PYTHON": python.path]
      ) { _ in }
    }

    private func text(_ name: String, _ folder: ScratchFolder) throws -> String {
      try String(contentsOf: folder.file(name), encoding: .utf8)
    }

    /// pip's settings alone say where packages come from.
    @Test(arguments: ["cpu", "cuda", "unlocked"])
    func theVersionsThatWereTestedAreInstalled(packages: String) async throws {
      let folder = try ScratchFolder()
      let ending = try await install(folder, "--packages", packages)
      #expect(ending.code == 0, "\(ending.messages)")
      let place = folder.file("trl").path
      #expect(ending.output == "python: \(place)/bin/python\n")
      let calls = try text("calls", folder).split(separator: "\n").filter { !$0.hasPrefix("-I -c") }
      let isLocked = packages != "unlocked"
      let locked = isLocked ? "--require-hashes --only-binary :all: " : ""
      #expect(
        calls == [
          "-I -m venv \(place)",
          "-I -m pip install --no-input --disable-pip-version-check \(locked)--requirement "
            + "\(place)/requirements.txt",
        ])
      let text = try text("requirements", folder)
      let pins = text.matches(of: /(?m)^([A-Za-z0-9_.-]+)==([^ \n]+)/).map { "\($0.1)==\($0.2)" }
      let torch = packages == "cpu" ? "torch==2.13.0+cpu" : "torch==2.13.0"
      for wanted in ["trl==1.16.0", "transformers==5.23.0", torch] {
        #expect(pins.contains(wanted), "\(wanted)")
      }
      #expect(!text.contains("://"))
      // A file at least of each package, and the versions of all sets are the same.
      let hashes = text.matches(of: /(?m)^    --hash=sha256:[0-9a-f]{64}/).count
      #expect(isLocked ? hashes >= pins.count : hashes == 0)
      #expect(text.split(separator: "\n").allSatisfy { isLocked || !$0.hasPrefix(" ") })
    }

    @Test func anotherPythonHasNoLockedFiles() async throws {
      let folder = try ScratchFolder()
      let refused = try await install(folder, "--packages", "cpu", version: "3.14 aarch64 linux")
      #expect(refused.code == 1)
      let sentence = "has no files for Python 3.14 aarch64 linux, but for 3.11 on"
      #expect(refused.messages.contains(sentence))
      let other = try await install(
        folder, "--packages", "unlocked", version: "3.14 aarch64 linux")
      #expect(other.code == 0, "\(other.messages)")
    }

    @Test func whatFailsIsCompletedLater() async throws {
      let folder = try ScratchFolder()
      _ = try folder.write("", "broken")
      let failed = try await install(folder, "--packages", "cpu")
      #expect(failed.code == 1 && failed.output.isEmpty)
      #expect(failed.messages.contains("no network\n"))
      #expect(failed.messages.contains("failed, as it says above; run this again"))
      #expect(failed.messages.contains("is on PyTorch's own index"))
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
