import Base
import Foundation
import Subprocess
import SystemPackage
import Testing

extension EndToEnd {
  /// Files inside Python packages, fetched by the real pip from a folder.
  @Suite struct PackageSourceTests {
    private static let rows = #"{"problem": "1+1?", "solution": "2"}"# + "\n"

    /// Writes `warmup_sample-1.0-py3-none-any.whl` into the folder that it runs in.
    private static let script = """
      import sys, zipfile
      name = "warmup_sample-1.0"
      with zipfile.ZipFile(name + "-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
          wheel.writestr("warmup_sample/problems.jsonl", sys.stdin.read())
          info = name + ".dist-info/"
          wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: warmup-sample\\nVersion: 1.0\\n")
          wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
          wheel.writestr(info + "RECORD", "")
      """

    private func run(version: String) async throws -> (Program.Ending, ResultsFolder) {
      let folder = try ResultsFolder("tiny")
      let made = try await Subprocess.run(
        .name("python3"), arguments: ["-c", Self.script],
        workingDirectory: FilePath(folder.url.path), input: .array(Array(Self.rows.utf8)),
        output: .discarded, error: .string(limit: 1 << 16))
      #expect(made.terminationStatus.isSuccess, "\(made.standardError)")
      let recipe = folder.url.appending(path: "test.yaml")
      let text = """
        version: 1
        name: test
        stages:
          problems:
            kind: dataset
            params:
              task: math
              source: "pip:warmup-sample==\(version)/problems.jsonl"
              sha256: \(SHA256Digest.hex(of: Data(Self.rows.utf8)))
        """
      try Data(text.utf8).write(to: recipe)
      let ending = try await Program.run(
        ["run", recipe.path, "--results", folder.url.path],
        environment: ["PIP_NO_INDEX": "1", "PIP_FIND_LINKS": folder.url.path]
      ) { _ in }
      return (ending, folder)
    }

    @Test func aFileOfAPackageIsFetchedAndKept() async throws {
      let (ending, folder) = try await run(version: "1.0")
      #expect(ending.code == 0, "\(ending.messages)")
      let kept = folder.cache.appending(path: "downloads/pip/warmup-sample/1.0")
      #expect(try Data(contentsOf: kept.appending(path: "problems.jsonl")) == Data(Self.rows.utf8))
      let names = try FileManager.default.contentsOfDirectory(atPath: kept.path)
      #expect(names.sorted() == ["problems.jsonl"])
    }

    @Test func aVersionThatIsNotThereIsASentence() async throws {
      let (ending, _) = try await run(version: "2.0")
      #expect(ending.code == 1)
      let failures = ending.lines.filter { $0.contains("failed: ") }
      #expect(failures.count == 1)
      #expect(failures.first?.contains("warmup-sample==2.0 could not be fetched") == true)
    }
  }
}
