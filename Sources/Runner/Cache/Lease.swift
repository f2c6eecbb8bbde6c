import Base
import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A lock that other machines see where the system's locks do not reach them: a file in a folder that
/// they share, whose owner touches it every 15 seconds.
///
/// ```
/// locks/ab12….lease/1   who holds it; whoever takes it over from somebody dead makes 2
/// ```
///
/// The highest number counts. A file is made only where there is none of its number, which file systems
/// of clusters promise, too. An owner that finds a higher number than its own, or its file gone, has lost
/// the lease and must publish nothing.
package final class Lease: Sendable {
  /// How often its owner touches it.
  static let beatSeconds = 15.0

  package enum Attempt: Sendable {
    case taken(Lease)
    /// Somebody else has it; the sentence says who, and what to do if that is wrong.
    case held(String)
  }

  private let folder: URL
  private let generation: Int
  /// What makes this lease another than all that have its number.
  private let mark: String
  private let isReleased = Atomic<Bool>(false)
  /// Whom to ask to stop where the lease turns out to be lost.
  let interruption: Interruption

  private init(folder: URL, generation: Int, mark: String, interruption: Interruption) {
    self.folder = folder
    self.generation = generation
    self.mark = mark
    self.interruption = interruption
  }

  deinit { release() }

  /// Takes a lease if nobody holds it who is or may be alive.
  /// - Parameter interruption: that of the work that it is for; its own is within it.
  /// - Throws: `FileError`, or `LockError` where the folder cannot be written.
  package static func attempt(
    _ folder: URL, court: LeaseCourt, interruption: Interruption = Interruption()
  ) throws -> Attempt {
    while true {
      try Folder.make(folder)
      let last = LeaseFile.newest(in: folder)
      if let last {
        guard let age = last.age() else { continue }
        switch last.verdict(court, age: age) {
        case .dead: break
        case let verdict: return .held(last.sentence(verdict, age: age))
        }
      }
      let lease = Lease(
        folder: folder, generation: (last?.generation ?? 0) + 1, mark: UUID().uuidString,
        interruption: Interruption(within: interruption))
      guard try lease.make(court.own) else { continue }
      // It may have been given back since, and taken anew from the first number on.
      if let last, !last.isStillThere {
        lease.release()
        continue
      }
      last?.removeWithOlder()
      if court.isBeating { LeaseKeeper.shared.add(lease) }
      return .taken(lease)
    }
  }

  /// Who holds a lease, or why nobody can tell; nil where nobody does.
  package static func holder(of folder: URL, court: LeaseCourt) -> String? {
    guard let file = LeaseFile.newest(in: folder), let age = file.age() else { return nil }
    let verdict = file.verdict(court, age: age)
    return verdict == .dead ? nil : file.sentence(verdict, age: age)
  }

  /// - Returns: whether there was no file of that number.
  private func make(_ owner: LeaseOwner) throws -> Bool {
    var json = owner.json
    json["mark"] = .string(mark)
    json["since"] = .string(Date().formatted(.iso8601))
    let bytes = Array((JSONValue.object(json).text + "\n").utf8)
    // Whole before it has its name: a file that its maker was killed before writing in would count as
    // somebody's for minutes.
    let draft = folder.appending(path: LeaseFile.probe + mark)
    defer { unlink(draft.path) }
    guard try create(draft, bytes) else { return false }
    if link(draft.path, file.path) == 0 { return true }
    if [EEXIST, ENOENT].contains(errno) {
      // The answer of a network's file system may have been lost, and the second one says that it exists.
      var status = stat()
      return stat(draft.path, &status) == 0 && status.st_nlink == 2
    }
    // A file system without links.
    return try create(file, bytes)
  }

  /// - Returns: whether there was no such file.
  private func create(_ file: URL, _ bytes: [UInt8]) throws -> Bool {
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      let code = errno
      // Somebody was quicker, or gave it back and removed the folder.
      if [EEXIST, ENOENT].contains(code) { return false }
      throw LockError.unwritable(file.path, systemMessage(code))
    }
    defer { close(descriptor) }
    guard write(descriptor, bytes, bytes.count) == bytes.count else {
      unlink(file.path)
      throw LockError.unwritable(file.path, systemMessage())
    }
    return true
  }

  private var file: URL { folder.appending(path: "\(generation)") }

  /// Whether it was another process's before, which died.
  var isTakenOver: Bool { generation > 1 }

  /// Makes sure that it is still ours.
  /// - Throws: `LeaseError`.
  package func check() throws(LeaseError) {
    let isThere = access(file.path, F_OK) == 0
    // A file system that does not answer says nothing of the lease.
    if !isThere, ![ENOENT, ENOTDIR].contains(errno) { return }
    let newest = LeaseFile.newest(in: folder)
    if isThere, newest.map({ $0.generation == generation && $0.mark ?? mark == mark }) ?? true {
      return
    }
    interruption.request()
    throw .lost(newest?.owner?.words)
  }

  /// Says that its owner is alive.
  func beat() {
    if isReleased.load(ordering: .relaxed) { return }
    guard (try? check()) != nil else { return }
    utimensat(AT_FDCWD, file.path, nil, 0)
  }

  /// Gives it back; harmless when done twice, or when it is lost.
  package func release() {
    if isReleased.exchange(true, ordering: .relaxed) { return }
    LeaseKeeper.shared.remove(self)
    let own = LeaseFile(folder: folder, generation: generation)
    if own.mark == mark { unlink(file.path) }
    if rmdir(folder.path) != 0, errno == ENOTEMPTY { removeProbes() }
  }

  /// Removes the folder with what killed processes left in it that is no lease; whoever loses it to this
  /// tries again.
  private func removeProbes() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names where name.hasPrefix(LeaseFile.probe) {
      unlink(folder.appending(path: name).path)
    }
    rmdir(folder.path)
  }
}

