import Base
import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A small HTTP/1.1 server (RFC 9112): one thread and one request a connection, and all that a client
/// may send is bounded.
package final class HTTPServer: Sendable {
  private static let pollMilliseconds: Int32 = 200

  private let socket: Int32
  private let limits: HTTPLimits
  private let handle: @Sendable (HTTPRequest, HTTPConnection) -> Void
  private let open = Mutex(0)
  /// The address that was asked for, such as `127.0.0.1`.
  package let host: String
  package let port: UInt16

  /// Begins to listen; connections wait until `run`.
  /// - Parameters:
  ///   - host: an address of this machine, in numbers.
  ///   - port: 0 takes any that is free.
  ///   - handle: answers a request, on a thread of its connection.
  /// - Throws: `ListeningError`.
  package init(
    host: String, port: UInt16, limits: HTTPLimits = HTTPLimits(),
    _ handle: @escaping @Sendable (HTTPRequest, HTTPConnection) -> Void
  ) throws(ListeningError) {
    let listening = try ListeningSocket(host: host, port: port)
    socket = listening.descriptor
    self.port = listening.port
    self.host = host
    self.limits = limits
    self.handle = handle
  }

  deinit { close(socket) }

  /// How many connections are open.
  package var openConnections: Int { open.withLock { $0 } }

  /// Where it answers, such as `http://127.0.0.1:8000`.
  package var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

  /// Answers until somebody asks to stop.
  package func run(until interruption: Interruption) {
    while !interruption.isRequested {
      var wish = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      guard poll(&wish, 1, Self.pollMilliseconds) > 0 else { continue }
      let connection = accept(socket, nil, nil)
      guard connection >= 0 else {
        // Such as where there are no descriptors left.
        Thread.sleep(forTimeInterval: 0.05)
        continue
      }
      _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
      let count = open.withLock { count in
        count += 1
        return count
      }
      if count > 2 * limits.connections {
        close(connection)
        open.withLock { $0 -= 1 }
        continue
      }
      let isRoom = count <= limits.connections
      let thread = Thread { [self] in
        serve(HTTPConnection(connection, limits), isRoom: isRoom)
        close(connection)
        open.withLock { $0 -= 1 }
      }
      thread.stackSize = 1 << 20
      thread.start()
    }
  }

  private func serve(_ connection: HTTPConnection, isRoom: Bool) {
    do {
      guard isRoom else { throw HTTPFault(503, "too many connections; try again later") }
      handle(try connection.readRequest(), connection)
    } catch let fault as HTTPFault {
      connection.send(fault.response)
    } catch {
      // Whoever asked has gone.
    }
    connection.finish()
  }
}

/// How much of a request is read, and for how long.
package struct HTTPLimits: Sendable {
  /// How many are answered at once; as many more are told that they are too many.
  package var connections = 1100
  package var headBytes = 16 << 10
  package var bodyBytes = 8 << 20
  /// Seconds until all of a request must be there, and that a client may leave an answer unread.
  package var seconds = 60.0

  package init() {}
}

package struct HTTPRequest: Sendable {
  package let method: String
  /// Without what follows a question mark.
  package let path: String
  /// What follows the question mark; empty where there is none.
  package let query: String
  /// By names in lower case.
  package let headers: [String: String]
  package let body: Data

  /// Reads what stands above the body.
  /// - Throws: `HTTPFault`.
  fileprivate init(head: Data) throws(HTTPFault) {
    let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 3, words[2].hasPrefix("HTTP/1."), words[1].hasPrefix("/") else {
      throw HTTPFault(400, "the first line is not a request of HTTP/1.1")
    }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":"), line.first != " ", line.first != "\t" else {
        throw HTTPFault(400, "a header has no name")
      }
      let name = line[..<colon].lowercased()
      guard headers[name] == nil || name != "content-length" else {
        throw HTTPFault(400, "Content-Length is said twice")
      }
      headers[name] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    method = words[0]
    path = String(words[1].prefix { $0 != "?" })
    query = String(words[1].dropFirst(path.count + 1))
    self.headers = headers
    body = Data()
  }

  private init(_ head: HTTPRequest, body: Data) {
    (method, path, query, headers) = (head.method, head.path, head.query, head.headers)
    self.body = body
  }

  fileprivate func with(body: Data) -> HTTPRequest { HTTPRequest(self, body: body) }

  /// Makes sure that it was sent to this machine by a name of its own: a page of somebody else's may have
  /// its own name stand for this machine, and read the answer (DNS rebinding).
  /// - Throws: `HTTPFault`.
  func requireLoopback() throws(HTTPFault) {
    guard let host = headers["host"] else { return }
    let name = URL(string: "http://\(host)")?.host() ?? ""
    guard ServerAddress.isLoopback(name) else {
      throw HTTPFault(403, "this server answers to localhost only, not to '\(name)'")
    }
  }
}

/// An answer that is sent whole.
package struct HTTPResponse: Sendable {
  package let status: Int
  package let body: Data
  package var contentType = "application/json"
  /// Further lines of the head.
  package var headers: [String] = []
  /// Whether the body is only announced, as for HEAD.
  package var isHeadOnly = false

  package init(status: Int = 200, _ body: Data, contentType: String) {
    self.status = status
    self.body = body
    self.contentType = contentType
  }

  package init(status: Int = 200, _ json: JSONValue) {
    self.status = status
    body = Data((json.text + "\n").utf8)
  }
}

