import Base
import Foundation
import HDF5
import Model
import Runner

/// A model of which all is known but the weights, which are read some rows at a time, wherever they
/// lie: in an artifact of either form, in a file or folder from outside, or in memory. Stages hand
/// models on through it, so that the memory that this takes does not grow with the model.
///
/// An artifact has its weights in its HDF5 file; or, where they are large or not in float32, as
/// *shards*: then its folder is a Hugging Face folder, and the HDF5 file lists that folder's files
/// (`ModelFiles`).
package struct OpenedModel: Sendable {
  let configuration: ModelConfiguration
  var tokenizer: Tokenizer
  let chatTemplate: String?
  /// On which problems it, or a model that it was trained from, was chosen among others.
  package var selections: [ModelSelection] = []
  /// The adapters that are merged into the weights, where the last training was one of adapters.
  package private(set) var mergedAdapters: Adapters?
  package let tensors: any TensorSource
  /// In which the weights are stored where they are handed on.
  package let precision: Precision

  /// Pairs what describes a model with its weights.
  /// - Throws: `StageError.failed` when the tokenizer has ids that the embedding lacks.
  private init(
    _ configuration: ModelConfiguration, _ tokenizer: Tokenizer, chatTemplate: String?,
    _ tensors: any TensorSource, _ precision: Precision
  ) throws {
    try tokenizer.check(against: configuration)
    self.configuration = configuration
    self.tokenizer = tokenizer
    self.chatTemplate = chatTemplate
    self.tensors = tensors
    self.precision = precision
  }

  /// A model that somebody else made, of a file or folder.
  /// - Throws: `StageError.failed` for one without a tokenizer.
  package init(_ source: ModelSource, from file: URL, as precision: Precision) throws {
    guard let tokenizer = source.tokenizer else {
      throw StageError.failed("\(file.lastPathComponent) holds no tokenizer; use another file")
    }
    try source.tensors.checkTiedHead(of: source.configuration)
    try self.init(
      source.configuration, tokenizer, chatTemplate: source.chatTemplate, source.tensors, precision)
  }

  /// A model in memory.
  /// - Parameter adapters: What is to be merged into its weights.
  package init(_ model: ModelArtifact, merging adapters: Adapters? = nil) throws {
    try self.init(
      model.weights.configuration, model.tokenizer, chatTemplate: model.chatTemplate,
      WeightsInMemory(model.weights, merging: adapters), .float32)
    selections = model.selections
    mergedAdapters = adapters ?? model.mergedAdapters
  }

  /// Opens the model of an artifact or a checkpoint.
  /// - Throws: `StageError.failed` where a part of it is missing or does not belong to it, and what
  ///   reading throws.
  package init(contentsOf file: URL) throws {
    let source = try HDF5Reader(file)
    let configuration = try ModelConfiguration(
      huggingFaceConfig: Data(try source.readText("/config").utf8))
    let tensors: any TensorSource
    if let files = try ModelFiles(listedIn: source) {
      try files.check()
      tensors = try ShardedSafetensors(folder: files.folder, configuration)
    } else {
      tensors = try HDF5Tensors(source)
    }
    let layout = ParameterLayout(configuration)
    try tensors.check(against: layout)
    let formats = try layout.entries.map { try tensors.format(of: $0.name) }
    try self.init(
      configuration, Tokenizer(huggingFace: Data(try source.readText("/tokenizer").utf8)),
      chatTemplate: try source.exists("/chat_template") ? source.readText("/chat_template") : nil,
      tensors, formats.allSatisfy { $0 == .bfloat16 } ? .bfloat16 : .float32)
    selections = try ModelSelection.all(in: source)
    mergedAdapters = try Adapters(from: source, configuration)
  }

  /// The same model with other weights, in float32, which somebody else has trained.
  /// - Throws: what `tensors` is missing, or has that is not finite.
  func with(_ tensors: any TensorSource) throws -> OpenedModel {
    try tensors.checkTiedHead(of: configuration)
    try tensors.check(against: ParameterLayout(configuration))
    var other = try OpenedModel(
      configuration, tokenizer, chatTemplate: chatTemplate, tensors, .float32)
    other.selections = selections
    return other
  }

  /// The weights in memory.
  /// - Parameters:
  ///   - layers: How the blocks' linear layers are held.
  ///   - rounded: Takes how many weights were rounded to another number.
  /// - Throws: `ModelImportError.notFinite`, `MemoryNeedError`, and what reading throws.
  func weights(layers: Precision, rounded: (Int) -> Void) throws -> Weights {
    try MemoryLimit.check(
      ParameterLayout(configuration, layers: layers).byteCount, of: "the model",
      for: "its weights", advice: MemoryNeed.advice)
    return try Weights(configuration, from: tensors, layers: layers, rounded: rounded)
  }
}

