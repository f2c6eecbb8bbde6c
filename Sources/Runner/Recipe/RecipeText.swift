import Foundation

/// Reads recipe files as text.
enum RecipeText {
  /// The text of a file.
  /// - Throws: `RecipeTextError`, a sentence without the file's name.
  static func read(_ file: URL) throws(RecipeTextError) -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder) else {
      throw .missing
    }
    if isFolder.boolValue { throw .folder }
    guard let data = try? Data(contentsOf: file) else { throw .unreadable }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw .notUTF8(line: lineOfFirstError(in: data))
    }
    return text
  }

  private static func lineOfFirstError(in data: Data) -> Int {
    var decoder = UTF8()
    var bytes = data.makeIterator()
    var line = 1
    while case .scalarValue(let scalar) = decoder.decode(&bytes) {
      if scalar == "\n" { line += 1 }
    }
    return line
  }
}

/// Why a recipe file cannot be read.
enum RecipeTextError: Error, CustomStringConvertible {
  case missing
  case folder
  case unreadable
  case notUTF8(line: Int)

  /// A sentence without the file's name.
  var description: String {
    switch self {
    case .missing: "there is no such file"
    case .folder: "this is a folder; name a recipe in it"
    case .unreadable: "the file cannot be read; check its permissions"
    case .notUTF8(let line): "the file is not valid UTF-8 (line \(line)); save it as UTF-8"
    }
  }
}
