import Foundation
import Stages
import TestSupport
import Testing

/// What the server of `warmup serve` takes from a client that does not keep to the rules.
@Suite(.serialized, .ownThread) struct HTTPServerTests {
  private static func server(_ limits: HTTPLimits = HTTPLimits()) throws -> ServedTestModel {
    try ServedTestModel(VariedModel().artifact(), limits: limits)
  }

  private static func status(_ answer: String) -> String {
    answer.split(separator: " ").dropFirst().first.map(String.init) ?? "none"
  }

  @Test func whatIsNoRequestIsSaid() throws {
    let server = try Self.server()
    for (text, status) in [
      ("hello\r\n\r\n", "400"), ("GET /health\r\n\r\n", "400"),
      ("GET /health HTTP/2\r\n\r\n", "400"), ("GET health HTTP/1.1\r\n\r\n", "400"),
      ("GET /health HTTP/1.1\r\nnonsense\r\n\r\n", "400"),
      ("GET /health HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", "400"),
      ("GET /health HTTP/1.1\r\n\r\n", "200"), ("GET /health?x=1 HTTP/1.1\r\nA: b\r\n\r\n", "200"),
      ("POST /v1/completions HTTP/1.1\r\n\r\n", "411"),
      ("POST /v1/completions HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400"),
      ("POST /v1/completions HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400"),
      (
        "POST /v1/completions HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "400"
      ),
      ("POST /v1/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "501"),
      ("POST /v1/completions HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", "413"),
      ("DELETE /v1/models HTTP/1.1\r\n\r\n", "405"), ("GET /etc/passwd HTTP/1.1\r\n\r\n", "404"),
      ("GET /v1/models HTTP/1.1\r\nOrigin: http://evil\r\n\r\n", "403"),
      ("GET /v1/models HTTP/1.1\r\nHost: evil.example:80\r\n\r\n", "403"),
      ("GET /v1/models HTTP/1.1\r\nHost: localhost:80\r\n\r\n", "200"),
    ] {
      #expect(Self.status(try server.send(text)) == status, "\(text)")
    }
  }

  @Test func sizesAndTimesAreBounded() throws {
    var limits = HTTPLimits()
    limits.headBytes = 1000
    limits.bodyBytes = 1000
    limits.seconds = 0.5
    let server = try Self.server(limits)
    let long = String(repeating: "a", count: 200_000)
    #expect(Self.status(try server.send("GET /\(long) HTTP/1.1\r\n\r\n")) == "431")
    let post = "POST /v1/completions HTTP/1.1\r\nContent-Length: "
    #expect(Self.status(try server.send("\(post)200000\r\n\r\n\(long)")) == "413")
    // A client that says less than it promised, and waits.
    #expect(Self.status(try server.send("\(post)100\r\n\r\n{")) == "408")
    #expect(Self.status(try server.send("GET /hea")) == "408")
    // One that goes away in the middle.
    #expect(try server.send("\(post)100\r\n\r\n{", thenCloses: true) == "")
    #expect(Self.status(try server.send("GET /health HTTP/1.1\r\n\r\n")) == "200")
  }

  @Test func aClientMayWaitForTheWordToGoOn() throws {
    let server = try Self.server()
    let body = #"{"prompt": "Ann", "max_tokens": 1}"#
    let answer = try server.send(
      "POST /v1/completions HTTP/1.1\r\nExpect: 100-continue\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
    #expect(answer.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
  }

  @Test func aPortThatIsTakenIsSaid() throws {
    let server = try Self.server()
    let taken = #expect(throws: ListeningError.self) {
      try HTTPServer(host: "127.0.0.1", port: server.port) { _, _ in }
    }
    #expect(taken?.description.contains("take another, or 0 for any") == true)
    let stranger = #expect(throws: ListeningError.self) {
      try HTTPServer(host: "example.org", port: 0) { _, _ in }
    }
    #expect(stranger?.description.contains("--host 127.0.0.1") == true)
  }
}
