import Foundation
import Testing

extension EndToEnd {
  /// Whatever lies in the current folder, nothing of it runs.
  @Suite struct CurrentFolderTests {
    private static let trap = """
      import os
      open(os.path.join(r"FOLDER", "RAN"), "a").write(__file__)
      raise SystemExit(1)
      """

    /// A folder with a trap under every name that Python, pip and venv load.
    private func trapped() throws -> ResultsFolder {
      let folder = try ResultsFolder("tiny")
      let text = Self.trap.replacing("FOLDER", with: folder.url.path)
      for name in [
        "pip", "venv", "ensurepip", "csv", "json", "importlib", "numpy", "site", "sitecustomize",
        "usercustomize", "encodings", "sympy", "math_verify", "zipfile", "__main__",
      ] {
        try Data(text.utf8).write(to: folder.url.appending(path: "\(name).py"))
      }
      for name in ["python3", "pip", ".build/debug/sandbox", ".build/release/sandbox"] {
        let file = folder.url.appending(path: name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("#!/bin/sh\necho \(name) >> '\(folder.url.path)/RAN'\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
      }
      return folder
    }

    private func environment() -> [String: String] {
      [
        "PATH": ".::" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"),
        "PYTHONPATH": ".", "PIP_NO_INDEX": "1",
      ]
    }

    private func check(
      _ arguments: [String], in folder: ResultsFolder, says words: String
    ) async throws {
      let ending = try await Program.run(
        arguments, in: folder.url, environment: environment()
      ) { _ in }
      let output = ending.output + ending.messages
      #expect(output.contains(words), "\(output)")
      let trace = folder.url.appending(path: "RAN")
      #expect(!FileManager.default.fileExists(atPath: trace.path), "\(arguments)")
    }

    @Test func noneIsRunByRunAndDoctor() async throws {
      let folder = try trapped()
      let text = """
        version: 1
        name: test
        stages:
          d:
            kind: dataset
            params: {task: math, source: "pip:no-such-package-xyz==1.0/a.jsonl", sha256: "\(String(repeating: "0", count: 64))"}
        """
      try Data(text.utf8).write(to: folder.url.appending(path: "r.yaml"))
      try await check(
        ["run", "r.yaml"], in: folder, says: "No matching distribution found for no-such-package")
      try await check(["doctor", "r.yaml"], in: folder, says: "python3")
    }

    @Test func noneIsRunByGrade() async throws {
      let folder = try trapped()
      let row = """
        {"task_id": "T/0", "prompt": "def one():\\n", "entry_point": "one", "test": "def check(f):\\n    import json, csv\\n    assert f() == 1\\n", "completion": "```python\\ndef one():\\n    return 1\\n```"}
        """
      try Data((row + "\n").utf8).write(to: folder.url.appending(path: "a.jsonl"))
      try await check(
        ["grade", "--task", "humaneval_plus", "a.jsonl"], in: folder, says: "verdict")
    }
  }
}