/// A lease's file, as it is read.
private struct LeaseFile {
  let folder: URL
  let generation: Int
  /// Nil where its maker died before it had written it, or is about to.
  let owner: LeaseOwner?
  let mark: String?
  private let since: String?

  init(folder: URL, generation: Int) {
    self.folder = folder
    self.generation = generation
    let data = try? Data(contentsOf: folder.appending(path: "\(generation)"))
    let json = data.flatMap { try? JSONValue(parsing: $0) }
    owner = json.flatMap { LeaseOwner($0) }
    mark = json?["mark"]?.string
    since = json?["since"]?.string
  }

  static func newest(in folder: URL) -> LeaseFile? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.compactMap { Int($0) }.max().map { LeaseFile(folder: folder, generation: $0) }
  }

  private var file: URL { folder.appending(path: "\(generation)") }

  var isStillThere: Bool {
    access(file.path, F_OK) == 0
      && LeaseFile(folder: folder, generation: generation).mark == mark
  }

  /// What the names of files begin with that are no leases: they tell the time, or are about to be one.
  static let probe = "now-"

  /// How long ago it was touched, in seconds, by the clock of the file system: those of machines differ.
  /// Nil where it is gone.
  func age() -> Double? {
    let probe = folder.appending(path: "\(Self.probe)\(UUID().uuidString)")
    defer { unlink(probe.path) }
    var (now, then) = (stat(), stat())
    guard stat(file.path, &then) == 0 else { return nil }
    let descriptor = open(probe.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0, fstat(descriptor, &now) == 0 else {
      // A colleague's folder, in which nothing can be made.
      return Date().timeIntervalSince1970 - Double(then.st_mtim.tv_sec)
    }
    defer { close(descriptor) }
    let nanoseconds = Double(now.st_mtim.tv_nsec - then.st_mtim.tv_nsec)
    return Double(now.st_mtim.tv_sec - then.st_mtim.tv_sec) + nanoseconds / 1e9
  }

  func verdict(_ court: LeaseCourt, age: Double) -> LeaseVerdict {
    if let owner { return court.verdict(on: owner, age: age) }
    // Its maker did nothing before it was written.
    return age < LeaseCourt.oldAge ? .alive : .dead
  }

  func removeWithOlder() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for number in names.compactMap({ Int($0) }) where number <= generation {
      unlink(folder.appending(path: "\(number)").path)
    }
  }

  func sentence(_ verdict: LeaseVerdict, age: Double) -> String {
    let who = owner?.words ?? "another process"
    guard verdict == .unknown else {
      return "\(who) has been working on it" + (since.map { " since \($0)" } ?? "")
    }
    return
      "\(who) was working on it and has not been heard of for \(Int(age / 60)) min; nothing here can "
      + "tell whether it is over. If it is, type: rm -r '\(folder.path)'"
  }
}

/// Why a result must not be published.
package enum LeaseError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Another process has taken over, in words.
  case lost(String?)

  package var description: String {
    switch self {
    case .lost(let owner):
      (owner ?? "another process")
        + " took the work over because this process had not been heard of; nothing was published by this "
        + "one. Run again to see what came of it"
    }
  }
}

/// Touches all leases of this process, on one thread, which begins with the first.
private final class LeaseKeeper: Sendable {
  static let shared = LeaseKeeper()

  private struct Kept: Sendable { weak var lease: Lease? }
  private struct State {
    var leases: [ObjectIdentifier: Kept] = [:]
    var hasThread = false
  }
  private let state = Mutex(State())

  func add(_ lease: Lease) {
    let isFirst = state.withLock { state in
      state.leases[ObjectIdentifier(lease)] = Kept(lease: lease)
      defer { state.hasThread = true }
      return !state.hasThread
    }
    if isFirst { Thread { [self] in keep() }.start() }
  }

  func remove(_ lease: Lease) {
    _ = state.withLock { $0.leases.removeValue(forKey: ObjectIdentifier(lease)) }
  }

  private func keep() {
    while true {
      Thread.sleep(forTimeInterval: Lease.beatSeconds)
      for kept in state.withLock({ Array($0.leases.values) }) { kept.lease?.beat() }
    }
  }
}
