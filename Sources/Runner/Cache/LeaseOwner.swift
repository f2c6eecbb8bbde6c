import Base
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Who holds a lease: a process, as other machines can know it.
package struct LeaseOwner: Sendable, Equatable {
  package var host: String
  /// The kernel's own name for the time since it started.
  package var boot: String
  package var process: Int
  /// When the process started, in ticks since the boot: numbers of processes come again. Nil where the
  /// system does not say.
  package var processStart: Int?
  /// In which namespace that number counts: containers of one machine each have their own.
  package var namespace: String
  /// The job of Slurm that it is in.
  package var job: String?
  /// How often that job began before.
  package var restarts: Int
  /// The name in `WARMUP_OWNER`, under which only one process at a time is started.
  package var name: String?

  package init(
    host: String, boot: String, process: Int, processStart: Int? = nil, namespace: String = "",
    job: String? = nil, restarts: Int = 0, name: String? = nil
  ) {
    self.host = host
    self.boot = boot
    self.process = process
    self.processStart = processStart
    self.namespace = namespace
    self.job = job
    self.restarts = restarts
    self.name = name
  }

  /// This process.
  package static let current = LeaseOwner(ProcessInfo.processInfo.environment)

  /// This process, in an environment.
  init(_ environment: [String: String]) {
    let process = Int(getpid())
    self.init(
      host: ProcessInfo.processInfo.hostName,
      boot: ((try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? "")
        .trimmingCharacters(in: .whitespacesAndNewlines),
      process: process, processStart: Self.start(ofProcess: process),
      namespace: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid"))
        ?? "",
      job: environment["SLURM_JOB_ID"],
      restarts: environment["SLURM_RESTART_COUNT"].flatMap(Int.init) ?? 0,
      name: environment["WARMUP_OWNER"].flatMap { $0.isEmpty ? nil : $0 })
  }

  /// When a process of this machine started; nil where there is none, or where the system does not say.
  package static func start(ofProcess process: Int) -> Int? {
    let fields = statistics(ofProcess: process)
    return fields.count > 19 ? Int(fields[19]) : nil
  }

  /// Whether there is a process of that number on this machine that has not ended. One that has keeps its
  /// number until its parent takes note, which in a container without an init nobody does.
  package static func isAtWork(process: Int) -> Bool {
    if let state = statistics(ofProcess: process).first, ["Z", "X"].contains(state) {
      return false
    }
    return kill(pid_t(process), 0) == 0 || errno == EPERM
  }

  /// The fields of `/proc/PID/stat` from the third on, the state; the second is in brackets and may hold
  /// anything (proc(5)).
  private static func statistics(ofProcess process: Int) -> [Substring] {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let bracket = text.lastIndex(of: ")")
    else { return [] }
    return text[text.index(after: bracket)...].split(separator: " ")
  }

  init?(_ json: JSONValue) {
    guard let host = json["host"]?.string, let boot = json["boot_id"]?.string,
      let process = json["pid"]?.integer
    else { return nil }
    self.init(
      host: host, boot: boot, process: process, processStart: json["pid_started"]?.integer,
      namespace: json["pid_namespace"]?.string ?? "", job: json["slurm_job"]?.string,
      restarts: json["slurm_restarts"]?.integer ?? 0, name: json["owner"]?.string)
  }

  var json: [String: JSONValue] {
    [
      "host": .string(host), "boot_id": .string(boot), "pid": .integer(process),
      "pid_started": processStart.map { .integer($0) } ?? .null,
      "pid_namespace": .string(namespace), "slurm_job": job.map { .string($0) } ?? .null,
      "slurm_restarts": .integer(restarts), "owner": name.map { .string($0) } ?? .null,
    ]
  }

  /// For people.
  var words: String {
    "process \(process) on \(host)" + (job.map { " (job \($0) of Slurm)" } ?? "")
  }
}
