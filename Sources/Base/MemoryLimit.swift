import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// A bound on the memory of this process: of its address space or data, of its control group, or of
/// the machine.
package struct MemoryLimit: Sendable, Equatable {
  /// What sets it, such as `'ulimit -v'`.
  package let name: String
  /// Bytes in all.
  package let total: Int
  /// Bytes that are left.
  package let free: Int

  package init(name: String, total: Int, free: Int) {
    self.name = name
    self.total = total
    self.free = max(0, free)
  }

  /// The bound that leaves least; nil where none is known.
  package static func tightest() -> MemoryLimit? { all().min { $0.free < $1.free } }

  /// All bounds that are known.
  /// - Parameter root: where `proc` and `sys` lie.
  package static func all(root: URL = URL(filePath: "/")) -> [MemoryLimit] {
    let used = fields(of: root.appending(path: "proc/self/status"))
    return resources(used) + controlGroups(root) + [machine(root)].compactMap(\.self)
  }

  private static func resources(_ used: [String: Int]) -> [MemoryLimit] {
    [
      (__rlimit_resource_t(RLIMIT_AS.rawValue), "VmSize", "'ulimit -v'"),
      (__rlimit_resource_t(RLIMIT_DATA.rawValue), "VmData", "'ulimit -d'"),
    ].compactMap { resource, field, name in
      var limit = rlimit()
      guard getrlimit(resource, &limit) == 0, limit.rlim_cur < UInt(Int.max) else { return nil }
      return MemoryLimit(
        name: name, total: Int(limit.rlim_cur), free: Int(limit.rlim_cur) - (used[field] ?? 0))
    }
  }

  /// The groups of version 2 or 1 that the process is in, and those that they lie in.
  private static func controlGroups(_ root: URL) -> [MemoryLimit] {
    let own = text(root.appending(path: "proc/self/cgroup")) ?? ""
    let lines = own.split(separator: "\n").map { $0.split(separator: ":", maxSplits: 2) }
    let places = lines.flatMap { parts -> [(folder: String, group: Substring, isOld: Bool)] in
      guard let group = parts.last else { return [] }
      if parts.count == 2 || parts[1].isEmpty { return [("sys/fs/cgroup", group, false)] }
      let isMemory = parts[1].split(separator: ",").contains("memory")
      return isMemory ? [("sys/fs/cgroup/memory", group, true)] : []
    }
    return places.flatMap { folder, group, isOld in
      let names = group.split(separator: "/")
      return (0...names.count).compactMap { depth in
        let place = ([folder] + names.prefix(depth).map(String.init)).joined(separator: "/")
        return controlGroup(root.appending(path: place), isOld: isOld)
      }
    }
  }

  private static func controlGroup(_ folder: URL, isOld: Bool) -> MemoryLimit? {
    func number(_ name: String) -> Int? {
      text(folder.appending(path: name)).flatMap {
        Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
      }
    }
    // Version 1 says "no limit" by a number near the largest.
    guard let total = number(isOld ? "memory.limit_in_bytes" : "memory.max"), total < Int.max >> 4,
      let used = number(isOld ? "memory.usage_in_bytes" : "memory.current")
    else { return nil }
    let statistics = fields(of: folder.appending(path: "memory.stat"), unit: 1)
    // Files that were read stay in memory only as long as nobody needs it.
    let cached = statistics[isOld ? "total_inactive_file" : "inactive_file"] ?? 0
    return MemoryLimit(name: "the control group", total: total, free: total - used + cached)
  }

  private static func machine(_ root: URL) -> MemoryLimit? {
    let memory = fields(of: root.appending(path: "proc/meminfo"))
    guard let total = memory["MemTotal"], let free = memory["MemAvailable"] else { return nil }
    return MemoryLimit(
      name: "the machine", total: total + (memory["SwapTotal"] ?? 0),
      free: free + (memory["SwapFree"] ?? 0))
  }

  /// The numbers of a file of names and numbers, in bytes.
  private static func fields(of file: URL, unit: Int = 1024) -> [String: Int] {
    let pairs = (text(file) ?? "").split(separator: "\n").compactMap { line -> (String, Int)? in
      let words = line.split { $0 == " " || $0 == "\t" || $0 == ":" }
      guard words.count >= 2, let value = Int(words[1]) else { return nil }
      return (String(words[0]), value.multipliedReportingOverflow(by: unit).partialValue)
    }
    return Dictionary(pairs) { first, _ in first }
  }

  /// Files of the system have no size, so they are read to their end.
  private static func text(_ file: URL) -> String? {
    guard let handle = try? FileHandle(forReadingFrom: file) else { return nil }
    return (try? handle.readToEnd()).flatMap { String(data: $0, encoding: .utf8) }
  }
}

/// Something needs more memory than it can have.
package struct MemoryNeedError: Error, CustomStringConvertible {
  /// Such as `tuned[seed=1]`.
  let subject: String
  /// Bytes.
  let need: Int
  /// What takes it, such as `weights, gradients and moments`.
  let purpose: String
  /// What to do beside raising the limit, such as `take a smaller model`.
  let advice: String
  let limit: MemoryLimit

  package var description: String {
    "\(subject) needs \(MemoryLimit.text(need)) of memory (\(purpose)), but of the "
      + "\(MemoryLimit.text(limit.total)) that \(limit.name) allows "
      + "\(MemoryLimit.text(limit.free)) are free; raise that, or \(advice)"
  }
}

extension MemoryLimit {
  /// Bytes for people.
  package static func text(_ bytes: Int) -> String {
    bytes >= 1_000_000_000
      ? String(format: "%.1f GB", Double(bytes) / 1e9) : "\(bytes / 1_000_000) MB"
  }

  /// Makes sure that something can have the memory that it will certainly need.
  /// - Parameters:
  ///   - subject: what needs it, at the beginning of a sentence.
  ///   - purpose: what takes it.
  ///   - advice: what to do beside raising the limit.
  package static func check(
    _ need: Int, of subject: String, for purpose: String, advice: String,
    limit: MemoryLimit? = MemoryLimit.tightest()
  ) throws(MemoryNeedError) {
    guard let limit, need > limit.free else { return }
    throw MemoryNeedError(
      subject: subject, need: need, purpose: purpose, advice: advice, limit: limit)
  }
}
