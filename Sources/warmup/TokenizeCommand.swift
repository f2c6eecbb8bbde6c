import ArgumentParser
import Base
import Foundation
import Model

/// `warmup tokenize MODEL`.
struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Turn texts into token ids with a model's tokenizer, or ids into texts.",
    discussion: """
      Reads standard input line by line, and writes a line for each: texts, or space-separated \
      ids; with --jsonl lines are objects, {"text": …} and {"ids": […]}. Special tokens are matched \
      in texts. The token that the tokenizer puts in front of a text comes first.
      """)

  @Argument(
    help: "A Hugging Face folder, a tokenizer.json, a GGUF file or a tiktoken file.",
    completion: .file())
  var model: String

  @Flag(help: "Read and write JSON Lines.")
  var jsonl = false

  @Flag(help: "Turn ids into texts instead.")
  var decode = false

  func run() throws {
    let tokenizer = try Tokenizer(contentsOf: URL(fileURLWithPath: model))
    var lines = StandardInputLines()
    while let batch = try lines.next() {
      var out = ""
      do {
        for line in batch { out += try answer(line, tokenizer) + "\n" }
      } catch {
        try StandardOutput.writeData(out)
        throw error
      }
      try StandardOutput.writeData(out)
    }
  }

  private func answer(_ line: StandardInputLines.Line, _ tokenizer: Tokenizer) throws -> String {
    if decode {
      let text = tokenizer.decode(try ids(line, tokenizer))
      return jsonl ? JSONValue.object(["text": .string(text)]).text : text
    }
    let ids = tokenizer.encode(beginning: try text(line))
    return jsonl
      ? #"{"ids": [\#(joined(ids, separator: ", "))]}"# : joined(ids, separator: " ")
  }

  private func joined(_ ids: [Int32], separator: String) -> String {
    var text = ""
    for id in ids {
      if !text.isEmpty { text += separator }
      text += String(id)
    }
    return text
  }

  private func text(_ line: StandardInputLines.Line) throws -> String {
    if !jsonl {
      guard let text = String(validating: line.bytes, as: UTF8.self) else {
        throw TokenizeError(line: line.number, problem: "is not valid UTF-8")
      }
      return text
    }
    guard let text = try object(line)["text"]?.string else {
      throw TokenizeError(line: line.number, problem: "has no string 'text'")
    }
    return text
  }

  private func ids(_ line: StandardInputLines.Line, _ tokenizer: Tokenizer) throws -> [Int32] {
    let numbers =
      jsonl
      ? try object(line)["ids"]?.array?.map(\.integer)
      : line.bytes.split(separator: 0x20).map { Int(String(decoding: $0, as: UTF8.self)) }
    guard let numbers, case let ids = numbers.compactMap(\.self), ids.count == numbers.count else {
      throw TokenizeError(line: line.number, problem: "is not a list of ids")
    }
    if let unknown = ids.first(where: { !(0..<tokenizer.vocabularySize).contains($0) }) {
      let greatest = tokenizer.vocabularySize - 1
      throw TokenizeError(
        line: line.number, problem: "has the id \(unknown), but the greatest is \(greatest)")
    }
    return ids.map(Int32.init)
  }

  private func object(_ line: StandardInputLines.Line) throws -> JSONValue {
    guard let value = try? JSONValue(parsing: Data(line.bytes)), value.object != nil else {
      throw TokenizeError(line: line.number, problem: "is not a JSON object")
    }
    return value
  }
}

/// What can be wrong with a line of standard input.
struct TokenizeError: Error, CustomStringConvertible {
  /// The line, which counts from 1.
  let line: Int
  let problem: String

  var description: String { "line \(line) of standard input \(problem); nothing after it was read" }
}
