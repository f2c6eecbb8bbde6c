import Base
import Foundation
import HDF5
import Runner

/// The parts of a packed file, to be changed and put together again under a valid seal.
struct PackForgery {
  var paths: [String]
  var texts: [String]
  var overrides: [String]
  var lock: String
  /// The files of each group of artifacts.
  var artifacts: [String: [String: [UInt8]]] = [:]
  var leftOut: [String: String] = [:]

  init(_ packed: URL) throws {
    let file = try HDF5Reader(packed)
    paths = try file.readStrings("/recipe/path")
    texts = try file.readStrings("/recipe/text")
    overrides = try file.readStrings("/overrides")
    lock = try file.readStrings("/lock")[0]
    for key in try file.members(of: "/artifacts") {
      leftOut[key] = try file.attribute("left_out", of: "/artifacts/\(key)")?.string
      for name in try file.members(of: "/artifacts/\(key)") {
        artifacts[key, default: [:]][name] = try file.read("/artifacts/\(key)/\(name)")
      }
    }
  }

  /// Writes a packed file whose seal is right.
  func write(to url: URL) throws {
    try HDF5File.create(url, userBlock: 512) { file in
      try file.write(strings: paths, to: "/recipe/path")
      try file.write(strings: texts, to: "/recipe/text")
      try file.write(strings: overrides, to: "/overrides")
      try file.write(strings: [lock], to: "/lock", shape: [])
      for (key, files) in artifacts {
        for (name, bytes) in files { try file.write(bytes, to: "/artifacts/\(key)/\(name)") }
        try file.setAttribute("left_out", .string(leftOut[key] ?? "[]"), of: "/artifacts/\(key)")
      }
    }
    try PackSeal.close(url)
  }

  /// The key of the artifact whose record is of an instance.
  func key(of instance: String) throws -> String {
    let found = try artifacts.first { _, files in
      let record = try JSONValue(parsing: Data(files["record.json"] ?? []))
      return record["instance"]?.string == instance
        && record["kind"]?.string?.contains("/") == false
    }
    guard let key = found?.key else { throw StageError.failed("no \(instance)") }
    return key
  }

  /// Changes the text of a record, and its digest with it.
  mutating func changeRecord(of key: String, _ old: String, _ new: String) {
    let text = String(decoding: artifacts[key]?["record.json"] ?? [], as: UTF8.self)
    let changed = text.replacing(old, with: new)
    let record = try? JSONValue(parsing: Data(changed.utf8))
    artifacts[key]?["record.json"] = Array((record.map(RecordSeal.sealed) ?? changed).utf8)
  }

  /// Ways to forge a file, with what is said of each.
  enum Kind: String, CaseIterable, Sendable {
    case otherContent, otherKey, otherFields, brokenRecord, noKey, stray, missing, upwards, hidden
    case recipeUpwards, recipeAbsolute, noRecipe, otherLock, noLock, tooLong, bomb
    case samePath, folderAndFile, otherValue, noTable, escapes, origin

    var words: String {
      switch self {
      case .otherContent: "is not what its record says"
      case .otherKey: "has another key"
      case .otherFields: "is not the one that its record comes to"
      case .brokenRecord: "cannot be used: it is not valid JSON"
      case .noKey: "'abc' is not a key"
      case .stray: "'extra.h5' is not a file of"
      case .missing: "numbers.h5 of"
      case .upwards: "it would write the file '../../../x.h5'"
      case .hidden: "it would write the file '.x'"
      case .recipeUpwards: "it would write the file '../../x.yaml'"
      case .recipeAbsolute: "it would write the file '/x.yaml'"
      case .noRecipe: "it holds no recipe"
      case .otherLock: "the key of 'numbers' is not the one that its fields come to"
      case .noLock: "of its lock, it is not a lock of a recipe"
      case .tooLong: "is too long, or holds no bytes"
      case .bomb: "is too long"
      case .samePath: "it would write the file 'own/packed.yaml' twice"
      case .folderAndFile: "it would write the file 'own/packed.yaml/x' twice"
      case .otherValue:
        "the record of 'scores[seed=1]' says that accuracy is 0.75, and its rows come to 0.25"
      case .noTable: "scores.h5 of"
      case .escapes: "names something with control characters"
      case .origin: "it would write the file 'origin.json'"
      }
    }
  }

  mutating func forge(_ kind: Kind) throws {
    let key = try key(of: "numbers")
    switch kind {
    case .otherContent: artifacts[key]?["numbers.h5"]?[600] ^= 1
    case .otherKey: artifacts[String(key.reversed())] = artifacts[key]
    case .otherFields: changeRecord(of: key, "\"value\": 7", "\"value\": 8")
    case .brokenRecord: artifacts[key]?["record.json"]?.removeLast(5)
    case .noKey: artifacts["abc"] = artifacts[key]
    case .stray: artifacts[key]?["extra.h5"] = [1]
    case .missing: artifacts[key]?["numbers.h5"] = nil
    case .upwards, .hidden:
      let name = kind == .upwards ? "../../../x.h5" : ".x"
      changeRecord(of: key, "\"numbers.h5\"", "\"\(name)\"")
      artifacts[key]?["numbers.h5"] = nil
      leftOut[key] = JSONValue.array([.string(name)]).text
    case .recipeUpwards: paths[1] = "../../x.yaml"
    case .recipeAbsolute: paths[0] = "/x.yaml"
    case .noRecipe: (paths, texts) = ([], [])
    case .otherLock: lock = lock.replacing("\"value\": 7", with: "\"value\": 8")
    case .noLock: lock = "version: 1"
    case .samePath: paths[1] = paths[0]
    case .folderAndFile: paths[1] = paths[0] + "/x"
    case .otherValue:
      changeRecord(of: try self.key(of: "scores[seed=1]"), ": 0.25", ": 0.75")
    case .noTable: try forgeTable()
    case .escapes: changeRecord(of: key, "\"numbers\"", "\"\\u001b[2J\"")
    case .origin:
      changeRecord(of: key, "\"numbers.h5\"", "\"origin.json\"")
      artifacts[key]?["numbers.h5"] = nil
      leftOut[key] = "[\"origin.json\"]"
    case .tooLong: artifacts[key]?["numbers.h5"]?.append(0)
    case .bomb:
      let bytes = artifacts[key]?["numbers.h5"]?.count ?? 0
      changeRecord(of: key, "\"bytes\": \(bytes)", "\"bytes\": \(Int.max)")
    }
  }

  /// Puts bytes that are no HDF5 in a table's place, with a record that fits them.
  private mutating func forgeTable() throws {
    let key = try key(of: "scores[seed=1]")
    let old = artifacts[key]?["scores.h5"] ?? []
    let new = [UInt8](repeating: 7, count: old.count)
    changeRecord(of: key, SHA256Digest.hex(of: Data(old)), SHA256Digest.hex(of: Data(new)))
    artifacts[key]?["scores.h5"] = new
  }
}
