import Foundation

/// The files of a Hugging Face folder that are read, and no others: a folder with the same ones is the
/// same model.
package enum ModelFolder {
  static let weights = "model.safetensors"
  static let index = "model.safetensors.index.json"

  /// Names of the files that are read, as far as they are there, sorted by their bytes. Links are
  /// followed.
  /// - Throws: `ModelImportError.unreadable`.
  package static func filesRead(in folder: URL) throws -> [String] {
    let names = try fileNames(in: folder)
    var read = ["config.json", "generation_config.json", "chat_template.jinja"]
    read += TokenizerSettings.files
    if names.contains("tokenizer.json") {
      read.append("tokenizer.json")
    } else if names.isSuperset(of: ["vocab.json", "merges.txt"]) {
      read += ["vocab.json", "merges.txt"]
    } else {
      read += names.filter { $0.hasSuffix(".tiktoken") }
    }
    if names.contains(weights) {
      read.append(weights)
    } else if names.contains(index) {
      let file = folder.appending(path: index).resolvingSymlinksInPath()
      let type = try? FileManager.default.attributesOfItem(atPath: file.path)[.type]
      // A pipe would never end; whoever reads the file refuses it.
      let isFile = type as? FileAttributeType == .typeRegular
      let map = isFile ? try? shards(of: file) : nil
      read += [index] + Set(map?.values.map(\.self) ?? [])
    }
    return Set(read).filter {
      names.contains($0)
        && FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
    }
    .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// What is worth knowing of a folder that is read: what was left alone.
  package static func note(on folder: URL) throws -> String? {
    guard try fileNames(in: folder).isSuperset(of: [weights, index]) else { return nil }
    return "\(weights) was read, as transformers does; \(index) and its shards were left alone"
  }

  /// Which file holds each tensor, as an index says.
  /// - Throws: `ModelImportError`.
  static func shards(of index: URL) throws -> [String: String] {
    struct Index: Decodable {
      let shards: [String: String]

      enum CodingKeys: String, CodingKey { case shards = "weight_map" }
    }
    guard let map = try? JSONDecoder().decode(Index.self, from: try contents(of: index)).shards
    else {
      throw ModelImportError.unreadable(path: index.path, reason: "it has no 'weight_map'")
    }
    if let odd = map.values.sorted().first(where: { $0.contains("/") }) {
      throw ModelImportError.unreadable(
        path: index.path, reason: "the shard '\(odd)' lies in another folder")
    }
    return map
  }

  /// Why a folder has no weights that are read.
  static func problem(in folder: URL) throws -> ModelImportError {
    let names = try fileNames(in: folder)
    func first(_ matches: (String) -> Bool) -> String? { names.sorted().first(where: matches) }
    if let pickled = first({ name in
      [".bin", ".pt", ".pth", ".ckpt"].contains { name.hasSuffix($0) }
    }) {
      return .unreadable(
        path: folder.appending(path: pickled).path,
        reason: "such files are programs of Python's pickle, which may do anything when they are "
          + "opened, and are not read. Take a revision with safetensors (many repositories have one "
          + "among their pull requests, by SFconvertbot: 'hf download REPOSITORY --revision "
          + "refs/pr/NUMBER'), or convert the folder where you trust it: "
          + "python3 -c \"from transformers import AutoModelForCausalLM as m; "
          + "m.from_pretrained('FOLDER', torch_dtype='auto').save_pretrained('NEW')\"")
    }
    let others = [".h5", ".msgpack", ".onnx"]
    if let file = first({ name in others.contains { name.hasSuffix($0) } }) {
      return .unreadable(
        path: folder.path,
        reason: "it holds no safetensors; \(file) is of another program, so fetch "
          + "the model's safetensors")
    }
    if let file = first({ $0.hasSuffix(".gguf") }) {
      return .unreadable(
        path: folder.path, reason: "it holds no safetensors; name the file \(file) itself")
    }
    return .unreadable(
      path: folder.appending(path: weights).path, reason: "there is no such file")
  }
}

/// The names of what lies in a folder.
func fileNames(in folder: URL) throws -> Set<String> {
  do {
    return Set(
      try FileManager.default.contentsOfDirectory(atPath: folder.resolvingSymlinksInPath().path))
  } catch {
    throw ModelImportError.unreadable(path: folder.path, reason: readingProblem(error))
  }
}

/// Whether a file is there. A link to nowhere is, so that reading it says so.
func isThere(_ file: URL) -> Bool {
  FileManager.default.fileExists(atPath: file.path)
    || (try? FileManager.default.destinationOfSymbolicLink(atPath: file.path)) != nil
}

/// The bytes of a file of a model.
/// - Throws: `ModelImportError.unreadable`, also for a file that is something else.
func contents(of file: URL, mayBeEmpty: Bool = false) throws -> Data {
  let data: Data
  do {
    data = try Data(contentsOf: file, options: .mappedIfSafe)
  } catch {
    throw ModelImportError.unreadable(path: file.path, reason: readingProblem(error, at: file))
  }
  if let found = ForeignContent(data), !(found == .empty && mayBeEmpty) {
    throw ModelImportError.unreadable(path: file.path, reason: found.sentence)
  }
  return data
}

/// Why a file could not be read, as short as possible.
func readingProblem(_ error: any Error, at file: URL? = nil) -> String {
  if let file, let target = try? FileManager.default.destinationOfSymbolicLink(atPath: file.path),
    !FileManager.default.fileExists(atPath: file.path)
  {
    return
      "it is a link to \(target), which leads nowhere or round in a circle; fetch the file anew"
  }
  if let problem = error as? StoredBytes.Problem { return problem.reason }
  if (error as? CocoaError)?.code == .fileReadNoSuchFile { return "there is no such file" }
  let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
  guard let cause = cause.map({ $0 as NSError }), cause.domain == NSPOSIXErrorDomain else {
    return "it is not a file with content"
  }
  return String(cString: strerror(Int32(cause.code)))
}

/// What a file of a model is that is something else: downloads go wrong in a few ways.
enum ForeignContent {
  case empty, pointer, page, archive, compressed, parquet, pickle

  init?(_ data: Data) {
    let start = data.prefix(512)
    func begins(_ bytes: [UInt8]) -> Bool { start.starts(with: bytes) }
    let text = String(decoding: start, as: UTF8.self)
      .drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
    if data.isEmpty {
      self = .empty
    } else if begins(Array("version https://git-lfs".utf8)) {
      self = .pointer
    } else if text.hasPrefix("<!doctype") || text.hasPrefix("<html") || text.hasPrefix("<?xml") {
      self = .page
    } else if begins([0x50, 0x4B, 0x03, 0x04]) {
      self = .archive
    } else if begins([0x1F, 0x8B]) || begins([0x28, 0xB5, 0x2F, 0xFD]) {
      self = .compressed
    } else if begins(Array("PAR1".utf8)) {
      self = .parquet
    } else if begins([0x80, 0x02]) || begins([0x80, 0x04]), data.count > 8,
      data[data.startIndex + 7] != 0
    {
      self = .pickle
    } else {
      return nil
    }
  }

  var sentence: String {
    switch self {
    case .empty: "it is empty; fetch it again"
    case .pointer:
      "it is a Git LFS pointer, which only names the file; fetch it with 'git lfs pull' in the "
        + "repository, or with 'hf download'"
    case .page:
      "it is a web page, such as one that asks to log in; fetch the file itself, with 'hf download'"
    case .archive:
      "it is a zip archive, as PyTorch writes them, which is not read; take the safetensors of the "
        + "model, or unpack it"
    case .compressed: "it is compressed; unpack it"
    case .parquet: "it is a Parquet file, which holds rows and no model"
    case .pickle:
      "it is a program of Python's pickle, which is not read; take the safetensors of the model"
    }
  }
}
