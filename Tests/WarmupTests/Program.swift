import Foundation
import Subprocess
import SystemPackage

/// The program under test, in the configuration that the tests are built in.
enum Program {
  /// What a run of the program came to.
  struct Ending: Sendable {
    /// The exit code; nil where a signal ended it.
    let code: Int32?
    /// Standard output: data.
    let output: String
    /// Standard error: progress and messages.
    let messages: String

    /// The messages, line by line.
    var lines: [Substring] { messages.split(separator: "\n") }
  }

  /// Runs the program to its end.
  static func run(
    _ arguments: String..., in folder: URL? = nil
  ) async throws -> Ending {
    try await run(arguments, in: folder) { _ in }
  }

  /// Runs the program and lets a closure send it signals meanwhile.
  static func run(
    _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:],
    meanwhile: @escaping @Sendable (_ send: (Signal) throws -> Void) async throws -> Void
  ) async throws -> Ending {
    var changes: [Environment.Key: String?] = [
      "COLUMNS": "80", "NO_COLOR": "1", "WARMUP_DATA": "",
    ]
    for (name, value) in environment { changes[Environment.Key(stringLiteral: name)] = value }
    let result = try await Subprocess.run(
      .path(FilePath(try binary().path)), arguments: Arguments(arguments),
      environment: .inherit.updating(changes),
      workingDirectory: folder.map { FilePath($0.path) }, input: .none,
      output: .string(limit: 1 << 24), error: .string(limit: 1 << 24)
    ) { execution in
      try await meanwhile { try execution.send(signal: $0) }
    }
    var code: Int32?
    if case .exited(let value) = result.terminationStatus { code = Int32(value) }
    return Ending(code: code, output: result.standardOutput, messages: result.standardError)
  }

  /// Runs a line of shell, in which `$W` is the program.
  static func shell(_ line: String, _ environment: [String: String] = [:]) async throws -> Ending {
    var changes: [Environment.Key: String?] = [
      "W": try binary().path, "COLUMNS": "80", "NO_COLOR": "1", "WARMUP_DATA": "",
    ]
    for (name, value) in environment { changes[Environment.Key(stringLiteral: name)] = value }
    let result = try await Subprocess.run(
      .path("/bin/bash"), arguments: ["-c", line], environment: .inherit.updating(changes),
      input: .none, output: .string(limit: 1 << 24), error: .string(limit: 1 << 24))
    var code: Int32?
    if case .exited(let value) = result.terminationStatus { code = Int32(value) }
    return Ending(code: code, output: result.standardOutput, messages: result.standardError)
  }

  /// Runs another program of the package to its end.
  static func run(_ arguments: [String], of name: String) async throws -> Ending {
    let result = try await Subprocess.run(
      .path(FilePath(try binary(name).path)), arguments: Arguments(arguments), input: .none,
      output: .string(limit: 1 << 24), error: .string(limit: 1 << 24))
    var code: Int32?
    if case .exited(let value) = result.terminationStatus { code = Int32(value) }
    return Ending(code: code, output: result.standardOutput, messages: result.standardError)
  }

  /// Runs the program with standard input.
  static func run(_ arguments: [String], input: Data) async throws -> Ending {
    let result = try await Subprocess.run(
      .path(FilePath(try binary().path)), arguments: Arguments(arguments),
      input: .array(Array(input)), output: .string(limit: 1 << 24), error: .string(limit: 1 << 24))
    var code: Int32?
    if case .exited(let value) = result.terminationStatus { code = Int32(value) }
    return Ending(code: code, output: result.standardOutput, messages: result.standardError)
  }

  /// Runs the program and writes each line only when the one before was answered.
  /// - Returns: the answers, and the exit code.
  static func converse(
    _ arguments: [String], lines: [String]
  ) async throws -> (answers: [String], code: Int32?) {
    let result = try await Subprocess.run(
      .path(FilePath(try binary().path)), arguments: Arguments(arguments),
      input: .inputWriter, output: .sequence, error: .discarded
    ) { execution in
      var answers: [String] = []
      var output = execution.standardOutput.makeAsyncIterator()
      for line in lines {
        _ = try await execution.standardInputWriter.write(Array("\(line)\n".utf8))
        guard let chunk = try await output.next() else { break }
        answers.append(chunk.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
      }
      try await execution.standardInputWriter.finish()
      return answers
    }
    var code: Int32?
    if case .exited(let value) = result.terminationStatus { code = Int32(value) }
    return (result.closureResult, code)
  }

  /// Where the program was built: beside the tests, or else in this package's build folder.
  static func binary(_ name: String = "warmup") throws -> URL {
    #if DEBUG
      let configuration = "debug"
    #else
      let configuration = "release"
    #endif
    let bundles = CommandLine.arguments.filter { $0.contains(".xctest") }
    let besides = bundles.flatMap { ancestors(of: URL(filePath: $0)) }
    let built = ancestors(of: URL(filePath: #filePath)).map {
      $0.appending(path: ".build/\(configuration)")
    }
    let candidates = (besides + built).map { $0.appending(path: name) }
    let found = candidates.first { file in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
        && !isFolder.boolValue
    }
    guard let found else { throw MissingProgram(lookedFor: candidates.map(\.path)) }
    return found
  }

  private static func ancestors(of file: URL) -> [URL] {
    var folders: [URL] = []
    var folder = file
    while folder.path != "/", folders.count < 8 {
      folder = folder.deletingLastPathComponent()
      folders.append(folder)
    }
    return folders
  }
}

/// The program was not built.
struct MissingProgram: Error {
  let lookedFor: [String]
}
