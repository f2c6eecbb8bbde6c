import Base
import Foundation

/// A verifier that a recipe brings: a command with its files and prompts, as problems carry it.
package struct ProcessVerifier: Sendable, Hashable {
  /// What is run; `python3` is the sandbox's Python, and names of files stand for them.
  package let command: [String]
  /// The texts of the command's files, by name.
  package let files: [String: String]
  /// The version that the recipe declares.
  package let version: Int
  /// The prompt templates of evaluation and training.
  package let prompts: [TaskUse: PromptTemplate]
  /// Processor time for a batch of completions.
  package let seconds: Int

  /// The most bytes that all files and prompts have together, since problems carry them.
  package static let greatestSize = 60_000
  /// How many completions a process is given.
  static let batch = 32

  /// - Throws: `ProcessTaskError.tooLarge`.
  package init(
    command: [String], files: [String: String], version: Int, prompts: [TaskUse: PromptTemplate],
    seconds: Int
  ) throws {
    self.command = command
    self.files = files
    self.version = version
    self.prompts = prompts
    self.seconds = seconds
    let size = json.text.utf8.count
    guard size <= Self.greatestSize else { throw ProcessTaskError.tooLarge(size) }
  }

  /// As problems carry it.
  package var json: JSONValue {
    [
      "command": .array(command.map { .string($0) }),
      "files": .object(files.mapValues { .string($0) }), "version": .integer(version),
      "seconds": .integer(seconds),
      "prompts": .object(
        Dictionary(
          prompts.map {
            ($0.key.rawValue, ["name": .string($0.value.name), "text": .string($0.value.text)])
          }
        ) { $1 }),
    ]
  }

  /// Reads what problems carry.
  /// - Throws: `ProcessTaskError.noVerifier`.
  package init(json text: String?) throws {
    guard let text, let json = try? JSONValue(parsing: Data(text.utf8)),
      let command = json["command"]?.array?.compactMap(\.string), !command.isEmpty,
      let files = json["files"]?.object?.compactMapValues(\.string),
      let version = json["version"]?.integer, let seconds = json["seconds"]?.integer,
      let templates = json["prompts"]?.object
    else { throw ProcessTaskError.noVerifier }
    var prompts: [TaskUse: PromptTemplate] = [:]
    for (use, template) in templates {
      guard let use = TaskUse(rawValue: use), let name = template["name"]?.string,
        let text = template["text"]?.string
      else { throw ProcessTaskError.noVerifier }
      prompts[use] = PromptTemplate(name: name, text: text, hasColumns: true)
    }
    self = try ProcessVerifier(
      command: command, files: files, version: version, prompts: prompts, seconds: seconds)
  }

  /// Its name in records: the declared version, and what tells it from others of that version.
  var name: String { "process@\(version)+\(SHA256Digest.hex(of: Data(json.text.utf8)).prefix(8))" }
}

/// Problems whose completions a command of the recipe's own judges.
package struct ProcessTask: TaskDefinition {
  package static let name = "process"
  /// Columns that the program adds to what the command is given.
  package static let reserved = ["completion"]

  private let verifier: ProcessVerifier

  package init(_ verifier: ProcessVerifier) { self.verifier = verifier }

  package var name: String { Self.name }
  package var verifiers: [String] { [verifier.name] }
  package var goldColumn: String? { nil }
  package func defaultTemplate(for use: TaskUse) -> String { verifier.prompts[use]?.name ?? "" }
  /// One for a right answer, else nothing; recipes set others in `rewards`.
  package var defaultRewards: RewardTable {
    RewardTable(correct: 1, wrong: 0, noAnswer: 0, badFormat: 0, timeout: 0)
  }

  /// Twenty different words, three of them words or numbers of the problem.
  package func works(_ completion: String, on row: [String: JSONValue]) -> Bool {
    Working(of: completion, on: Problems.question(of: row) ?? "", before: ["\\boxed", "answer is"])
      .hasWords(20, ofProblem: 3)
  }

  /// The verifier's own prompt, else one that this program has.
  package func template(named choice: String?, for use: TaskUse) throws -> PromptTemplate {
    if let own = verifier.prompts[use], choice == nil || choice == own.name { return own }
    if let named = verifier.prompts.values.first(where: { $0.name == choice }) { return named }
    return try PromptTemplate.named(choice ?? "")
  }

  package func facts() throws -> [String: JSONValue] {
    ["sandbox": try Sandbox.locate().json]
  }

  /// Runs the command for a batch of completions after the other, `threads` at a time.
  /// - Throws: `ProcessTaskError` where the command fails or answers otherwise than it should.
  package func grade(_ items: [GradingItem], _ rules: GradingRules) throws -> [Verdict] {
    _ = try verifier(named: rules.verifier)
    guard !items.isEmpty else { return [] }
    let starts = Array(stride(from: 0, to: items.count, by: ProcessVerifier.batch))
    let run = try ProcessRun(verifier, rules)
    let batches = starts.map { Array(items[$0..<min($0 + ProcessVerifier.batch, items.count)]) }
    return try run.verdicts(on: batches).flatMap(\.self)
  }
}

/// Why a recipe's own verifier gave no verdicts.
package enum ProcessTaskError: Error, Equatable, CustomStringConvertible {
  /// The problems do not carry a verifier.
  case noVerifier
  case tooLarge(Int)
  /// A file of the command is no text.
  case noText(String)
  /// The command cannot be found in the sandbox.
  case noCommand(String)
  case ended(status: Int, said: String)
  case timedOut(seconds: Int)
  case flooded
  /// A line that is no verdict.
  case line(String, problem: String)
  case missing(ids: [String], of: Int)

  package var description: String {
    switch self {
    case .noVerifier:
      "these problems carry no verifier of their own, or inputs with different ones were joined; join "
        + "problems of one 'process'"
    case .tooLarge(let size):
      "the files and prompts of 'process' have \(size) bytes together, and problems carry at most "
        + "\(ProcessVerifier.greatestSize); keep tables in the problems' own columns"
    case .noText(let name): "\(name) is not UTF-8 text; 'process' takes programs and prompts"
    case .noCommand(let name):
      "'command' begins with '\(name)'; it must be python3, one of 'files', or a path from / on"
    case .ended(let status, let said):
      "the verifier ended with the status \(status)"
        + (said.isEmpty ? "" : " and said: \(said.visible)") + "; nothing was judged"
    case .timedOut(let seconds):
      "the verifier took more than \(seconds) s for \(ProcessVerifier.batch) completions; nothing was "
        + "judged. Raise 'seconds', or make it faster"
    case .flooded: "the verifier wrote more than 60000 bytes for a batch; a verdict is a short line"
    case .line(let line, let problem):
      "the verifier wrote \(line.prefix(120).description.visible): \(problem); nothing was judged"
    case .missing(let ids, let count):
      "the verifier left \(ids.count) of \(count) completions without a verdict, such as '\(ids[0])'; it "
        + "must write a line for each id"
    }
  }
}
