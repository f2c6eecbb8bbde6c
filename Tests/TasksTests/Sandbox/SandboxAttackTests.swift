import Foundation
import Tasks
import TestSupport
import Testing

/// Attacks on the sandbox, with everything that this machine offers and with less.
///
/// Skipped where there is no python3. With WARMUP_ATTACKS_TABLE, writes the table of results into
/// the file of that name.
@Suite(.enabled(if: PythonForTests.isThere, "needs python3"), .serialized, .ownThread)
struct SandboxAttackTests {
  /// A machine that lacks something.
  struct Machine: Sendable, CustomStringConvertible {
    let description: String
    let lacks: Set<SandboxProtection>
  }

  static let machines = [
    Machine(description: "everything", lacks: []),
    Machine(description: "no namespaces", lacks: [.namespaces]),
    Machine(description: "no namespaces, no Landlock", lacks: [.namespaces, .files]),
  ]

  /// What a machine without namespaces and Landlock cannot prevent, as docs/sandbox.md says.
  static let readsFiles: Set<String> = [
    "reads a file of the same user by its full name", "reads it by climbing out of its folder",
    "reads it through the C library", "reads command lines of other processes",
    "searches its memory for what the tests expect", "becomes another user",
  ]

  @Test func thereAreEnoughAndAllDiffer() {
    #expect(SandboxAttack.all.count >= 160)
    #expect(Set(SandboxAttack.all.map(\.title)).count == SandboxAttack.all.count)
    for area in SandboxAttack.areas {
      #expect(SandboxAttack.all.contains { $0.area == area }, "\(area)")
    }
  }

  @Test(arguments: machines)
  func allAreContained(_ machine: Machine) throws {
    let results = try Self.results(on: machine)
    for (attack, damage) in results {
      let isKnown = machine.lacks.contains(.files) && Self.readsFiles.contains(attack.title)
      #expect(damage.isEmpty || isKnown, "\(attack) on a machine with \(machine): \(damage)")
    }
    try AttackTable.record(results.map { ($0.0, $0.1.isEmpty) }, machine.description)
  }

  /// The filter does not lean on Landlock, whose older versions know no signals and sockets.
  @Test func callsAreRefusedWithoutLandlock() throws {
    let machine = Machine(description: "no Landlock", lacks: [.files])
    for (attack, damage) in try Self.results(on: machine, areas: ["calls"]) {
      #expect(damage.isEmpty, "\(attack) on a machine with \(machine): \(damage)")
    }
  }

  /// Programs that are judged at the same time are alike, and of the same user: neither may reach
  /// the other's memory, nor that of the harness and the launcher, nor end it.
  ///
  /// Not looked at are other processes of the user, which without namespaces and Landlock can be
  /// read where the kernel lets processes of a user trace each other; a Python that is starting,
  /// which has read no job; and programs in namespaces, which stand beside such a program only in
  /// these tests: who made a namespace for users has all rights there.
  @Test(arguments: machines)
  func neighboursAreOutOfReach(_ machine: Machine) throws {
    let sandbox = try Sandbox.locate().without(machine.lacks)
    let sleeper = "import time\ndef attack(): time.sleep(4); return 0, 9"
    // The launcher and the tester at least are seen where nothing hides them.
    let seen = machine.lacks.contains(.files) ? 2 : 0
    let tests =
      "def check(candidate):\n    out = candidate()\n    assert out[0] == 0 and out[1] >= \(seen), out\n"
    let verdicts = try sandbox.judge(
      [sleeper, Self.attackOnNeighbours].map {
        JudgedProgram(program: $0, tests: tests, entryPoint: "attack")
      }, limits: SandboxLimits(seconds: 5, wallSeconds: 100), threads: 2)
    #expect(verdicts == [.passed, .passed], "\(machine): \(verdicts)")
  }

  private static let attackOnNeighbours = """
    import fcntl, os, time
    def attack():
        time.sleep(0.3)
        try: processes = [name for name in os.listdir("/proc") if name.isdigit()]
        except OSError: return 0, 0
        found = reached = 0
        for process in processes:
            try:
                if process == str(os.getpid()) or not is_judging(process): continue
                found += 1
                reached += reads(process) or signals(process)
            except FileNotFoundError: pass
        return reached, found
    def is_judging(process):
        one, two = (open(f"/proc/{name}/uid_map").read() for name in (process, "self"))
        text = open(f"/proc/{process}/cmdline").read()
        if one != two or "Judges programs" not in text: return False
        is_launcher = text.split("\\0")[0].endswith("sandbox")
        parent = open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()[1]
        has_children = open(f"/proc/{process}/task/{process}/children").read() != ""
        return is_launcher or has_children or not open(f"/proc/{parent}/cmdline").read().split("\\0")[0].endswith("sandbox")
    def reads(process):
        for name in ("mem", "environ", "maps"):
            try: os.close(os.open(f"/proc/{process}/{name}", os.O_RDONLY))
            except PermissionError: continue
            return True
        return False
    def signals(process):
        reading, writing = os.pipe()
        try:
            fcntl.fcntl(reading, fcntl.F_SETOWN, int(process))
            fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
            os.write(writing, b"x")
        except OSError: return False
        finally: os.close(reading), os.close(writing)
        return True
    """

