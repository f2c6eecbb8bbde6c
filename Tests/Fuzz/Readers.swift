import Base
import Foundation
import HDF5
import Model
import Reports
import Runner
import Stages
import Tasks

/// What is read of strangers.
enum Format: String, CaseIterable {
  /// The packed file as it is.
  case pack
  /// A file inside a packed one, under a record and a seal that fit it.
  case packedFile = "packed_file"
  case table, model, gguf, safetensors, tokenizer, config, parquet, jsonl, yaml

  var isText: Bool { [.tokenizer, .config, .jsonl, .yaml].contains(self) }
}

/// Reads changed files as the program does.
struct Readers {
  let format: Format
  let seeds: [SeedFile]
  /// A folder for what must lie in a file.
  let scratch: URL
  /// The files inside packed ones: where each lies in the seed's bytes, and its SHA-256 there.
  private var inner: [[(range: Range<Int>, sha256: String)]] = []

  init(_ format: Format, _ seeds: Seeds, scratch: URL) throws {
    self.format = format
    self.scratch = scratch
    self.seeds = try seeds.files(of: format)
    if self.seeds.isEmpty { throw FuzzError("there are no files of the format \(format)") }
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    if format == .packedFile { inner = try self.seeds.map(innerFiles) }
    if format == .config {
      for name in ["model.safetensors", "tokenizer.json"] {
        let source = seeds.folder.appending(path: "model/\(name)")
        try Data(contentsOf: source).write(to: scratch.appending(path: name))
      }
    }
  }

  /// Where the files of a packed file lie that are not compressed.
  private func innerFiles(_ seed: SeedFile) throws -> [(range: Range<Int>, sha256: String)] {
    let file = scratch.appending(path: "seed.h5")
    let whole = Data(seed.bytes)
    try whole.write(to: file)
    let packed = try HDF5Reader(file)
    return try packed.members(of: "/artifacts").flatMap { key in
      try packed.members(of: "/artifacts/\(key)").compactMap { name in
        let content = Data(try packed.read("/artifacts/\(key)/\(name)", as: UInt8.self))
        guard name.hasSuffix(".h5"), let range = whole.range(of: content) else { return nil }
        return (range.lowerBound..<range.upperBound, SHA256Digest.hex(of: content))
      }
    }
  }

  /// The bytes of a case.
  func bytes(of number: Int, seed: UInt64) -> [UInt8] {
    var mutator = Mutator(random: CaseRandom(seed: seed, number: number))
    let index = Int.random(in: seeds.indices, using: &mutator.random)
    let other = seeds[Int.random(in: seeds.indices, using: &mutator.random)]
    guard format == .packedFile, let part = inner[index].randomElement(using: &mutator.random)
    else { return mutator.changed(seeds[index], other: other, isText: format.isText) }
    var bytes = mutator.changed(
      seeds[index], other: other, isText: false, keepsLength: true, in: part.range)
    let (old, new) = (Array(part.sha256.utf8), SHA256Digest.hex(of: Data(bytes[part.range])))
    var start = 0
    while let place = Data(bytes).range(of: Data(old), in: start..<bytes.count)?.lowerBound {
      bytes.replaceSubrange(place..<place + old.count, with: Array(new.utf8))
      start = place + old.count
    }
    return bytes
  }

  /// Reads a case.
  /// - Throws: what the program says of it.
  func read(_ bytes: [UInt8]) throws {
    let data = Data(bytes)
    func file(_ name: String) throws -> URL {
      let file = scratch.appending(path: name)
      try data.write(to: file)
      return file
    }
    switch format {
    case .pack, .packedFile: try readPack(file("x.warmup.h5"))
    case .table: try readTable(file("x.h5"))
    case .model: _ = try ModelArtifact(contentsOf: file("x.h5"))
    case .gguf: _ = try ImportedModel(contentsOf: file("x.gguf"))
    case .safetensors:
      let tensors = try SafetensorsFile(contentsOf: file("x.safetensors"))
      for name in tensors.names { _ = try tensors.floats(name) }
    case .tokenizer:
      let tokenizer = try Tokenizer(huggingFace: data)
      let tokens = tokenizer.encode("Hello 12345 wörld, def f(x):\n  return x  <|im_end|>")
      _ = tokenizer.decode(tokens)
    case .config:
      _ = try file("config.json")
      _ = try ImportedModel(contentsOf: scratch)
    case .parquet: try readRows(file("x.parquet"))
    case .jsonl: try readRows(file("x.jsonl"))
    case .yaml: _ = try Recipe.load(file("x.yaml"), overrides: [], registry: .standard)
    }
  }

  private func readPack(_ file: URL) throws {
    try? PackSeal.close(file)
    let opened = try PackedFile(checking: file).opened(.standard)
    let recipe = try opened.experiment.recipe(registry: .standard)
    let plan = opened.experiment.plan(recipe.instances, values: ResultTables().values)
    try RecipeReport(recipe, plan).write(to: scratch.appending(path: "report"))
  }

  private func readTable(_ file: URL) throws {
    try HDF5Reader(file).check()
    let table = try RowTable(contentsOf: file)
    _ = table.rows
    guard let scores = ProblemScores(Scores(table), isGreedy: false) else { return }
    for name in ProblemScores.names + ["pass@1", "pass@2"] { _ = scores.values(name) }
  }

  private func readRows(_ file: URL) throws {
    let content = try DatasetFile([file])
    for task in DatasetTask.allCases where task != .process {
      let definition = try TaskDefinitions.named(task.rawValue)
      guard let rows = try? ColumnMapping([:], task: task).apply(to: content) else { continue }
      for row in rows { _ = try definition.checked(row.fields) }
    }
  }
}
