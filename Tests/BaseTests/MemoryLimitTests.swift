import Base
import Foundation
import TestSupport
import Testing

@Suite struct MemoryLimitTests {
  private let root: ScratchFolder

  init() throws {
    root = try ScratchFolder()
    try write(
      "proc/meminfo",
      "MemTotal: 8000 kB\nMemAvailable: 3000 kB\nSwapTotal: 100 kB\nSwapFree: 50 kB\n")
  }

  private func write(_ path: String, _ text: String) throws {
    let file = root.file(path)
    try Folder.make(file.deletingLastPathComponent())
    try Data(text.utf8).write(to: file)
  }

  @Test func readsWhatTheMachineHas() {
    #expect(
      MemoryLimit.all(root: root.url)
        == [MemoryLimit(name: "the machine", total: 8100 * 1024, free: 3050 * 1024)])
  }

  /// A limit of a group holds for those that lie in it.
  @Test func readsControlGroupsOfVersion2() throws {
    try write("proc/self/cgroup", "0::/jobs/one\n")
    try write("sys/fs/cgroup/jobs/memory.max", "9000\n")
    try write("sys/fs/cgroup/jobs/memory.current", "5000\n")
    try write("sys/fs/cgroup/jobs/memory.stat", "anon 100\ninactive_file 700\n")
    try write("sys/fs/cgroup/jobs/one/memory.max", "max\n")
    try write("sys/fs/cgroup/jobs/one/memory.current", "10\n")
    #expect(
      MemoryLimit.all(root: root.url).first
        == MemoryLimit(name: "the control group", total: 9000, free: 4700))
  }

  @Test func readsControlGroupsOfVersion1() throws {
    try write("proc/self/cgroup", "5:cpu,cpuacct:/a\n4:memory:/a/b\n")
    try write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
    try write("sys/fs/cgroup/memory/memory.usage_in_bytes", "10\n")
    try write("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "2000\n")
    try write("sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "2500\n")
    try write("sys/fs/cgroup/memory/a/b/memory.stat", "total_inactive_file 100\n")
    #expect(
      MemoryLimit.all(root: root.url).map(\.name) == ["the control group", "the machine"])
    #expect(MemoryLimit.all(root: root.url).first?.free == 0)
  }

  @Test func namesNeedLimitAndWayOut() {
    let limit = MemoryLimit(name: "'ulimit -v'", total: 2_000_000_000, free: 1_500_000_000)
    #expect(throws: Never.self) { try check(1_500_000_000, limit) }
    let error = #expect(throws: MemoryNeedError.self) { try check(1_500_000_001, limit) }
    #expect(
      error?.description
        == "'tuned' needs 1.5 GB of memory (weights), but of the 2.0 GB that 'ulimit -v' allows "
        + "1.5 GB are free; raise that, or take a smaller model")
  }

  private func check(_ need: Int, _ limit: MemoryLimit) throws {
    try MemoryLimit.check(
      need, of: "'tuned'", for: "weights", advice: "take a smaller model", limit: limit)
  }
}
