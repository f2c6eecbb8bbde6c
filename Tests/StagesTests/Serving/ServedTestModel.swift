import Base
import Foundation
import Model
import Runner
import Stages
import Synchronization
import TestSupport

#if canImport(Glibc)
  import Glibc
#endif

/// Tiny models that say different things, each in a Hugging Face folder.
struct VariedModel {
  /// Where the folder lies.
  let folder: ScratchFolder
  static let name = "varied"

  init(seed: UInt64 = 1) throws {
    folder = try ScratchFolder()
    let tokenizer = try TrainingFixtures.tokenizer()
    let configuration = ModelConfiguration(
      architecture: .llama, vocabularySize: tokenizer.vocabularySize, hiddenSize: 16,
      intermediateSize: 24, layerCount: 2, headCount: 2, keyValueHeadCount: 1, headSize: 8,
      contextLength: 1024, ropeTheta: 10_000, normEpsilon: 1e-5, tiedEmbeddings: false,
      attentionBias: false, endTokens: [0])
    let weights = Weights(configuration)
    var stream = RandomStream(seed: seed, "varied")
    // Large enough that the likeliest token is so by far and hardly ever the same.
    weights.buffer[0..<weights.buffer.count] = (0..<weights.buffer.count).map { _ in
      0.5 * Float(stream.normal())
    }
    try HuggingFaceExport.write(weights, tokenizer: tokenizer, to: folder.file(Self.name))
  }

  func artifact() throws -> ModelArtifact {
    let url = folder.file(Self.name)
    return try ModelArtifact(OpenedModel(ModelSource(contentsOf: url), from: url, as: .float32))
  }
}

/// This program's own server in the process of a test, which answers rightly unless told otherwise.
final class ServedTestModel: Sendable {
  /// Answers a request in another way, or says that it does not.
  typealias Meddling =
    @Sendable (_ number: Int, _ request: HTTPRequest, _ connection: HTTPConnection) -> Bool

  private let interruption = Interruption()
  private let server: HTTPServer
  private let log = RequestLog()

  /// The bodies of the requests for completions so far.
  var requests: [JSONValue] { log.bodies.withLock { $0 } }
  /// Those among them that are no probes.
  var evaluations: [JSONValue] { requests.filter { $0["logprobs"] == nil } }
  var url: String { server.url + "/v1" }
  var port: UInt16 { server.port }

  init(
    _ model: ModelArtifact, limits: HTTPLimits = HTTPLimits(),
    meddling: @escaping Meddling = { _, _, _ in false }
  ) throws {
    let engine = ModelServer(name: "varied", model.vocabulary, batchSize: 8)
    let service = CompletionsService(engine, isLocal: true)
    server = try HTTPServer(host: "127.0.0.1", port: 0, limits: limits) {
      [log] request, connection in
      let number = log.bodies.withLock { asked in
        guard request.path.hasSuffix("/completions") else { return -1 }
        asked.append((try? JSONValue(parsing: request.body)) ?? .null)
        return asked.count - 1
      }
      if number >= 0, meddling(number, request, connection) { return }
      service.answer(request, connection)
    }
    let (interruption, server) = (interruption, server)
    Thread.detachNewThread { server.run(until: interruption) }
    let pool = WorkerPool(threads: 1)
    Thread.detachNewThread {
      engine.run(model, precision: .float32, pool: pool, until: interruption)
    }
  }

  deinit { interruption.request() }

  /// Sends bytes as they are and takes all that comes back, as text.
  func send(_ text: String, thenCloses: Bool = false) throws -> String {
    try RawRequest.send(text, port: server.port, thenCloses: thenCloses)
  }

  /// Posts JSON, or what should be.
  func post(_ body: String, headers: [String] = []) throws -> (status: Int, body: String) {
    let head = ["POST /v1/completions HTTP/1.1", "Content-Length: \(body.utf8.count)"] + headers
    let answer = try send(head.joined(separator: "\r\n") + "\r\n\r\n" + body)
    let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1)
    let status = answer.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return (status, parts.count == 2 ? String(parts[1]) : "")
  }

  /// Asks for completions.
  func complete(_ fields: [String: JSONValue]) throws -> JSONValue {
    let (status, body) = try post(JSONValue.object(fields).text)
    guard status == 200 else { throw StageError.failed(body) }
    return try JSONValue(parsing: Data(body.utf8))
  }
}

private final class RequestLog: Sendable {
  let bodies = Mutex<[JSONValue]>([])
}

/// Requests as bytes, right or wrong, to a server on this machine.
enum RawRequest {
  /// A connection that says nothing yet.
  static func connect(port: UInt16) throws -> Int32 {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    address.sin_port = port.bigEndian
    let isConnected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else {
      close(socket)
      throw POSIXError(.ECONNREFUSED)
    }
    return socket
  }

  /// Sends bytes as they are and takes all that comes back, as text.
  static func send(_ text: String, port: UInt16, thenCloses: Bool = false) throws -> String {
    let socket = try connect(port: port)
    defer { close(socket) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      // MSG_NOSIGNAL: it may have answered before all was sent.
      let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, 0x4000) }
      if count <= 0 { break }
      rest = rest.dropFirst(count)
    }
    if thenCloses { shutdown(socket, Int32(SHUT_WR)) }
    var answer = Data()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = recv(socket, &buffer, buffer.count, 0), count > 0 {
      answer += buffer[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }
}
