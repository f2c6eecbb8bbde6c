import Base
import Foundation
import Tasks
import TestSupport
import Testing

/// Python, as far as the tests of the sandbox need to know beforehand.
enum PythonForTests {
  static let isThere: Bool = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/python3") }
  }()
  static let hasNumpy = isThere && (try? PythonInstallation.locate())?.numpyVersion != nil
}

/// Skipped where there is no python3.
@Suite(.enabled(if: PythonForTests.isThere, "needs python3"), .serialized, .ownThread)
struct SandboxTests {
  private static let tests = """
    def check(candidate):
        assert candidate(2, 3) == 5
        assert candidate(-1, 1) == 0
    """
  private static let right = "def add(a, b):\n    return a + b\n"

  @Test func judgesRightAndWrongPrograms() throws {
    let verdicts = try judge([
      Self.right, "def add(a, b):\n    return a - b", "def add(a, b):\n    return None",
      "def other(): pass", "def add(a b)", "import os\nprint('x' * 10)\n" + Self.right,
      "raise ValueError('no')", "", "from typing import List\nadd = lambda a, b: sum([a, b])",
    ])
    let passed = verdicts.map { $0 == .passed }
    #expect(passed == [true, false, false, false, false, true, false, false, true], "\(verdicts)")
  }

  /// Cheats are among the attacks in Tests/Fixtures/attacks; these are only wrong.
  @Test(arguments: [
    "def add(a, b): raise AssertionError()", "def add(a, b): return add(a, b)",
    "def add(a, b): return [0] * (1 << 40)", "def add(a): return 5", "add = 5",
  ])
  func wrongProgramsDoNotPass(_ program: String) throws {
    let verdict = try judge([program])[0]
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
    ("open('/tmp/warmup-sandbox-escape', 'w')", "OSError"),
    ("open('../escape', 'w')", "OSError"),
    ("open('/etc/passwd').read()", "OSError"),
    ("import os\nos.listdir('/proc')", "OSError"),
    ("import os\nopen(f'/proc/{os.getppid()}/mem', 'rb')", "OSError"),
    ("open('big', 'wb').write(bytes(64 << 20))", "OSError"),
    ("bytes(1 << 33)", "MemoryError"),
    ("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (999, 999))", "ValueError"),
    ("import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()", "nothing"),
    ("import hashlib, random, uuid\nuuid.uuid4()", "nothing"),
  ])
  func protections(_ action: String, _ refusal: String) throws {
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
    let job = JudgedProgram(program: program, tests: tests, entryPoint: "attempt")
    let verdict = try Sandbox.locate().judge([job], limits: SandboxLimits(seconds: 20), threads: 1)[
      0]
    #expect(verdict == .passed)
  }

  @Test func timeOutKillsEverything() throws {
    let programs = [
      "while True: pass",
      "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
      Self.right,
    ]
    let start = ContinuousClock.now
    let verdicts = try judge(programs, seconds: 1, wallSeconds: 20, threads: 3)
    #expect(verdicts == [.timedOut, .timedOut, .passed])
    #expect(ContinuousClock.now - start < .seconds(60))
  }

  @Test func sleepersRunOutOfWallTime() throws {
    let start = ContinuousClock.now
    let sleeper = "import time\ndef add(a, b): time.sleep(600)"
    #expect(try judge([sleeper], wallSeconds: 1) == [.timedOut])
    #expect(ContinuousClock.now - start < .seconds(300))
  }

  @Test func floodsAndForkBombsEnd() throws {
    let verdicts = try judge(
      [
        "while True: print('x' * 65536)",
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        "def add(a, b): return 'x' * (1 << 28)",
      ], seconds: 1, wallSeconds: 6, threads: 3)
    #expect(!verdicts.contains(.passed))
  }

  @Test func plainValuesCrossUnchanged() throws {
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
    let job = JudgedProgram(program: program, tests: tests, entryPoint: "give")
    let verdict = try Sandbox.locate().judge([job], threads: 1)[0]
    #expect(verdict == .passed)
  }

  /// Whether a result counts as what is expected, within a tolerance: where kinds are compared,
  /// and where numpy decides alone.
  @Test(
    .enabled(if: PythonForTests.hasNumpy, "needs numpy"),
    arguments: [
      ("1.5", "1.5", true, true), ("1.5 + 1e-9", "1.5", true, true), ("1.6", "1.5", false, false),
      ("2", "2.0", true, true), ("True", "1.0", true, true), ("2 + 0j", "2.0", true, true),
      ("[]", "1.5", false, true), ("()", "1.5", false, true), ("[[]]", "1.5", false, true),
      ("[1.5]", "1.5", false, true), ("'1.5'", "1.5", false, false), ("None", "1.5", false, false),
      ("{}", "1.5", false, false), ("float('nan')", "1.5", false, false),
      ("numpy.array([])", "1.5", false, true), ("numpy.array([1.5])", "1.5", false, true),
      ("numpy.float64(1.5)", "1.5", true, true), ("Equal()", "1.5", false, false),
      ("EqualArray((0,))", "1.5", false, true), ("EqualFloat(3)", "1.5", false, false),
      ("[1.5]", "[1.5, 1.5]", false, true), ("1.5", "[1.5, 1.5]", false, true),
      ("(1.5, 2.5)", "[1.5, 2.5]", false, true), ("[1.5, 2]", "[1.5, 2.0]", true, true),
      ("[[1.5], [2.5]]", "[[1.5], [2.5]]", true, true), ("[]", "[]", true, true),
      ("7", "[]", false, true), ("[[1.5, 2.5]]", "[[1.5, 2.5], [1.5, 2.5]]", false, true),
      ("numpy.array([1.5])", "numpy.array([1.5])", true, true),
      ("numpy.array([[1.5]])", "numpy.array([1.5])", false, true),
    ])
  func kindsAreComparedBeforeValues(
    _ result: String, _ expected: String, _ strict: Bool, _ loose: Bool
  ) throws {
    let program = """
      import numpy
      class Equal:
          def __eq__(self, other): return True
      class EqualFloat(float):
          def __eq__(self, other): return True
      class EqualArray(numpy.ndarray):
          def __eq__(self, other): return True
      def give(): return \(result)
      """
    let tests = """
      import numpy
      def check(candidate):
          assert numpy.allclose(candidate(), \(expected), rtol=1e-7, atol=1e-6)
      """
    var job = JudgedProgram(program: program, tests: tests, entryPoint: "give")
    let looseVerdict = try Sandbox.locate().judge([job], threads: 1)[0]
    job.comparesKinds = true
    let strictVerdict = try Sandbox.locate().judge([job], threads: 1)[0]
    #expect((strictVerdict == .passed) == strict, "\(strictVerdict)")
    #expect((looseVerdict == .passed) == loose, "\(looseVerdict)")
  }

  /// The released tests hold what they expect in `exp`; it may be that they never look at it.
  @Test(arguments: [
    ("[[]]", "1.5", false), ("[]", "1", false), ("1", "1.5", true), ("[1]", "[]", true),
    ("()", "[]", true),
  ])
  func expectedNumbersAskForNumbers(_ result: String, _ expected: String, _ passes: Bool) throws {
    let tests = "def check(candidate):\n    for exp in [\(expected)]: candidate()"
    var job = JudgedProgram(
      program: "def give(): return \(result)", tests: tests, entryPoint: "give")
    job.comparesKinds = true
    let verdict = try Sandbox.locate().judge([job], threads: 1)[0]
    #expect((verdict == .passed) == passes, "\(verdict)")
  }

  @Test func theOwnFolderCanBeWrittenWhereItIsPrivate() throws {
    let program = """
      import tempfile
      open("own", "w").write("x")
      with tempfile.NamedTemporaryFile("w+") as file: file.write("y")
      def add(a, b): return a + b if open("own").read() == "x" else None
      """
    let verdict = try judge([program])[0]
    let isPrivate = try Sandbox.locate().protections.inForce.contains(.namespaces)
    #expect((verdict == .passed) == isPrivate, "\(verdict)")
  }

  @Test func numbersOfLibrariesCrossWithTheirMeaning() throws {
    let program = """
      import decimal, fractions, numpy
      def give(kind):
          return {"fraction": fractions.Fraction(1, 2), "decimal": decimal.Decimal("0.50"),
                  "scalar": numpy.float64(0.5), "array": numpy.array([1, 2])}[kind]
      """
    let tests = """
      def check(candidate):
          assert candidate("fraction") == candidate("decimal") == candidate("scalar") == 0.5
          array = candidate("array")
          assert list(array) == [1, 2]
          try: bool(array == [1, 2])
          except ValueError: return
          assert False
      """
    let sandbox = try Sandbox.locate()
    guard sandbox.python.numpyVersion != nil else { return }
    let job = JudgedProgram(program: program, tests: tests, entryPoint: "give")
    let verdict = try sandbox.judge([job], threads: 1)[0]
    #expect(verdict == .passed)
  }

  /// As the paper runs it: one program, which passes when it comes to its end.
  @Test func wholePrograms() throws {
    let texts = [Self.right, "def add(a, b): return 0", "import sys\nsys.exit(0)"].map {
      "\($0)\n\(Self.tests)\ncheck(add)"
    }
    let verdicts = try Sandbox.locate().judge(texts.map(JudgedProgram.init(whole:)), threads: 1)
    #expect(verdicts.map { $0 == .passed } == [true, false, false])
  }

  @Test func refusesWhereTooLittleProtects() throws {
    let job = JudgedProgram(program: Self.right, tests: Self.tests, entryPoint: "add")
    let weak = try Sandbox.locate().without([.calls, .namespaces])
    #expect(!weak.protections.isEnough)
    #expect(throws: SandboxError.self) { try weak.judge([job], threads: 1) }
    #expect(try weak.judge([job], threads: 1, strength: .weak) == [.passed])
  }

  /// Every process that a program starts ends with it even where only its parents tell.
  @Test(arguments: [[SandboxProtection.calls], [.calls, .namespaces]])
  func nothingOutlivesAProgramWithoutSeccomp(_ lacks: [SandboxProtection]) throws {
    let name = "left\(UInt32.random(in: 0..<1 << 30))"
    let program = """
      import ctypes, os, time
      if os.fork() == 0:
          os.setsid()
          if os.fork() == 0:
              ctypes.CDLL(None).prctl(15, b"\(name)")
              time.sleep(600)
          os._exit(0)
      time.sleep(0.2)
      """ + "\n" + Self.right
    let job = JudgedProgram(program: program, tests: Self.tests, entryPoint: "add")
    let verdicts = try Sandbox.locate().without(Set(lacks)).judge(
      [job], limits: SandboxLimits(seconds: 300), threads: 1, strength: .weak)
    #expect(verdicts == [.passed])
    let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc")
    #expect(
      !processes.contains {
        (try? String(contentsOfFile: "/proc/\($0)/comm", encoding: .utf8))?.hasPrefix(name) == true
      })
  }

  /// Python and numpy are started once, not for each program. The factor is measured by
  /// `WARMUP_MEASURE=1 swift test -c release --filter warmProcessesAndNewOnesAgree`, which judges more.
  /// Prints how much faster warm processes are where WARMUP_MEASURE asks for it.
  @Test func warmProcessesAndNewOnesAgree() throws {
    let measures = ProcessInfo.processInfo.environment["WARMUP_MEASURE"] != nil
    let count = measures ? 200 : 8
    let tests = "import numpy as np\n" + Self.tests
    let job = JudgedProgram(program: Self.right, tests: tests, entryPoint: "add")
    var each = try Sandbox.locate()
    each.startsPythonForEach = true
    let speeds = try [Sandbox.locate(), each].map { sandbox in
      _ = try sandbox.judge([job, job], threads: 2)
      let start = ContinuousClock.now
      let verdicts = try sandbox.judge(Array(repeating: job, count: count), threads: 2)
      #expect(verdicts.allSatisfy { $0 == .passed })
      let time = (ContinuousClock.now - start) / .seconds(1)
      return Double(count) / time
    }
    if measures { print("programs a second: warm \(speeds[0]), Python for each \(speeds[1])") }
  }

  @Test func saysWhatIsInForce() throws {
    let sandbox = try Sandbox.locate()
    #expect(sandbox.protections.isEnough)
    #expect(sandbox.python.version.hasPrefix("3."))
    #expect(sandbox.json["protections"]?["landlock"]?.integer == sandbox.protections.landlock)
  }

  private func judge(
    _ programs: [String], seconds: Double = 20, wallSeconds: Double? = nil, threads: Int = 2
  ) throws -> [SandboxVerdict] {
    let jobs = programs.map {
      JudgedProgram(program: $0, tests: Self.tests, entryPoint: "add")
    }
    return try Sandbox.locate().judge(
      jobs, limits: SandboxLimits(seconds: seconds, wallSeconds: wallSeconds), threads: threads)
  }
}
