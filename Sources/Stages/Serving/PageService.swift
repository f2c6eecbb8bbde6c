import Base
import Foundation

/// A page that is kept up to date, for browsers on this machine: `/` is the page, `/state?since=N` waits for
/// what has changed since a version. It only shows: nothing but GET and HEAD is answered.
package final class PageService: Sendable {
  /// What is sent.
  package struct Content: Sendable {
    let document: @Sendable () -> String
    let changes: @Sendable (_ version: Int) -> JSONValue?
    let noChanges: @Sendable (_ version: Int) -> JSONValue
    let policy: String

    /// - Parameters:
    ///   - document: makes the page.
    ///   - changes: what has changed since a version; nil where nothing has.
    ///   - noChanges: says so.
    ///   - policy: the page's Content-Security-Policy.
    package init(
      document: @escaping @Sendable () -> String,
      changes: @escaping @Sendable (_ version: Int) -> JSONValue?,
      noChanges: @escaping @Sendable (_ version: Int) -> JSONValue, policy: String
    ) {
      self.document = document
      self.changes = changes
      self.noChanges = noChanges
      self.policy = policy
    }
  }

  /// Few, and not for long: each takes a thread.
  private static var limits: HTTPLimits {
    var limits = HTTPLimits()
    limits.connections = 16
    limits.bodyBytes = 1 << 16
    limits.seconds = 10
    return limits
  }
  /// How long a question waits for a change, in seconds, and how often it looks.
  private static let patience = 20.0
  private static let glance = 0.1

  private let server: HTTPServer
  private let interruption = Interruption()

  /// Begins to listen and to answer, on threads of its own.
  /// - Parameter port: 0 takes any that is free.
  /// - Throws: `ListeningError`.
  package init(port: UInt16, _ content: Content) throws(ListeningError) {
    server = try HTTPServer(host: "127.0.0.1", port: port, limits: Self.limits) {
      Self.answer($0, $1, content)
    }
    let (server, interruption) = (server, interruption)
    let accepting = Thread { server.run(until: interruption) }
    accepting.stackSize = 1 << 20
    accepting.start()
  }

  deinit { interruption.request() }

  package var url: String { server.url + "/" }

  /// Waits until all who ask have their answers, but not for long.
  package func finish(within seconds: Double = 1.5) {
    let end = ContinuousClock.now + .seconds(seconds)
    while server.openConnections > 0, ContinuousClock.now < end {
      Thread.sleep(forTimeInterval: 0.02)
    }
    interruption.request()
  }

  private static func answer(
    _ request: HTTPRequest, _ connection: HTTPConnection, _ content: Content
  ) {
    var response: HTTPResponse
    do throws(HTTPFault) {
      response = try respond(to: request, connection, content)
    } catch {
      response = error.response
      if error.status == 405 { response.headers.append("Allow: GET, HEAD") }
    }
    response.headers += [
      "Content-Security-Policy: \(content.policy)", "X-Content-Type-Options: nosniff",
      "Cross-Origin-Resource-Policy: same-origin", "Referrer-Policy: no-referrer",
    ]
    response.isHeadOnly = request.method == "HEAD"
    connection.send(response)
  }

  private static func respond(
    to request: HTTPRequest, _ connection: HTTPConnection, _ content: Content
  ) throws(HTTPFault) -> HTTPResponse {
    try request.requireLoopback()
    guard ["GET", "HEAD"].contains(request.method) else {
      throw HTTPFault(405, "this page only shows; \(request.method) is not answered")
    }
    switch request.path {
    case "/":
      return HTTPResponse(Data(content.document().utf8), contentType: "text/html; charset=utf-8")
    case "/state":
      guard let version = version(request.query) else {
        throw HTTPFault(400, "ask for /state?since=N, with the version that you have")
      }
      if request.method == "HEAD" { return HTTPResponse(content.noChanges(version)) }
      return HTTPResponse(changes(since: version, connection, content))
    default: throw HTTPFault(404, "there is no \(request.path.visible); the page is at /")
    }
  }

  private static func version(_ query: String) -> Int? {
    guard query.hasPrefix("since="), let version = Int(query.dropFirst(6)), version >= 0 else {
      return nil
    }
    return version
  }

  private static func changes(
    since version: Int, _ connection: HTTPConnection, _ content: Content
  ) -> JSONValue {
    let end = ContinuousClock.now + .seconds(patience)
    while !connection.isClosed, ContinuousClock.now < end {
      if let changes = content.changes(version) { return changes }
      Thread.sleep(forTimeInterval: glance)
    }
    return content.noChanges(version)
  }
}
