import Foundation

extension Tokenizer {
  /// Reads the tokenizer of a model without the model: a Hugging Face folder, a tokenizer.json, a
  /// GGUF file or a tiktoken file. Files are told apart by what they hold, not by their names.
  /// - Throws: `TokenizerError`, `GGUFError` or `ModelImportError`.
  public init(contentsOf url: URL) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw ModelImportError.unreadable(path: url.path, reason: "there is no such file or folder")
    }
    if isFolder.boolValue {
      try self.init(huggingFaceFolder: url)
      return
    }
    let data = try contents(of: url)
    if data.starts(with: "GGUF".utf8) {
      try self.init(gguf: try GGUFFile(data, path: url.path))
    } else if data.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "{") {
      try self.init(huggingFace: data, path: url.path)
    } else {
      try self.init(tiktoken: data, path: url.path)
    }
  }

  /// Reads the tokenizer of a folder: its tokenizer.json; or else its vocab.json with merges.txt;
  /// or else its tiktoken file.
  /// - Throws: `TokenizerError` or `ModelImportError`.
  init(huggingFaceFolder folder: URL) throws {
    let names = try fileNames(in: folder)
    if names.contains("tokenizer.json") {
      let file = folder.appending(path: "tokenizer.json")
      try self.init(huggingFace: try contents(of: file), path: file.path)
    } else if names.isSuperset(of: ["vocab.json", "merges.txt"]) {
      try self.init(vocabularyFilesIn: folder)
    } else {
      let found = names.filter { $0.hasSuffix(".tiktoken") }
      guard let name = found.first, found.count == 1 else {
        throw TokenizerError.missing(folder: folder.path, tiktokenFiles: found.sorted())
      }
      let file = folder.appending(path: name)
      try self.init(tiktoken: try contents(of: file), path: file.path)
    }
  }
}

private func fileNames(in folder: URL) throws -> Set<String> {
  do {
    return Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
  } catch {
    throw ModelImportError.unreadable(path: folder.path, reason: readingProblem(error))
  }
}

/// The bytes of a file.
func contents(of file: URL) throws -> Data {
  do {
    return try Data(contentsOf: file, options: .mappedIfSafe)
  } catch {
    throw ModelImportError.unreadable(path: file.path, reason: readingProblem(error))
  }
}
