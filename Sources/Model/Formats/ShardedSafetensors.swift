import Foundation

/// The safetensors of a folder: model.safetensors, or else the shards that an index names, as in
/// transformers.
package struct ShardedSafetensors: TensorSource {
  package let path: String
  private var files: [String: SafetensorsFile] = [:]
  /// Tensors that are stored under another name.
  private var storedNames: [String: String] = [:]

  /// Opens the files of a folder.
  /// - Throws: `ModelImportError` or `SafetensorsError`.
  package init(folder: URL, _ configuration: ModelConfiguration) throws {
    path = folder.path
    let names = try fileNames(in: folder)
    if names.contains(ModelFolder.weights) {
      let file = try SafetensorsFile(contentsOf: folder.appending(path: ModelFolder.weights))
      for name in file.names { files[name] = file }
    } else if names.contains(ModelFolder.index) {
      try readShards(folder.appending(path: ModelFolder.index), in: folder)
    } else {
      throw try ModelFolder.problem(in: folder)
    }
    // Old llama checkpoints store the rotary frequencies, which follow from the configuration.
    for name in files.keys where name.hasSuffix("rotary_emb.inv_freq") { files[name] = nil }
    if configuration.tiedEmbeddings { takeTiedHead() }
  }

  package var shapes: [String: [Int]] {
    files.reduce(into: [:]) {
      $0[$1.key] = $1.value.entries[storedNames[$1.key] ?? $1.key]?.shape
    }
  }

  package func format(of name: String) throws -> ElementFormat {
    try file(name).format(of: storedNames[name] ?? name)
  }

  package func read(
    _ name: String, rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>
  ) throws {
    let (file, stored) = (try file(name), storedNames[name] ?? name)
    let width = file.entries[stored]?.shape.last ?? 1
    try file.read(stored, from: rows.lowerBound * width, into: output)
  }

  private func file(_ name: String) throws -> SafetensorsFile {
    guard let file = files[name] else {
      throw SafetensorsError.missing(path: path, tensor: name)
    }
    return file
  }

  /// Takes the output layer for the embedding that it is tied to where only that one is stored.
  private mutating func takeTiedHead() {
    let (embedding, head) = ("model.embed_tokens.weight", "lm_head.weight")
    guard files[embedding] == nil, let file = files[head] else { return }
    files[embedding] = file
    files[head] = nil
    storedNames[embedding] = head
  }

  private mutating func readShards(_ index: URL, in folder: URL) throws {
    let map = try ModelFolder.shards(of: index)
    for shard in Set(map.values).sorted() {
      let place = folder.appending(path: shard)
      guard isThere(place) else {
        throw ModelImportError.unreadable(
          path: place.path,
          reason: "there is no such file, though \(index.lastPathComponent) names "
            + "it; fetch the shards that are missing")
      }
      let file = try SafetensorsFile(contentsOf: place)
      let promised = Set(map.filter { $0.value == shard }.keys)
      if let name = promised.subtracting(file.names).min() {
        throw ModelImportError.tensors(
          path: file.path,
          problem: "\(index.lastPathComponent) says that it holds '\(name)', which it does not")
      }
      if let name = Set(file.names).subtracting(promised).min() {
        let other = map[name].map { "finds in \($0)" } ?? "does not name"
        throw ModelImportError.tensors(
          path: file.path, problem: "it holds '\(name)', which \(index.lastPathComponent) \(other)")
      }
      for name in file.names { files[name] = file }
    }
  }
}
