import Foundation
import Model
import TestSupport
import Testing

/// The folders of reference numbers: the project's own, made by `make.py` there, and a larger one.
///
/// Nothing about them is fixed but the names of files and fields: models are found by their
/// config.json and may have any shape. The names of tests that read them hold the word Reference,
/// and those of no others, so that `swift test --filter Reference` runs exactly these.
enum ReferenceFolder {
  static let own = ProjectFolder.root.appending(path: "Tests/Fixtures/reference")

  /// `WARMUP_REFERENCE`, or `../shared/fixtures/reference` beside the package.
  private static let larger: URL = {
    if let named = ProcessInfo.processInfo.environment["WARMUP_REFERENCE"] {
      return URL(filePath: named)
    }
    return ProjectFolder.root.appending(path: "../shared/fixtures/reference").standardized
  }()

  /// All folders that must have models: a larger one that somebody names, or that is there.
  static let all: [URL] = {
    let isNamed = ProcessInfo.processInfo.environment["WARMUP_REFERENCE"] != nil
    return isNamed || has("") ? [own, larger] : [own]
  }()

  /// All models, by folder and name.
  static let models: [ReferenceModel] = all.flatMap { models(in: $0) }

  static func models(in folder: URL) -> [ReferenceModel] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().map { ReferenceModel(folder: folder.appending(path: $0)) }
      .filter { $0.has("config.json") }
  }

  /// The files of a name, in all folders that have one.
  static func files(_ name: String) -> [URL] {
    all.map { $0.appending(path: name) }
      .filter { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// A file of the larger folder.
  static func file(_ path: String) -> URL { larger.appending(path: path) }

  static func has(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: file(path).path)
  }

  /// The names in a JSON object of the larger folder; empty where there is none.
  static func keys(of path: String) -> [String] {
    (try? ReferenceJSON(file(path)))?.keys ?? []
  }
}

/// One model of the folder.
struct ReferenceModel: Sendable, CustomTestStringConvertible {
  let folder: URL

  var testDescription: String { folder.lastPathComponent }

  func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: name).path)
  }

  func tensors(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(contentsOf: folder.appending(path: name))
  }

  func json(_ name: String) throws -> ReferenceJSON {
    try ReferenceJSON(folder.appending(path: name))
  }

  func weights() throws -> Weights {
    let configuration = try ModelConfiguration(
      huggingFaceConfig: Data(contentsOf: folder.appending(path: "config.json")))
    return try Weights(configuration, huggingFaceFolder: folder)
  }

  func engine() throws -> TrainingEngine {
    TrainingEngine(weights: try weights(), pool: WorkerPool(threads: 2))
  }
}

/// A JSON value whose shape the test knows: what is not there reads as NaN, 0, "" or [].
struct ReferenceJSON {
  private let value: Any?

  init(_ url: URL) throws {
    value = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
  }

  private init(value: Any?) { self.value = value }

  subscript(key: String) -> ReferenceJSON {
    ReferenceJSON(value: (value as? [String: Any])?[key])
  }
  var keys: [String] { (value as? [String: Any])?.keys.sorted() ?? [] }
  var elements: [ReferenceJSON] { (value as? [Any])?.map { ReferenceJSON(value: $0) } ?? [] }
  var number: Double { (value as? NSNumber)?.doubleValue ?? .nan }
  var integer: Int { (value as? NSNumber)?.intValue ?? 0 }
  var text: String { value as? String ?? "" }
  var numbers: [Double] { elements.map(\.number) }
  var integers: [Int] { elements.map(\.integer) }

  /// The only value whose key begins so; nothing where there is none.
  func first(_ prefix: String) -> ReferenceJSON { self[keys.first { $0.hasPrefix(prefix) } ?? ""] }

  /// The value as JSON again.
  var data: Data {
    get throws { try JSONSerialization.data(withJSONObject: value ?? NSNull()) }
  }
}

extension SafetensorsFile {
  /// A tensor's shape; it must be there.
  func shape(_ name: String) throws -> [Int] { try #require(entries[name]).shape }
}

/// Logarithms of the softmax, in double precision.
func logSoftmax(_ logits: [Double]) -> [Double] {
  let largest = logits.max() ?? 0
  let logSum = largest + log(logits.reduce(0) { $0 + exp($1 - largest) })
  return logits.map { $0 - logSum }
}

/// The largest difference over the largest entry.
func relativeDifference(_ actual: [Float], _ expected: [Float]) -> Float {
  guard actual.count == expected.count else { return .infinity }
  var difference: Float = 0
  for (a, b) in zip(actual, expected) {
    guard a.isFinite else { return .infinity }
    difference = max(difference, abs(a - b))
  }
  let largest = expected.map(abs).max() ?? 0
  return difference == 0 ? 0 : difference / largest
}
