import Base
import Foundation
import Synchronization
import Tasks
import TestSupport
import Testing

/// Downloads from a real server that does what servers do on bad days.
@Suite(.ownThread) struct WebDownloadTests {
  private static let content = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 / 3) })
  private static let digest = SHA256Digest.hex(of: content)
  private typealias Response = MisbehavingServer.Response

  private func fetch(
    _ folder: ScratchFolder, from server: MisbehavingServer,
    progress: any ProgressSink = SilentProgress(),
    interruption: Interruption = Interruption(), bounds: DownloadBounds = DownloadBounds()
  ) throws -> Data {
    let file = folder.url.appending(path: "x.bin")
    let download = WebDownload(
      try server.url("x.bin"), progress: progress, interruption: interruption,
      pause: .milliseconds(5), bounds: bounds)
    try download.fetch(to: file, sha256: Self.digest)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["x.bin"])
    return try Data(contentsOf: file)
  }

  private final class Counts: ProgressSink {
    let all = Mutex<[StageProgress]>([])
    func update(_ progress: StageProgress) { all.withLock { $0.append(progress) } }
  }

  @Test func aFileComesWholeAndSaysHowFarItIs() throws {
    let server = try MisbehavingServer { _ in .file(Self.content) }
    let counts = Counts()
    #expect(try fetch(try ScratchFolder(), from: server, progress: counts) == Self.content)
    #expect(server.asked.map(\.acceptedEncoding) == ["identity"])
    let last = counts.all.withLock { $0.last }
    #expect(last == StageProgress(300, of: 300, "kB"))
  }

  @Test func goesOnWhereTheConnectionWasCut() throws {
    let server = try MisbehavingServer { request in
      .file(Self.content, from: request.start, sent: request.number < 6 ? 50_000 : .max)
    }
    #expect(try fetch(try ScratchFolder(), from: server) == Self.content)
    let starts = server.asked.map { $0.start ?? 0 }
    #expect(starts.first == 0 && starts.count > 2 && starts == starts.sorted())
    #expect(Set(starts).count == starts.count, "some bytes were fetched twice")
  }

  @Test func beginsAnewWhereTheServerKnowsNoRanges() throws {
    let server = try MisbehavingServer { request in
      .file(Self.content, sent: request.number < 2 ? 100_000 : .max)
    }
    #expect(try fetch(try ScratchFolder(), from: server) == Self.content)
    #expect(server.asked.count == 3)
  }

  @Test func goesOnAfterAnotherRun() throws {
    let server = try MisbehavingServer { .file(Self.content, from: $0.start) }
    let folder = try ScratchFolder()
    try Self.content.prefix(123_456).write(to: folder.url.appending(path: "x.bin.partial"))
    #expect(try fetch(folder, from: server) == Self.content)
    #expect(server.asked.map(\.start) == [123_456])
  }

  @Test func aBeginningOfAnotherFileIsThrownAway() throws {
    let server = try MisbehavingServer { .file(Self.content, from: $0.start) }
    let folder = try ScratchFolder()
    try Data(count: 1000).write(to: folder.url.appending(path: "x.bin.partial"))
    #expect(try fetch(folder, from: server) == Self.content)
    #expect(server.asked.map(\.start) == [1000, nil])
  }

  @Test(arguments: [300_000, 400_000])
  func aRangeBeyondTheEndIsNoDeadEnd(size: Int) throws {
    let server = try MisbehavingServer { request in
      guard let start = request.start, start >= Self.content.count else {
        return .file(Self.content, from: request.start)
      }
      return .status("416 Range Not Satisfiable", ["Content-Range: bytes */300000"])
    }
    let folder = try ScratchFolder()
    let beginning = Self.content + Data(count: size - 300_000)
    try beginning.write(to: folder.url.appending(path: "x.bin.partial"))
    #expect(try fetch(folder, from: server) == Self.content)
    #expect(server.asked.count == (size == 300_000 ? 1 : 2))
  }

  @Test func anotherRangeThanWasAskedForIsNotTaken() throws {
    let server = try MisbehavingServer { request in
      request.start == nil ? .file(Self.content) : .file(Self.content, from: 7)
    }
    let folder = try ScratchFolder()
    try Self.content.prefix(1000).write(to: folder.url.appending(path: "x.bin.partial"))
    #expect(try fetch(folder, from: server) == Self.content)
    #expect(server.asked.map(\.start) == [1000, nil])
  }

  @Test func aServerThatRecoversIsWaitedFor() throws {
    let server = try MisbehavingServer { request in
      request.number < 3 ? .status("503 Service Unavailable") : .file(Self.content)
    }
    #expect(try fetch(try ScratchFolder(), from: server) == Self.content)
    #expect(server.asked.count == 4)
  }

  @Test func aRedirectionIsFollowed() throws {
    let server = try MisbehavingServer { request in
      request.path == "/x.bin" ? .status("302 Found", ["Location: /there"]) : .file(Self.content)
    }
    #expect(try fetch(try ScratchFolder(), from: server) == Self.content)
    #expect(server.asked.map(\.path) == ["/x.bin", "/there"])
  }

  @Test(arguments: [
    ("404 Not Found", 1), ("403 Forbidden", 1), ("500 Internal Server Error", 5),
    ("429 Too Many Requests", 5),
  ])
  func aRefusalIsASentence(line: String, requests: Int) throws {
    let server = try MisbehavingServer { _ in .status(line) }
    let error = #expect(throws: DataSourceError.self) {
      try fetch(try ScratchFolder(), from: server)
    }
    #expect(error?.description.contains("status \(line.prefix(3))") == true)
    #expect(server.asked.count == requests)
  }

  @Test func aServerThatAlwaysCutsIsGivenUp() throws {
    let server = try MisbehavingServer { _ in .file(Self.content, sent: 1000) }
    let folder = try ScratchFolder()
    #expect(throws: DataSourceError.self) { try fetch(folder, from: server) }
    #expect(server.asked.count <= 10)
    let partial = try Data(contentsOf: folder.url.appending(path: "x.bin.partial"))
    #expect(Self.content.starts(with: partial))
  }

  /// What is too large ends at once: at its announcement, or where it has grown too long. A disk may
  /// have room another day, so that what has come is kept for it.
  @Test(arguments: [
    (
      DownloadBounds(announced: 299_999), true,
      "it has 300000 bytes, and at most 299999 bytes are fetched"
    ),
    (
      DownloadBounds(unannounced: 200_000), false,
      "the server does not say how long it is, and 200000 bytes have come"
    ),
    (
      DownloadBounds(reserve: 1 << 60), true,
      "300000 bytes are to come, but only 0 bytes of the disk may be used; free some space"
    ),
    (DownloadBounds(reserve: 1 << 60), false, "how long it is, and 0 bytes have come"),
  ])
  func aDownloadIsBounded(bounds: DownloadBounds, isAnnounced: Bool, words: String) throws {
    let server = try MisbehavingServer { _ in
      isAnnounced ? .file(Self.content) : Response(unannounced: Self.content)
    }
    let folder = try ScratchFolder()
    let error = #expect(throws: DataSourceError.self) {
      try fetch(folder, from: server, bounds: bounds)
    }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    #expect(server.asked.count == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    let enough = DownloadBounds(announced: 300_000, unannounced: 300_000)
    #expect(try fetch(folder, from: server, bounds: enough) == Self.content)
  }

  /// A server that sends for ever, without a length or beyond it.
  @Test(.timeLimit(.minutes(5)), arguments: [true, false])
  func anEndlessDownloadEnds(isAnnounced: Bool) throws {
    let server = try MisbehavingServer { _ in
      var response = Response(unannounced: Self.content)
      if isAnnounced { response = .file(Self.content) }
      response.isEndless = true
      return response
    }
    let folder = try ScratchFolder()
    let bounds = DownloadBounds(unannounced: 3_000_000)
    if isAnnounced {
      #expect(try fetch(folder, from: server, bounds: bounds) == Self.content)
    } else {
      let error = #expect(throws: DataSourceError.self) {
        try fetch(folder, from: server, bounds: bounds)
      }
      #expect(error?.description.contains("does not say how long it is") == true)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }
  }

  @Test func wrongContentIsRefusedAndNotKept() throws {
    let server = try MisbehavingServer { _ in .file(Data("<html>log in first</html>".utf8)) }
    let folder = try ScratchFolder()
    let error = #expect(throws: DataSourceError.self) { try fetch(folder, from: server) }
    #expect(error?.description.contains("but the recipe pins \(Self.digest)") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    #expect(server.asked.count == 1)
  }

  @Test func noServerIsASentence() throws {
    let port = try MisbehavingServer { _ in .file(Self.content) }.port
    let url = try #require(URL(string: "http://127.0.0.1:\(port)/x"))
    let folder = try ScratchFolder()
    let error = #expect(throws: DataSourceError.self) {
      try WebDownload(url, pause: .milliseconds(1))
        .fetch(to: folder.url.appending(path: "x"), sha256: Self.digest)
    }
    #expect(error?.description.contains("could not be fetched") == true)
  }

  @Test func anInterruptionKeepsWhatHasCome() throws {
    let server = try MisbehavingServer { _ in
      var response = Response.file(Self.content, sent: 100_000)
      response.silence = 100_000
      return response
    }
    let folder = try ScratchFolder()
    let interruption = Interruption()
    let partial = folder.url.appending(path: "x.bin.partial")
    Thread.detachNewThread {
      while ((try? Data(contentsOf: partial))?.count ?? 0) < 50_000 { usleep(10_000) }
      interruption.request()
    }
    let clock = ContinuousClock.now
    #expect(throws: InterruptedError.self) {
      try fetch(folder, from: server, interruption: interruption)
    }
    #expect(ContinuousClock.now - clock < .seconds(50))
    let kept = try Data(contentsOf: partial)
    #expect(kept.count >= 50_000 && Self.content.starts(with: kept))
  }

  @Test func runsAtTheSameTimeFetchOnce() async throws {
    let server = try MisbehavingServer { request in
      usleep(200_000)
      return .file(Self.content, from: request.start)
    }
    let folder = try ScratchFolder()
    let folders = DataFolders(
      searchPaths: [], downloads: folder.url.appending(path: "downloads"))
    let source = DataSource.web(try server.url("x.bin"))
    try await withThrowingTaskGroup(of: Data.self) { group in
      for _ in 0..<4 {
        group.addTask {
          try Data(contentsOf: source.file(sha256: Self.digest, in: folders))
        }
      }
      for try await found in group { #expect(found == Self.content) }
    }
    #expect(server.asked.count == 1)
  }
}
