import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Who holds a lock, as its file says.
struct LockHolder {
  let host: String
  let bootIdentifier: String
  let process: Int32
  let started: Date

  static func current() -> LockHolder {
    let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    return LockHolder(
      host: ProcessInfo.processInfo.hostName,
      bootIdentifier: boot?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "",
      process: getpid(), started: Date())
  }

  func write(to descriptor: Int32, of file: URL) throws {
    let content: JSONValue = [
      "host": .string(host), "boot_id": .string(bootIdentifier), "pid": .integer(Int(process)),
      "started": .string(started.formatted(.iso8601)),
    ]
    let bytes = Array((content.text + "\n").utf8)
    guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count
    else { throw CacheError.unwritable(file.path, systemMessage()) }
  }

  /// Who holds a lock and since when, for people.
  static func sentence(for file: URL) -> String {
    guard let data = try? Data(contentsOf: file), let content = try? JSONValue(parsing: data),
      let host = content["host"]?.string, let process = content["pid"]?.integer,
      let started = content["started"]?.string
    else { return "another process is working on it" }
    return "process \(process) on \(host) has been working on it since \(started)"
  }
}
