import Base
import Foundation
import Synchronization

/// Runs a recipe's own verifier in the sandbox.
struct ProcessRun {
  private let verifier: ProcessVerifier
  private let rules: GradingRules
  private let sandbox: Sandbox

  init(_ verifier: ProcessVerifier, _ rules: GradingRules) throws {
    self.verifier = verifier
    self.rules = rules
    sandbox = try Sandbox.locate()
    try sandbox.refuseWeakness(rules.sandbox)
  }

  /// The verdicts of each batch.
  /// - Throws: `ProcessTaskError` or `SandboxError`.
  func verdicts(on batches: [[GradingItem]]) throws -> [[Verdict]] {
    let folder = try staged()
    defer { try? FileManager.default.removeItem(at: folder) }
    let results = Mutex([Int: Result<[Verdict], any Error>]())
    let next = Atomic<Int>(0)
    let threads = max(1, min(rules.threads, batches.count))
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      var lane: SandboxLane?
      while case let index = next.wrappingAdd(1, ordering: .relaxed).oldValue, index < batches.count
      {
        let result = Result { try verdicts(on: batches[index], in: folder, &lane) }
        results.withLock { $0[index] = result }
        if case .failure = result { next.store(batches.count, ordering: .relaxed) }
      }
    }
    let all = results.withLock { $0 }
    // The first failure by number, whichever thread met one first.
    for index in batches.indices { if case .failure(let error)? = all[index] { throw error } }
    return try batches.indices.map { try all[$0]?.get() ?? [] }
  }

  /// A folder with the command's files, for as long as they are needed.
  private func staged() throws -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "warmup-verifier-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
    for (name, text) in verifier.files {
      let file = folder.appending(path: name)
      try Data(text.utf8).write(to: file)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }
    return folder
  }

  private func verdicts(
    on items: [GradingItem], in folder: URL, _ lane: inout SandboxLane?
  ) throws -> [Verdict] {
    let used = try lane ?? sandbox.lane(for: Self.harness, reading: folder.path, rules.limits)
    lane = used
    let input = items.map { item in
      var line = item.row
      line["id"] = .string(item.id)
      line["completion"] = .string(item.completion)
      return JSONValue.object(line).text + "\n"
    }
    let job: JSONValue = [
      "command": .array(try command(in: folder).map { .string($0) }),
      "folder": .string(folder.path),
      "variables": .object(variables.mapValues { .string($0) }), "input": .string(input.joined()),
      "seconds": .integer(verifier.seconds),
    ]
    let wall = UInt32(clamping: verifier.seconds * 4000)
    let reply = try used.judge(Data(job.text.utf8), wallMilliseconds: wall)
    if reply == "timeout" { throw ProcessTaskError.timedOut(seconds: verifier.seconds) }
    if reply == "flooded" { throw ProcessTaskError.flooded }
    guard reply.hasPrefix("ended "), let end = reply.firstIndex(of: "\n"),
      let status = Int(reply[..<end].dropFirst("ended ".count))
    else { throw SandboxError.refused(reason: reply) }
    let text = String(reply[reply.index(after: end)...])
    guard status == 0 else { throw ProcessTaskError.ended(status: status, said: text) }
    return try Self.verdicts(in: text, for: items.map(\.id))
  }

  private func command(in folder: URL) throws -> [String] {
    let words = verifier.command.map { word in
      verifier.files[word] == nil ? word : folder.appending(path: word).path
    }
    guard let first = words.first else { throw ProcessTaskError.noCommand("") }
    if first == "python3" { return [sandbox.python.executable, "-B"] + words.dropFirst() }
    guard first.hasPrefix("/") else { throw ProcessTaskError.noCommand(first) }
    return words
  }

  private var variables: [String: String] {
    sandbox.environment.merging(["WARMUP_USE": rules.use.rawValue]) { $1 }
  }

  private static let harness = String(decoding: PackageResources.process_py, as: UTF8.self)

  /// Reads a line for each id, in whatever order.
  /// - Throws: `ProcessTaskError`.
  static func verdicts(in text: String, for ids: [String]) throws -> [Verdict] {
    var found: [[UInt8]: Verdict] = [:]
    let known = Set(ids.map { Array($0.utf8) })
    for line in Data(text.utf8).split(separator: 0x0A) {
      let shown = String(decoding: line, as: UTF8.self)
      if shown.isBlank { continue }
      func problem(_ words: String) -> ProcessTaskError { .line(shown, problem: words) }
      guard let json = try? JSONValue(parsing: Data(line)), json.object != nil else {
        throw problem("it is not a JSON object")
      }
      guard let id = json["id"]?.string, known.contains(Array(id.utf8)) else {
        throw problem("its 'id' is none that it was given")
      }
      guard let word = json["verdict"]?.string, let outcome = Outcome(rawValue: word) else {
        let words = Outcome.allCases.map(\.rawValue).joined(separator: ", ")
        throw problem("its 'verdict' must be one of \(words)")
      }
      let number = json["number"] ?? .null
      guard number == .null || number.number?.isFinite == true else {
        throw problem("its 'number' is none")
      }
      let extracted = json["extracted"] ?? .null
      guard extracted == .null || extracted.string != nil else {
        throw problem("its 'extracted' is not text")
      }
      let verdict = Verdict(outcome, extracted: extracted.string, number: number.number)
      guard found.updateValue(verdict, forKey: Array(id.utf8)) == nil else {
        throw problem("the id has a verdict already")
      }
    }
    let missing = ids.filter { found[Array($0.utf8)] == nil }
    guard missing.isEmpty else { throw ProcessTaskError.missing(ids: missing, of: ids.count) }
    return ids.compactMap { found[Array($0.utf8)] }
  }
}
