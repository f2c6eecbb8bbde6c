import Base
import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// One that every user may run.
private let systemPython = "/usr/bin/python3"

extension EndToEnd {
  /// `warmup grade` of programs that attack processes of the same user, on machines that offer
  /// less, as oneself and, where the tests run as root, as an ordinary user.
  @Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: systemPython)))
  struct GradeSandboxTests {
    private static let setpriv = "/usr/bin/setpriv"
    private static let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"]

    static let users: [[String]] = {
      let mayChoose =
        geteuid() == 0 && FileManager.default.isExecutableFile(atPath: setpriv)
      return [[]] + (mayChoose ? [[setpriv] + nobody] : [])
    }()

    /// What a launcher may say that the machine offers.
    static let offers = [
      (namespaces: true, landlock: 7), (namespaces: true, landlock: 0),
      (namespaces: false, landlock: 7), (namespaces: false, landlock: 0),
    ]

    /// The kernel signals the owner of a pipe when something is written to it.
    private static let attack = """
      import fcntl, os, time
      def attack():
          reading, writing = os.pipe()
          for change in ((fcntl.F_SETOWN, VICTIM), (10, 9), (fcntl.F_SETFL, os.O_ASYNC)):
              try: fcntl.fcntl(reading, *change)
              except OSError: pass
          os.write(writing, b"x")
          time.sleep(0.3)
      """
    private static let right = "import time\ndef attack():\n    time.sleep(0.5)\n    return 5"

    @Test(arguments: users, offers)
    func neighboursLive(user: [String], offers: (namespaces: Bool, landlock: Int)) async throws {
      let victim = Process()
      victim.executableURL = URL(filePath: user.first ?? "/usr/bin/env")
      victim.arguments = user.dropFirst() + ["sleep", "60"]
      try victim.run()
      defer { victim.terminate() }
      let attack = Self.attack.replacingOccurrences(
        of: "VICTIM", with: "\(victim.processIdentifier)")
      let said = try await grade([Self.right, attack, Self.right], user, offers)
      #expect(said == ["correct", "wrong", "correct"])
      #expect(victim.isRunning)
    }

    /// Four runs over the same file, of programs that write wherever they can.
    @Test(.timeLimit(.minutes(2)), arguments: [offers[0], offers[3]])
    func fourAtOnceSayWhatOneSays(offers: (namespaces: Bool, landlock: Int)) async throws {
      let name = "left-\(UUID().uuidString)"
      let writing = """
        import os
        def attack():
            for folder in (".", "/", "/tmp", os.path.expanduser("~"), "/dev/shm"):
                try: open(os.path.join(folder, "\(name)"), "w").write("x")
                except OSError: pass
            return 5
        """
      let programs = [writing, Self.right, "def attack():\n    return 6", writing]
      let one = try await grade(programs, [], offers)
      #expect(one == ["correct", "correct", "wrong", "correct"])
      let scratch = try ScratchFolder()
      let four = try await withThrowingTaskGroup(of: [String].self) { group in
        for _ in 0..<4 {
          group.addTask { try await grade(programs, [], offers, temporary: scratch.url.path) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(four == [one, one, one, one])
      for folder in ["/", "/tmp", NSHomeDirectory(), "/dev/shm", "."] {
        let left = URL(filePath: folder).appending(path: name)
        #expect(!FileManager.default.fileExists(atPath: left.path), "\(left.path)")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).isEmpty)
    }

    private func grade(
      _ programs: [String], _ user: [String], _ offers: (namespaces: Bool, landlock: Int),
      temporary: String = "/tmp"
    ) async throws -> [String] {
      let folder = try ScratchFolder()
      let launcher = try launcher(in: folder, offers)
      let lines = programs.map { program in
        let line: JSONValue = [
          "id": "x", "test": "def check(candidate):\n    assert candidate() == 5\n",
          "entry_point": "attack", "prompt": "def attack():\n",
          "completion": .string("```python\n\(program)\n```"),
        ]
        return line.text + "\n"
      }
      let grade = [try Program.binary().path, "grade", "--task", "humaneval_plus"]
      let command = user + grade + ["--threads", "2", "-"]
      let result = try await Subprocess.run(
        .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
        environment: .inherit.updating([
          "WARMUP_SANDBOX": launcher.path, "WARMUP_PYTHON": systemPython, "HOME": "/tmp",
          "TMPDIR": temporary,
        ]), input: .array(Array(lines.joined().utf8)), output: .string(limit: 1 << 20),
        error: .string(limit: 1 << 20))
      let answers = result.standardOutput.split(separator: "\n")
      try #require(answers.count == programs.count, "\(result.standardError)")
      return try answers.compactMap {
        try JSONValue(parsing: Data($0.utf8))["verdict"]?.string
      }
    }

    /// A launcher that says that the machine offers less.
    private func launcher(
      in folder: ScratchFolder, _ offers: (namespaces: Bool, landlock: Int)
    ) throws -> URL {
      let real = try Program.binary().deletingLastPathComponent().appending(path: "sandbox")
      let offered: JSONValue = [
        "namespaces": .boolean(offers.namespaces), "calls": true,
        "landlock": .integer(offers.landlock),
      ]
      let file = try folder.write(
        """
        #!/bin/sh
        if [ "$1" = --probe ]; then echo '\(offered.text)'; exit; fi
        exec "\(real.path)" "$@"
        """, "sandbox")
      for path in [folder.url.path, file.path] {
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      }
      return file
    }
  }
}
