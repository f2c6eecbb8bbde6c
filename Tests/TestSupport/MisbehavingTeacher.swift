import Base
import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A real HTTP server on the loopback interface that answers as it is told, rightly or not.
package final class MisbehavingTeacher: Sendable {
  /// What it does with one request.
  package enum Act: Sendable {
    /// A right answer with this text.
    case answer(String)
    /// A right answer that was cut off at the limit of tokens.
    case truncated(String)
    /// Any status, with headers and a body.
    case status(Int, headers: [String: String] = [:], body: String = "{}")
    /// Status 200 with a body that is no completion.
    case garbage(String)
    /// The connection is closed in the middle of the body.
    case cut
    /// Blanks without end, in the size that a test says: the server stops when nobody takes them.
    case flood(megabytes: Int)
    /// The connection is closed before anything is sent.
    case hangUp
    /// A right answer, too late.
    case slow(seconds: Double, String)
  }

  /// What one request brought.
  package struct Request: Sendable {
    package let path: String
    package let headers: [String: String]
    package let body: JSONValue
  }

  private let socket: Int32
  private let port: UInt16
  private let received = Mutex<[Request]>([])
  private let flooded = Mutex(0)
  private let script: @Sendable (_ number: Int, _ request: Request) -> Act

  /// The requests so far, in the order of their coming; questions about models apart.
  package var requests: [Request] { received.withLock { $0 } }
  /// How many bytes of floods somebody has taken.
  package var floodedBytes: Int { flooded.withLock { $0 } }
  package var url: String { "http://127.0.0.1:\(port)/v1" }

  /// Starts the server.
  /// - Parameter script: what to do with each request, which are counted from 0.
  package init(_ script: @escaping @Sendable (_ number: Int, _ request: Request) -> Act) throws {
    self.script = script
    (socket, port) = try Self.listen()
    let thread = Thread { [self] in acceptAll() }
    thread.start()
  }

  /// Stops the server. Its thread holds it, so that `deinit` would come too late.
  package func stop() { shutdown(socket, Int32(SHUT_RDWR)) }

  private static func listen() throws -> (Int32, UInt16) {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) == 0 && Glibc.listen(socket, 64) == 0
          && getsockname(socket, $0, &length) == 0
      }
    }
    guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
    return (socket, UInt16(bigEndian: address.sin_port))
  }

  private func acceptAll() {
    while true {
      let connection = accept(socket, nil, nil)
      guard connection >= 0 else { break }
      let thread = Thread { [self] in
        serve(connection)
        close(connection)
      }
      thread.start()
    }
    close(socket)
  }

  private func serve(_ connection: Int32) {
    guard let request = Self.read(connection) else { return }
    if request.path.hasSuffix("/models") {
      return Self.send(connection, body: #"{"data": [{"id": "qwq", "owned_by": "vllm"}]}"#)
    }
    let number = received.withLock {
      $0.append(request)
      return $0.count - 1
    }
    perform(script(number, request), connection, isChat: request.path.contains("chat"))
  }

  private func perform(_ act: Act, _ connection: Int32, isChat: Bool) {
    switch act {
    case .answer(let text): Self.send(connection, body: Self.completion(text, "stop", isChat))
    case .truncated(let text): Self.send(connection, body: Self.completion(text, "length", isChat))
    case .status(let status, let headers, let body):
      Self.send(connection, status: status, headers: headers, body: body)
    case .garbage(let body): Self.send(connection, body: body)
    case .cut: Self.send(connection, body: "{\"choices\": [", claimedLength: 1000)
    case .hangUp: break
    case .flood(let megabytes): flood(connection, megabytes)
    case .slow(let seconds, let text):
      Thread.sleep(forTimeInterval: seconds)
      Self.send(connection, body: Self.completion(text, "stop", isChat))
    }
  }

  private func flood(_ connection: Int32, _ megabytes: Int) {
    let head = Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".utf8)
    _ = Glibc.send(connection, head, head.count, Int32(MSG_NOSIGNAL))
    let blanks = [UInt8](repeating: 0x20, count: 1 << 20)
    for _ in 0..<megabytes {
      let count = Glibc.send(connection, blanks, blanks.count, Int32(MSG_NOSIGNAL))
      guard count > 0 else { return }
      flooded.withLock { $0 += count }
      // What is faster than a network, FoundationNetworking keeps reading after a cancel.
      usleep(10_000)
    }
  }

  private static func completion(_ text: String, _ reason: String, _ isChat: Bool) -> String {
    let content: JSONValue =
      isChat
      ? ["message": ["content": .string(text)], "finish_reason": .string(reason)]
      : ["text": .string(text), "finish_reason": .string(reason)]
    return JSONValue.object(["choices": [content]]).text
  }

  private static func send(
    _ connection: Int32, status: Int = 200, headers: [String: String] = [:], body: String,
    claimedLength: Int? = nil
  ) {
    var text = "HTTP/1.1 \(status) Status\r\nContent-Type: application/json\r\n"
    text += "Content-Length: \(claimedLength ?? body.utf8.count)\r\nConnection: close\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    let bytes = Array((text + "\r\n" + body).utf8)
    _ = Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  private static func read(_ connection: Int32) -> Request? {
    var data = Data()
    let size = 65_536
    var piece = [UInt8](repeating: 0, count: size)
    while true {
      let count = recv(connection, &piece, size, 0)
      guard count > 0 else { return nil }
      data.append(contentsOf: piece[..<count])
      guard let end = data.range(of: Data("\r\n\r\n".utf8)) else { continue }
      let lines = String(decoding: data[..<end.lowerBound], as: UTF8.self)
        .components(separatedBy: "\r\n")
      var headers: [String: String] = [:]
      for line in lines.dropFirst() {
        guard let colon = line.firstIndex(of: ":") else { continue }
        headers[line[..<colon].lowercased()] =
          line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      }
      let body = data[end.upperBound...]
      guard body.count >= Int(headers["content-length"] ?? "0") ?? 0 else { continue }
      let path = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
      return Request(
        path: path, headers: headers, body: (try? JSONValue(parsing: Data(body))) ?? .null)
    }
  }
}
