import Base
import Foundation
import Synchronization

/// A launcher with a Python that has started, which judges one program after the other.
///
/// It ends when it is released: the launcher ends all its processes when its input ends.
final class SandboxLane: Sendable {
  private struct Connection {
    let process: Process
    let requests: FileHandle
    let replies: FileHandle
    let errors: FileHandle
  }

  private let connection: Mutex<Connection>

  /// Starts the launcher.
  /// - Throws: `SandboxError.refused` where it cannot be started.
  init(_ launcher: URL, _ arguments: [String], environment: [String: String]) throws {
    signal(SIGPIPE, SIG_IGN)  // a launcher that has ended is an error, not the end of this program
    let (requests, replies, errors) = (Pipe(), Pipe(), Pipe())
    let process = Process()
    process.executableURL = launcher
    process.arguments = arguments
    process.environment = environment
    process.standardInput = requests
    process.standardOutput = replies
    process.standardError = errors
    do { try process.run() } catch {
      throw SandboxError.refused(reason: "\(launcher.path): \(reason(for: error))")
    }
    connection = Mutex(
      Connection(
        process: process, requests: requests.fileHandleForWriting,
        replies: replies.fileHandleForReading, errors: errors.fileHandleForReading))
  }

  deinit {
    connection.withLock { try? $0.requests.close() }
  }

  /// Has a job judged, and blocks until it is.
  /// - Parameter wallMilliseconds: after which the launcher ends all that belongs to the job.
  /// - Throws: `SandboxError.refused`, after which the lane is of no more use.
  func judge(_ job: Data, wallMilliseconds: UInt32) throws -> String {
    try connection.withLock { connection in
      var request = Self.bytes(of: UInt32(job.count)) + Self.bytes(of: wallMilliseconds)
      request.append(job)
      do {
        try connection.requests.write(contentsOf: request)
        let count = Self.number(try Self.read(4, from: connection.replies))
        return String(decoding: try Self.read(count, from: connection.replies), as: UTF8.self)
      } catch {
        try? connection.requests.close()
        let said = (try? connection.errors.readToEnd()) ?? Data()
        let reason = String(decoding: said.prefix(2000), as: UTF8.self)
        throw SandboxError.refused(reason: reason.isEmpty ? "the launcher ended" : reason)
      }
    }
  }

  private static func bytes(of number: UInt32) -> Data {
    withUnsafeBytes(of: number.littleEndian) { Data($0) }
  }

  private static func number(_ bytes: Data) -> Int {
    bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  private static func read(_ count: Int, from file: FileHandle) throws -> Data {
    var bytes = Data()
    while bytes.count < count {
      guard let more = try file.read(upToCount: count - bytes.count), !more.isEmpty else {
        throw CocoaError(.fileReadUnknown)
      }
      bytes.append(more)
    }
    return bytes
  }
}

/// Lanes that wait for work, so that a stage which grades often starts Python seldom.
final class SandboxLanes: Sendable {
  static let idle = SandboxLanes()
  private let waiting = Mutex<[[String]: [SandboxLane]]>([:])

  func take(_ arguments: [String]) -> SandboxLane? {
    waiting.withLock { $0[arguments]?.popLast() }
  }

  func giveBack(_ lane: SandboxLane, _ arguments: [String]) {
    waiting.withLock { $0[arguments, default: []].append(lane) }
  }
}

/// Where the program lies that confines others, and what it can do here.
enum SandboxLauncher {
  /// Finds the launcher: WARMUP_SANDBOX, else beside this program, else among built products.
  /// - Throws: `SandboxError.noLauncher` with the places where it was looked for.
  static func locate() throws -> URL {
    if let named = ProcessInfo.processInfo.environment["WARMUP_SANDBOX"], !named.isEmpty {
      guard FileManager.default.isExecutableFile(atPath: named) else {
        throw SandboxError.noLauncher(searched: [named])
      }
      return URL(filePath: named)
    }
    let candidates = folders().map { $0.appending(path: "sandbox") }
    let found = candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) }
    guard let found else {
      throw SandboxError.noLauncher(
        searched: candidates.map { $0.deletingLastPathComponent().path })
    }
    return found
  }

  /// The folder of this program, and of a test bundle named in the arguments, where a test runner
  /// loads this code. Never one below the current folder, where anybody may have put it.
  private static func folders() -> [URL] {
    var folders: [URL] = []
    if let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      folders.append(URL(filePath: own).deletingLastPathComponent())
    }
    for argument in CommandLine.arguments
    where argument.hasPrefix("/") && argument.hasSuffix(".xctest") {
      folders.append(URL(filePath: argument).deletingLastPathComponent())
    }
    return folders
  }
}