extension OpenedModel {
  /// Whether an artifact of a model has shards.
  /// - Parameter shardBytes: the most bytes of float32 weights that its HDF5 file would hold.
  static func isSharded(
    _ configuration: ModelConfiguration, _ precision: Precision,
    shardBytes: Int = HuggingFaceExport.shardBytes
  ) -> Bool {
    precision != .float32 || 4 * ParameterLayout(configuration).count > shardBytes
  }

  /// Writes the model as an artifact: an HDF5 file, and shards beside it where it is large or not in
  /// float32.
  /// - Parameter shardBytes: the most bytes of weights in a file, where not a single tensor has more.
  /// - Throws: what reading and writing throw; also where a number is infinite or none.
  package func write(to file: URL, shardBytes: Int = HuggingFaceExport.shardBytes) throws {
    guard Self.isSharded(configuration, precision, shardBytes: shardBytes) else {
      return try HDF5File.create(file) { try write(to: $0) }
    }
    let folder = file.deletingLastPathComponent()
    let names = try export(to: folder, shardBytes: shardBytes)
    let files = try ModelFiles(names, in: folder)
    try HDF5File.create(file) {
      try writeDescription(to: $0)
      try files.write(to: $0)
    }
  }

  /// Writes the model with its weights into an open HDF5 file.
  func write(to target: HDF5File) throws {
    try writeDescription(to: target)
    for entry in ParameterLayout(configuration).entries {
      try tensors.forEachPiece(of: entry, atMost: .max) {
        try target.write(
          UnsafeBufferPointer($0), to: "\(HDF5Tensors.group)/\(entry.name)", shape: entry.shape)
      }
    }
  }

  private func writeDescription(to target: HDF5File) throws {
    try target.setAttribute("type", .string("Model"))
    try target.write(
      strings: [String(decoding: configuration.huggingFaceConfig, as: UTF8.self)], to: "/config")
    try target.write(
      strings: [String(decoding: tokenizer.huggingFace, as: UTF8.self)], to: "/tokenizer")
    try ModelSelection.write(selections, to: target)
    if let chatTemplate { try target.write(strings: [chatTemplate], to: "/chat_template") }
    try mergedAdapters?.write(to: target)
  }

  /// Writes the model as a Hugging Face folder.
  /// - Returns: the names of the files.
  /// - Throws: what reading and writing throw; also where a number is infinite or none.
  @discardableResult
  package func export(
    to folder: URL, shardBytes: Int = HuggingFaceExport.shardBytes
  ) throws -> [String] {
    try HuggingFaceExport.write(
      tensors, configuration, as: precision, tokenizer: tokenizer, chatTemplate: chatTemplate,
      shardBytes: shardBytes, to: folder)
  }
}

/// The weights in the HDF5 file of an artifact or a checkpoint.
private struct HDF5Tensors: TensorSource {
  static let group = "/model"
  private let file: HDF5Reader
  let shapes: [String: [Int]]

  init(_ file: HDF5Reader) throws {
    self.file = file
    shapes = try file.members(of: Self.group).reduce(into: [:]) {
      $0[$1] = try file.describe("\(Self.group)/\($1)").shape
    }
  }

  var path: String { file.url.path }

  func format(of name: String) throws -> ElementFormat { .float32 }

  func read(
    _ name: String, rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>
  ) throws {
    let shape = shapes[name] ?? []
    let isVector = shape.count < 2
    try file.read(
      "\(Self.group)/\(name)", into: output,
      block: isVector
        ? nil
        : HDF5Block(start: [rows.lowerBound, 0], shape: [rows.count, shape[1]]))
  }
}
