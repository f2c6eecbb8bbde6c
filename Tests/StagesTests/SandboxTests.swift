import Foundation
import Runner
import Stages
import Testing

/// Python, as far as the tests of the sandbox need to know beforehand.
enum PythonForTests {
  static let isThere: Bool = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/python3") }
  }()

  /// Runs blocking work on a thread of its own: the sandbox must not hold up Swift's pool.
  static func onThread<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
  }
}

/// Skipped where there is no python3.
@Suite(.enabled(if: PythonForTests.isThere, "needs python3"), .serialized)
struct SandboxTests {
  private static let tests = """
    def check(candidate):
        assert candidate(2, 3) == 5
        assert candidate(-1, 1) == 0
    """
  private static let right = "def add(a, b):\n    return a + b\n"

  @Test func judgesRightAndWrongPrograms() async throws {
    let verdicts = try await judge([
      Self.right, "def add(a, b):\n    return a - b", "def add(a, b):\n    return None",
      "def other(): pass", "def add(a b)", "import os\nprint('x' * 10)\n" + Self.right,
      "raise ValueError('no')", "", "from typing import List\nadd = lambda a, b: sum([a, b])",
    ])
    let passed = verdicts.map { $0 == .passed }
    #expect(passed == [true, false, false, false, false, true, false, false, true], "\(verdicts)")
  }

  /// Each of these would pass a judge that trusts exit codes, output, or objects of the program.
  @Test(arguments: [
    "import sys\nsys.exit(0)",
    "import os\nos._exit(0)",
    "import os\ndef add(a, b): os._exit(0)",
    "import sys\ndef add(a, b): sys.exit(0)",
    "import atexit, os\natexit.register(lambda: os._exit(0))\ndef add(a, b): return 0",
    "class Same:\n    def __eq__(self, other): return True\ndef add(a, b): return Same()",
    "class Same(int):\n    def __eq__(self, other): return True\ndef add(a, b): return Same(7)",
    """
    import builtins
    builtins.__import__ = None
    def add(a, b): return 0
    def check(candidate): pass
    """,
    """
    import sys
    def add(a, b):
        for name in list(sys.modules): setattr(sys.modules[name], "check", lambda f: None)
        frame = sys._getframe()
        while frame:
            for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
                if isinstance(value, str) and value.startswith("passed"): os.write(1, value.encode())
            frame = frame.f_back
    """,
    "import gc, os\nfor x in gc.get_objects():\n    if isinstance(x, dict) and 'secret' in x: os.write(1, x['secret'].encode())",
    "import os\nos.write(1, b'passed')\nprint('passed')\nos.write(2, b'passed')",
    "import os, marshal\ndata = marshal.dumps(('value', None))\nos.write(4, len(data).to_bytes(8, 'little') + data)\nos._exit(0)",
    "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'pass'])",
    "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "def add(a, b): raise AssertionError()",
    "def add(a, b): return add(a, b)",
    "def add(a, b): return [0] * (1 << 40)",
  ])
  func cheatsDoNotPass(_ program: String) async throws {
    let verdict = try await judge([program])[0]
    guard case .failed = verdict else {
      Issue.record("\(verdict)")
      return
    }
  }