/// Why a request is answered with an error, in the shape of OpenAI's.
package struct HTTPFault: Error {
  package let status: Int
  package let message: String
  /// The field of the request that is wrong, if one is.
  package let field: String?

  package init(_ status: Int, _ message: String, field: String? = nil) {
    self.status = status
    self.message = message
    self.field = field
  }

  package var response: HTTPResponse { HTTPResponse(status: status, json) }

  package var json: JSONValue {
    [
      "error": [
        "message": .string(message), "param": field.map { .string($0) } ?? .null,
        "type": status < 500 ? "invalid_request_error" : "server_error",
        "code": .integer(status),
      ]
    ]
  }
}

/// A client that is connected.
package final class HTTPConnection: Sendable {
  /// MSG_NOSIGNAL, whose type differs between versions of Swift.
  private static let noSignal: Int32 = 0x4000
  /// POLLRDHUP, which Glibc's module does not have.
  private static let hangUp: Int16 = 0x2000
  private static let reasons = [
    200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    408: "Request Timeout", 411: "Length Required", 413: "Content Too Large",
    431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented",
    503: "Service Unavailable",
  ]

  private let descriptor: Int32
  private let limits: HTTPLimits

  fileprivate init(_ descriptor: Int32, _ limits: HTTPLimits) {
    self.descriptor = descriptor
    self.limits = limits
    var time = timeval(tv_sec: Int(limits.seconds.rounded(.up)), tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Whether the client has gone.
  package var isClosed: Bool {
    var wish = pollfd(fd: descriptor, events: Self.hangUp, revents: 0)
    return poll(&wish, 1, 0) > 0
  }

  /// Sends an answer.
  package func send(_ response: HTTPResponse) {
    let head = head(
      response.status, response.contentType, length: response.body.count, response.headers)
    if send(head), !response.isHeadOnly { send(response.body) }
  }

  /// Begins an answer of server-sent events.
  package func beginEvents() -> Bool { send(head(200, "text/event-stream", length: nil)) }

  /// Sends an event.
  /// - Returns: whether somebody took it.
  @discardableResult
  package func sendEvent(_ text: String) -> Bool { send(Data("data: \(text)\n\n".utf8)) }

  private func head(
    _ status: Int, _ type: String, length: Int?, _ more: [String] = []
  ) -> Data {
    var lines = ["HTTP/1.1 \(status) \(Self.reasons[status] ?? "Error")", "Content-Type: \(type)"]
    if let length { lines.append("Content-Length: \(length)") }
    return Data(
      (lines + more + ["Cache-Control: no-store", "Connection: close", "", ""])
        .joined(separator: "\r\n").utf8)
  }

  @discardableResult
  private func send(_ data: Data) -> Bool {
    var rest = Array(data)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Self.noSignal)
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Says that nothing more comes, and takes what still arrives: a connection that is closed before all
  /// of it was read is reset, and the answer with it.
  fileprivate func finish() {
    shutdown(descriptor, Int32(SHUT_WR))
    let end = ContinuousClock.now + .seconds(1)
    while ContinuousClock.now < end, let piece = try? read(until: end), !piece.isEmpty {}
  }
}

extension HTTPConnection {
  /// A client that says nothing more.
  private struct Gone: Error {}

  /// Reads the whole of a request.
  /// - Throws: `HTTPFault`, or something else where the client has gone.
  fileprivate func readRequest() throws -> HTTPRequest {
    let end = ContinuousClock.now + .seconds(limits.seconds)
    var data = Data()
    let separator = Data("\r\n\r\n".utf8)
    var found: Range<Data.Index>?
    while found == nil {
      guard data.count <= limits.headBytes else {
        throw HTTPFault(431, "the headers are longer than \(limits.headBytes >> 10) KiB")
      }
      let piece = try read(until: end)
      if piece.isEmpty { throw Gone() }
      let start = max(0, data.count - 3)
      data += piece
      found = data.range(of: separator, in: start..<data.count)
    }
    guard let found else { throw Gone() }
    let head = try HTTPRequest(head: data[..<found.lowerBound])
    let length = try length(head)
    if head.headers["expect"]?.lowercased() == "100-continue" {
      send(Data("HTTP/1.1 100 Continue\r\n\r\n".utf8))
    }
    var body = Data(data[found.upperBound...])
    while body.count < length {
      let piece = try read(until: end)
      if piece.isEmpty { throw Gone() }
      body += piece
    }
    return head.with(body: body.prefix(length))
  }

  /// The bytes of the body.
  private func length(_ head: HTTPRequest) throws(HTTPFault) -> Int {
    guard head.headers["transfer-encoding"] == nil else {
      throw HTTPFault(501, "a body in pieces is not read; send Content-Length")
    }
    guard let text = head.headers["content-length"] else {
      guard head.method == "POST" else { return 0 }
      throw HTTPFault(411, "a request with a body needs Content-Length")
    }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), !text.isEmpty else {
      throw HTTPFault(400, "Content-Length is not a number")
    }
    guard let length = Int(text), length <= limits.bodyBytes else {
      throw HTTPFault(413, "a request may have \(limits.bodyBytes >> 20) MiB")
    }
    return length
  }

  /// What has come; empty where nothing more will.
  private func read(until end: ContinuousClock.Instant) throws -> Data {
    let left = (end - ContinuousClock.now) / .milliseconds(1)
    var wish = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard left > 0, poll(&wish, 1, Int32(left.rounded(.up))) > 0 else {
      throw HTTPFault(408, "the request did not come in time")
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return count > 0 ? Data(buffer[..<count]) : Data()
  }
}