  /// Runs every attack, and after each a right and a wrong program in the same processes.
  private static func results(
    on machine: Machine, areas: [String] = SandboxAttack.areas
  ) throws -> [(SandboxAttack, [String])] {
    let sandbox = try Sandbox.locate().without(machine.lacks)
    let surroundings = try AttackSurroundings(python: sandbox.python.executable)
    try #require(surroundings.isReady)
    return try SandboxAttack.all.filter { areas.contains($0.area) }.map { attack in
      try surroundings.restore()
      // Those by system calls come to their end; others wait until they are ended.
      let seconds = attack.area == "calls" ? 10.0 : 1
      let verdicts = try attack.programs.map {
        try judge(
          surroundings.aimed($0), "attack", answer: "'\(surroundings.token)'", sandbox,
          seconds: seconds)
      }
      var damage = verdicts.contains(.passed) ? ["it passed"] : []
      if attack.area == "calls" { damage += Self.mistakes(attack, verdicts) }
      let right = try judge("def attack(): return 5", "attack", answer: "5", sandbox, seconds: 30)
      let wrong = try judge("def attack(): return 6", "attack", answer: "5", sandbox, seconds: 30)
      if right != .passed { damage.append("a right program then got \(right)") }
      guard case .failed = wrong else { return (attack, damage + ["a wrong one then passed"]) }
      return (attack, damage + (try surroundings.damage()))
    }
  }

  /// An attack by system calls must come to its end, or be ended by the kernel where it says so.
  private static func mistakes(_ attack: SandboxAttack, _ verdicts: [SandboxVerdict]) -> [String] {
    let ending =
      attack.title.contains("32 bits") ? "the program ended before" : "AssertionError: None"
    return verdicts.contains {
      if case .failed(let reason) = $0 { !reason.hasPrefix(ending) } else { true }
    } ? ["it did not come to its end: \(verdicts)"] : []
  }

  private static func judge(
    _ program: String, _ name: String, answer: String, _ sandbox: Sandbox, seconds: Double
  ) throws -> SandboxVerdict {
    let tests = "def check(candidate):\n    out = candidate()\n    assert out == \(answer), out\n"
    return try sandbox.judge(
      [JudgedProgram(program: program, tests: tests, entryPoint: name)],
      limits: SandboxLimits(seconds: seconds, wallSeconds: 3 * seconds), threads: 1)[0]
  }

  /// An attack that hits nothing anywhere would prove nothing: these do, outside the sandbox.
  @Test(arguments: [
    "reads a file of the same user by its full name", "reads it through a symbolic link",
    "reads it by climbing out of its folder", "reads it through the C library",
    "writes a file beside", "makes a folder beside", "writes into a shared temporary folder",
    "overwrites, truncates, renames and removes a file beside",
    "changes the rights and times of a file beside", "starts a program",
    "reads command lines of other processes", "reads the environment of its parents",
    "kills a process of the same user", "kills through the C library and a process descriptor",
    "connects to a port of this machine", "connects without the socket module",
    "connects through the C library", "sends a datagram", "opens a port of its own",
    "connects to a socket in the file system", "connects to an abstract socket",
    "sends to an abstract socket from a pair", "leaves a daemon behind",
    "has a signal sent to others as the owner of a pipe", "kills with tkill and tgkill",
    "kills with kill", "asks by signal 0 who is there", "has a timer signal another process",
    "removes shared memory of others",

    "moves others to another processor", "changes the limits of others, and reads them",
    "changes the priority of others", "opens pairs of sockets, and sockets to the machine's host",
    "floods the user's watches and descriptors of events",
    "holds locks on files that others need", "joins pipes and pages",
    "changes what a process is",
    "has a signal sent by a lease, by a watched folder and by a resized pipe",
  ])
  func attacksHitOutsideTheSandbox(_ title: String) throws {
    let attack = try #require(SandboxAttack.all.first { $0.title == title })
    let python = try Sandbox.locate().python.executable
    let surroundings = try AttackSurroundings(python: python)
    try surroundings.restore()
    let said = try Self.runUnconfined(surroundings.aimed(attack.programs[0]), python)
    let damage = said == surroundings.token ? ["it passed"] : try surroundings.damage()
    #expect(!damage.isEmpty)
  }

  private static func runUnconfined(_ program: String, _ python: String) throws -> String {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "warmup-unconfined-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: python)
    process.arguments = ["-c", program + "\nimport sys, time\nsys.stdout.write(str(attack()))\n"]
    process.currentDirectoryURL = folder
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    Thread.sleep(forTimeInterval: 0.1)
    return String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
  }
}
