import Foundation

/// How the weights of a model are divided into safetensors files: in the order of its layout, each as
/// full as it may be. A tensor that is larger has one to itself.
struct WeightShards {
  /// The tensors of each file.
  private let parts: [[ParameterLayout.Placement]]
  private let precision: Precision

  /// - Parameter bytes: the most that a file may hold beside its header.
  init(_ layout: ParameterLayout, _ precision: Precision, atMost bytes: Int) {
    var parts: [[ParameterLayout.Placement]] = []
    var room = 0
    for entry in layout.entries {
      let size = entry.count * precision.byteCount
      if parts.isEmpty || size > room {
        parts.append([])
        room = bytes
      }
      parts[parts.count - 1].append(entry)
      room -= size
    }
    self.parts = parts
    self.precision = precision
  }

  /// The names of the files, as transformers gives them.
  private var names: [String] {
    if parts.count == 1 { return [ModelFolder.weights] }
    return parts.indices.map {
      String(format: "model-%05d-of-%05d.safetensors", $0 + 1, parts.count)
    }
  }

  /// Writes the files, and their index where there are several. What an earlier model left in their
  /// place goes: readers would take it for this one's.
  /// - Returns: the names of what was written.
  func write(_ source: any TensorSource, to folder: URL) throws -> [String] {
    for (name, tensors) in zip(names, parts) {
      try SafetensorsWriter.write(
        tensors, of: source, as: precision, to: folder.appending(path: name))
    }
    let isSharded = parts.count > 1
    let other = folder.appending(path: isSharded ? ModelFolder.weights : ModelFolder.index)
    if isThere(other) { try FileManager.default.removeItem(at: other) }
    guard isSharded else { return names }
    try index.write(to: folder.appending(path: ModelFolder.index), options: .atomic)
    return names + [ModelFolder.index]
  }

  private var index: Data {
    let count = parts.joined().reduce(0) { $0 + $1.count }
    let entries = zip(names, parts).flatMap { name, tensors in
      tensors.map { (key: $0.name, value: JSONText.quoted(name)) }
    }
    let metadata =
      "{\"total_parameters\": \(count), \"total_size\": \(count * precision.byteCount)}"
    return Data(
      JSONText.object([
        ("metadata", metadata), ("weight_map", JSONText.object(entries)),
      ]).utf8)
  }
}
