import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// An HTTP server on the loopback that answers as a test tells it to, byte by byte.
package final class MisbehavingServer: Sendable {
  /// What a client asked for.
  package struct Request: Sendable {
    /// Which request it is, from 0.
    package let number: Int
    package let path: String
    /// From which byte on; nil where the whole file is wanted.
    package let start: Int?
    package let acceptedEncoding: String?
  }

  /// What is sent before the connection is closed.
  package struct Response: Sendable {
    var status = "200 OK"
    var headers: [String] = []
    var body = Data()
    /// How long to stay silent before the connection is closed, in milliseconds.
    package var silence: UInt32 = 0
    /// Whether the body is sent again and again, until nobody listens any more.
    package var isEndless = false
  }

  /// MSG_NOSIGNAL, whose type differs between versions of Swift.
  private static let noSignal: Int32 = 0x4000
  private let socket: Int32
  private let requests = Mutex<[Request]>([])
  private let answer: @Sendable (Request) -> Response
  package let port: UInt16

  /// What was asked for so far.
  package var asked: [Request] { requests.withLock { $0 } }

  /// Starts to listen.
  package init(_ answer: @escaping @Sendable (Request) -> Response) throws {
    self.answer = answer
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = socket
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
          && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [weak self] in Self.accept(descriptor, for: { self }) }
  }

  deinit {
    shutdown(socket, Int32(SHUT_RDWR))
    close(socket)
  }

  package func url(_ path: String) throws -> URL {
    guard let url = URL(string: "http://127.0.0.1:\(port)/\(path)") else {
      throw POSIXError(.EINVAL)
    }
    return url
  }

  private static func accept(_ descriptor: Int32, for owner: () -> MisbehavingServer?) {
    while case let connection = Glibc.accept(descriptor, nil, nil), connection >= 0 {
      guard let server = owner() else {
        close(connection)
        return
      }
      Thread.detachNewThread { server.serve(connection) }
    }
  }

  private func serve(_ connection: Int32) {
    defer { close(connection) }
    var text = ""
    while !text.contains("\r\n\r\n") {
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return }
      text += String(decoding: buffer.prefix(count), as: UTF8.self)
    }
    let response = answer(remember(text))
    let head = (["HTTP/1.1 \(response.status)", "Connection: close"] + response.headers)
      .joined(separator: "\r\n")
    send(Data((head + "\r\n\r\n").utf8), to: connection)
    guard send(response.body, to: connection) else { return }
    // As fast as a network is, no faster: FoundationNetworking reads a socket that always has more without
    // heeding a cancel, and keeps what it reads.
    while response.isEndless {
      usleep(10_000)
      guard send(response.body, to: connection) else { return }
    }
    if response.silence > 0 { usleep(response.silence * 1000) }
  }

  private func remember(_ text: String) -> Request {
    let lines = text.split(separator: "\r\n")
    func header(_ name: String) -> String? {
      lines.first { $0.lowercased().hasPrefix(name + ":") }
        .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
    let path = lines.first?.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    let start = header("range").flatMap { Int($0.dropFirst("bytes=".count).dropLast()) }
    return requests.withLock {
      let request = Request(
        number: $0.count, path: path, start: start, acceptedEncoding: header("accept-encoding"))
      $0.append(request)
      return request
    }
  }

  /// Whether somebody took it.
  @discardableResult
  private func send(_ data: Data, to connection: Int32) -> Bool {
    var rest = Array(data)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Self.noSignal)
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}

extension MisbehavingServer.Response {
  /// A file whose length nobody says.
  package init(unannounced content: Data) { self.init(body: content) }

  /// A whole file, or what follows a byte of it; `sent` bytes of it at most come through.
  package static func file(_ content: Data, from start: Int? = nil, sent: Int = .max) -> Self {
    let rest = content.dropFirst(start ?? 0)
    var response = Self(headers: ["Content-Length: \(rest.count)"], body: rest.prefix(sent))
    if let start {
      response.status = "206 Partial Content"
      response.headers.append("Content-Range: bytes \(start)-\(content.count - 1)/\(content.count)")
    }
    return response
  }

  /// A status with a page that says so.
  package static func status(_ line: String, _ headers: [String] = []) -> Self {
    Self(status: line, headers: ["Content-Length: 5"] + headers, body: Data("sorry".utf8))
  }
}
