import Base
import Foundation
import Stages
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// What a page that is kept up to date answers, and what not.
@Suite(.serialized, .ownThread) struct PageServiceTests {
  private final class Source: Sendable {
    let version = Mutex(3)

    var content: PageService.Content {
      .init(
        document: { "<!doctype html><p>ä</p>" },
        changes: { [self] since in
          let version = version.withLock { $0 }
          return version == since ? nil : ["version": .integer(version)]
        }, noChanges: { ["version": .integer($0), "parts": [:]] }, policy: "default-src 'none'")
    }
  }

  private static func ask(_ service: PageService, _ request: String) throws -> String {
    let port = try #require(URL(string: service.url)?.port)
    return try RawRequest.send(request + "\r\n\r\n", port: UInt16(port))
  }

  @Test func thePageAndItsChangesAreSent() throws {
    let source = Source()
    let service = try PageService(port: 0, source.content)
    let page = try Self.ask(service, "GET / HTTP/1.1\r\nHost: localhost:1")
    #expect(page.hasPrefix("HTTP/1.1 200") && page.hasSuffix("<!doctype html><p>ä</p>"))
    for line in [
      "Content-Type: text/html; charset=utf-8", "Content-Security-Policy: default-src 'none'",
      "X-Content-Type-Options: nosniff", "Cross-Origin-Resource-Policy: same-origin",
      "Cache-Control: no-store", "Content-Length: 24",
    ] { #expect(page.contains(line + "\r\n"), "\(line)") }
    let head = try Self.ask(service, "HEAD / HTTP/1.1")
    #expect(head.contains("Content-Length: 24") && head.hasSuffix("\r\n\r\n"))
    let state = try Self.ask(service, "GET /state?since=2 HTTP/1.1")
    #expect(state.hasSuffix("{\"version\":3}\n"), "\(state)")
  }

  /// A question waits until something changes, and costs others nothing.
  @Test func aQuestionWaits() throws {
    let source = Source()
    let service = try PageService(port: 0, source.content)
    let answer = Mutex<String?>(nil)
    let asking = Thread {
      let text = try? Self.ask(service, "GET /state?since=3 HTTP/1.1")
      answer.withLock { $0 = text }
    }
    asking.start()
    Thread.sleep(forTimeInterval: 0.4)
    #expect(answer.withLock { $0 } == nil)
    #expect(try Self.ask(service, "GET / HTTP/1.1").hasPrefix("HTTP/1.1 200"))
    source.version.withLock { $0 = 4 }
    let deadline = ContinuousClock.now + .seconds(120)
    while answer.withLock({ $0 }) == nil, ContinuousClock.now < deadline {
      Thread.sleep(forTimeInterval: 0.02)
    }
    #expect(answer.withLock { $0 }?.hasSuffix("{\"version\":4}\n") == true)
  }

  @Test(arguments: [
    ("POST / HTTP/1.1\r\nContent-Length: 0", "405"), ("DELETE / HTTP/1.1", "405"),
    ("OPTIONS / HTTP/1.1", "405"), ("GET /state HTTP/1.1", "400"),
    ("GET /state?since=x HTTP/1.1", "400"), ("GET /state?since=-1 HTTP/1.1", "400"),
    ("GET /../etc/passwd HTTP/1.1", "404"), ("GET /favicon.ico HTTP/1.1", "404"),
    ("GET / HTTP/1.1\r\nHost: rebound.example:80", "403"),
    ("GET /state?since=1 HTTP/1.1\r\nHost: 10.0.0.1", "403"),
    ("GET / HTTP/1.1\r\nHost: localhost.example", "403"),
    ("GET / HTTP/1.1\r\nHost: [::1]:80", "200"), ("GET / HTTP/1.1\r\nHost: 127.0.0.1", "200"),
  ])
  func whatIsNotToBeShownIsRefused(request: String, status: String) throws {
    let service = try PageService(port: 0, Source().content)
    let answer = try Self.ask(service, request)
    #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(answer)")
    #expect(answer.contains("Content-Security-Policy:"))
  }

  /// Clients that say nothing or read nothing neither stop the others nor the end.
  @Test func slowClientsHoldNobodyUp() throws {
    let service = try PageService(port: 0, Source().content)
    let port = UInt16(try #require(URL(string: service.url)?.port))
    let silent = try (0..<12).map { _ in try RawRequest.connect(port: port) }
    defer { for socket in silent { close(socket) } }
    #expect(try Self.ask(service, "GET / HTTP/1.1").hasPrefix("HTTP/1.1 200"))
    let start = ContinuousClock.now
    service.finish(within: 0.3)
    #expect(ContinuousClock.now - start < .seconds(60))
  }

  @Test func aPortThatIsTakenIsSaid() throws {
    let first = try PageService(port: 0, Source().content)
    let port = UInt16(try #require(URL(string: first.url)?.port))
    #expect {
      _ = try PageService(port: port, Source().content)
    } throws: {
      "\($0)".contains("port \(port) of 127.0.0.1 cannot be had: ")
    }
  }
}