  /// The program tries something and the tests see whether it was refused.
  @Test(arguments: [
    ("import socket\nsocket.socket()", "PermissionError"),
    ("import os\nos.fork()", "BlockingIOError"),
    ("import subprocess\nsubprocess.run(['/bin/true'])", "BlockingIOError"),
    ("import os\nos.setsid()", "PermissionError"),
    ("import os\nos.kill(os.getppid(), 9)", "PermissionError"),
    ("open('/tmp/warmup-sandbox-escape', 'w')", "PermissionError"),
    ("open('../escape', 'w')", "PermissionError"),
    ("open('/etc/passwd').read()", "PermissionError"),
    ("import os\nos.listdir('/proc')", "PermissionError"),
    ("import os\nopen(f'/proc/{os.getppid()}/mem', 'rb')", "PermissionError"),
    ("open('big', 'wb').write(bytes(64 << 20))", "OSError"),
    ("bytes(1 << 33)", "MemoryError"),
    ("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (999, 999))", "ValueError"),
    ("open('own', 'w').write('x')", "nothing"),
    ("import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()", "nothing"),
    ("import hashlib, random, uuid, tempfile\ntempfile.mkstemp()\nuuid.uuid4()", "nothing"),
  ])
  func protections(_ action: String, _ refusal: String) async throws {
    let lines = action.split(separator: "\n").map { "        \($0)\n" }.joined()
    let program = """
      def attempt():
          try:
      \(lines)    except BaseException as error:
              return [kind.__name__ for kind in type(error).__mro__]
          return ["nothing"]
      """
    let tests =
      "def check(candidate):\n    seen = candidate()\n    assert '\(refusal)' in seen, seen"
    let verdict = try await PythonForTests.onThread {
      let job = JudgedProgram(program: program, tests: tests, entryPoint: "attempt")
      return try Sandbox.locate().judge([job], limits: SandboxLimits(seconds: 20), threads: 1)[0]
    }
    #expect(verdict == .passed)
  }

  @Test func timeOutKillsEverything() async throws {
    let programs = [
      "while True: pass",
      "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
      Self.right,
    ]
    let start = ContinuousClock.now
    let verdicts = try await judge(programs, seconds: 1, wallSeconds: 6, threads: 3)
    #expect(verdicts == [.timedOut, .timedOut, .passed])
    #expect(ContinuousClock.now - start < .seconds(15))
  }

  @Test func sleepersRunOutOfWallTime() async throws {
    let start = ContinuousClock.now
    let sleeper = "import time\ndef add(a, b): time.sleep(60)"
    #expect(try await judge([sleeper], wallSeconds: 1) == [.timedOut])
    #expect(ContinuousClock.now - start < .seconds(15))
  }

  @Test func floodsAndForkBombsEnd() async throws {
    let verdicts = try await judge(
      [
        "while True: print('x' * 65536)",
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        "def add(a, b): return 'x' * (1 << 28)",
      ], seconds: 1, wallSeconds: 6, threads: 3)
    #expect(!verdicts.contains(.passed))
  }

  @Test func plainValuesCrossUnchanged() async throws {
    let program = """
      import collections
      def give(kind, value=None):
          if kind == "echo": return value
          if kind == "counter": return collections.Counter("aab")
          if kind == "true": return isinstance(value, bool)
          raise KeyError("x")
      """
    let tests = """
      def check(candidate):
          values = [None, True, 0, -7, 1 << 200, 1.5, float("inf"), "é\\u0000", b"x", (1, [2]),
                    {"a": {1, 2}}, frozenset([3]), 2 + 3j, [], ()]
          for value in values:
              out = candidate("echo", value)
              assert out == value and type(out) is type(value), (value, out)
          assert candidate("counter") == {"a": 2, "b": 1}
          assert candidate("true", True)
          assert candidate(kind="echo", value=[1]) == [1]
          try: candidate("other")
          except KeyError: return
          assert False
      """
    let verdict = try await PythonForTests.onThread {
      let job = JudgedProgram(program: program, tests: tests, entryPoint: "give")
      return try Sandbox.locate().judge([job], threads: 1)[0]
    }
    #expect(verdict == .passed)
  }

  @Test func saysWhatIsInForce() async throws {
    let sandbox = try await PythonForTests.onThread { try Sandbox.locate() }
    #expect(sandbox.protections.calls)
    #expect(sandbox.python.version.hasPrefix("3."))
    #expect(sandbox.json["protections"]?["landlock"]?.integer == sandbox.protections.landlock)
  }

  private func judge(
    _ programs: [String], seconds: Double = 20, wallSeconds: Double? = nil, threads: Int = 2
  ) async throws -> [SandboxVerdict] {
    let jobs = programs.map {
      JudgedProgram(program: $0, tests: Self.tests, entryPoint: "add")
    }
    return try await PythonForTests.onThread {
      try Sandbox.locate().judge(
        jobs, limits: SandboxLimits(seconds: seconds, wallSeconds: wallSeconds), threads: threads)
    }
  }
}
