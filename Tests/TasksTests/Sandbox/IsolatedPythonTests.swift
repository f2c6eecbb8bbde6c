import Foundation
import Tasks
import TestSupport
import Testing

/// Python is started in one way only.
@Suite struct IsolatedPythonTests {
  @Test func onlyAbsoluteFoldersOfThePathCount() throws {
    let folder = try ScratchFolder()
    let file = folder.url.appending(path: "python3")
    try Data("#!/bin/sh\n".utf8).write(to: file)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    let found = try IsolatedPython.executable(["PATH": "::.:bin:\(folder.url.path):/usr/bin"])
    #expect(found == file.path)
    #expect(throws: SandboxError.self) { try IsolatedPython.executable(["PATH": ":.:bin"]) }
    #expect(throws: SandboxError.self) {
      try IsolatedPython.executable(["PATH": "/usr/bin", "WARMUP_PYTHON": "./python3"])
    }
    #expect(
      try IsolatedPython.executable(["PATH": ".:\(folder.url.path)", "WARMUP_PYTHON": "python3"])
        == file.path)
  }

  @Test func secretsAndPythonsOwnVariablesAreLeftOut() {
    let cleaned = IsolatedPython.cleaned([
      "PATH": ".:/usr/bin::/bin", "HOME": "/home/me", "PYTHONPATH": ".", "PYTHONSTARTUP": "x.py",
      "WARMUP_KEY_LAB": "secret", "AWS_SECRET_ACCESS_KEY": "secret", "LD_PRELOAD": "./x.so",
      "LD_LIBRARY_PATH": ":/opt/lib:lib", "https_proxy": "http://proxy:1", "PIP_INDEX_URL": "u",
    ])
    #expect(
      cleaned == [
        "PATH": "/usr/bin:/bin", "HOME": "/home/me", "LD_LIBRARY_PATH": "/opt/lib",
        "https_proxy": "http://proxy:1", "PIP_INDEX_URL": "u",
      ])
  }

  /// Every file that starts another program, with all that it starts; to add one, look whether it
  /// can be made to run something of the current folder.
  private static let starts = [
    "Sources/Runner/Queue/SlurmCommands.swift": 1,  // Slurm's programs, by their paths
    "Sources/Stages/Programs/GuardedProgram.swift": 1,  // sh, our script
    "Sources/Tasks/MathVerifier/MathVerifyPackage.swift": 1,  // Process, the installed Python
    "Sources/Tasks/Sandbox/ChildProcess.swift": 1,  // Subprocess, for those below
    "Sources/Tasks/Sandbox/IsolatedPython.swift": 2,  // Python
    "Sources/Tasks/Sandbox/Protections.swift": 1,  // the launcher of the sandbox
    "Sources/Tasks/Sandbox/SandboxLane.swift": 1,  // the launcher of the sandbox
  ]

  private static func sources() throws -> [(path: String, text: String)] {
    let root = ProjectFolder.root
    let paths = try FileManager.default.subpathsOfDirectory(
      atPath: root.appending(path: "Sources").path)
    return try paths.filter { $0.hasSuffix(".swift") }.sorted().map {
      let text = try String(contentsOf: root.appending(path: "Sources/\($0)"), encoding: .utf8)
      return ("Sources/\($0)", text)
    }
  }

  @Test func nothingElseStartsAProgram() throws {
    let start =
      /\b(?:Process\(\)|Subprocess\.run\(|ChildProcess\.run\(|posix_spawnp?\(|execv\w*\(|execl\w*\(|popen\(|system\("|v?fork\()/
    var found: [String: Int] = [:]
    for (path, text) in try Self.sources() {
      let count = text.matches(of: start).count
      if count > 0 { found[path] = count }
    }
    #expect(found == Self.starts)
  }

  /// `-c` and `-m` stand behind `-I`, or go through `IsolatedPython`, which puts it before them.
  @Test func everyPythonIsIsolated() throws {
    var count = 0
    for (path, text) in try Self.sources() {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() where line.contains(/"-[cm]"/) {
        count += 1
        let isThrough = text.contains("IsolatedPython.run(") && !text.contains("ChildProcess.run(")
        let isIsolated = line.contains(/"-I",.*"-c"|IsolatedPython\.option, "-m"/)
        let isArgument = line.contains(/IsolatedPython\.run\(/)
        #expect(isIsolated || isArgument || isThrough, "\(path):\(index + 1): \(line)")
      }
      // Found by name, a program might be one of the current folder.
      #expect(!text.contains("Subprocess.run(") || !text.contains(/\.name\("/), "\(path)")
    }
    #expect(count >= 6)
  }
}
