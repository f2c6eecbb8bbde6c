import Base
import Foundation
import Runner
import Tasks

/// What the task `process` needs: a verifier that the recipe brings.
package struct ProcessParameters: ParameterSet {
  package var version = 1
  package var command: [String] = []
  package var files: [String] = []
  package var prompt = ""
  package var trainPrompt: String?
  package var seconds = 30

  /// A recipe must say the version, the command and the prompt.
  package init() {}

  package static var fields: [Field<ProcessParameters>] {
    [
      Field(
        "version", \.version, range: .atLeast(1), required: true,
        "the verifier's version; raise it whenever a verdict changes"),
      Field(
        "command", \.command, required: true,
        "what is run in the sandbox: python3 with a file, or a program; files beside the recipe that it "
          + "names are brought along"),
      Field("files", \.files, "more files that the command reads or imports"),
      Field(
        "prompt", \.prompt, required: true,
        "a file with the prompt, in which {{column}} stands for a column of the problem"),
      Field("train_prompt", \.trainPrompt, "another prompt for training"),
      Field(
        "seconds", \.seconds, range: 1...3600, identity: false,
        "processor time for 32 completions"),
    ]
  }

  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    if command.isEmpty {
      sink.report(positions["command"] ?? position, "'command' names nothing to run")
    }
  }

  /// The files of the command by the names under which it finds them, and the prompts.
  private struct LocatedFiles {
    var files: [String: URL] = [:]
    var prompts: [TaskUse: URL] = [:]

    /// All in one order.
    var all: [(name: String, file: URL)] {
      files.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        + prompts.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key.rawValue, $0.value) }
    }
  }

  private func locate(in folders: DataFolders) throws -> LocatedFiles {
    var located = LocatedFiles()
    // Arguments may be files; those that are called like programs must be.
    let named = command.filter { word in
      !word.hasPrefix("/")
        && (word.hasSuffix(".py") || (try? DataSource.locate(word, in: folders)) != nil)
        && word != "python3"
    }
    for path in named + files {
      let file = try DataSource.locate(path, in: folders)
      let name = file.lastPathComponent
      guard located.files[name] == nil || located.files[name] == file else {
        throw StageError.failed(
          "'process' names two files called '\(name)', which lie in one folder for the command; rename one"
        )
      }
      located.files[name] = file
    }
    located.prompts[.evaluate] = try DataSource.locate(prompt, in: folders)
    located.prompts[.train] = try DataSource.locate(trainPrompt ?? prompt, in: folders)
    return located
  }

  /// What the key depends on: the content of all files under their names.
  /// - Throws: `DataSourceError` where one is not there.
  func content(in folders: DataFolders) throws -> ExternalContent {
    let lines = try locate(in: folders).all.map {
      "\(try folders.digests.hex(of: $0.file)) \($0.name)\n"
    }
    return ExternalContent(
      name: "process", sha256: SHA256Digest.hex(of: Data(lines.joined().utf8)))
  }

  /// The verifier with its files, which must be those that the plan was made with.
  /// - Throws: `DataSourceError`, `StageError.failed` or `ProcessTaskError`.
  func verifier(for context: StageContext) throws -> ProcessVerifier {
    let located = try locate(in: context.folders)
    for (_, file) in located.all { context.watch(file) }
    if let planned = context.external["process"],
      try content(in: context.folders).sha256 != planned
    {
      throw DataSourceError.changed(path: "a file of 'process'")
    }
    return try ProcessVerifier(
      command: command.map { word in
        let name = word.split(separator: "/").last.map(String.init) ?? word
        return word.hasPrefix("/") || located.files[name] == nil ? word : name
      },
      files: located.files.mapValues(Self.text), version: version,
      prompts: located.prompts.mapValues {
        PromptTemplate(name: $0.lastPathComponent, text: try Self.text($0), hasColumns: true)
      }, seconds: seconds)
  }

  private static func text(_ file: URL) throws -> String {
    let bytes = try RegularFile.contents(of: file)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ProcessTaskError.noText(file.path)
    }
    return text
  }
}
