import ArgumentParser
import Base
import Foundation
import Model
import Runner

#if canImport(Glibc)
  import Glibc
#endif

@main
struct Warmup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "warmup",
    abstract: "Run declarative experiments on training reasoning models when data is scarce.",
    discussion: """
      A recipe, a YAML file, describes a graph of stages: puzzles, traces, distillation (the \
      warm-up), reinforcement learning with verifiable rewards, evaluation. Every result is cached \
      under a key of what it depends on, so nothing is computed twice.

      'warmup help SUBCOMMAND' shows what one does, with every option.
      """,
    version: "0.1.0 (\(sourceVersion))",
    subcommands: [EngineWorkerCommand.self, StageExecCommand.self, ClusterTrialCommand.self],
    groupedSubcommands: [
      CommandGroup(
        name: "Experiment",
        subcommands: [
          NewCommand.self, ValidateCommand.self, PlanCommand.self, RegisterCommand.self,
          RunCommand.self, StatusCommand.self, ReportCommand.self, CancelCommand.self,
        ]),
      CommandGroup(
        name: "Result",
        subcommands: [
          ShowCommand.self, CompareCommand.self, ExplainCommand.self, GraphCommand.self,
          InfluenceCommand.self, ReplayCommand.self, CacheCommand.self,
        ]),
      CommandGroup(
        name: "Sharing",
        subcommands: [
          PackCommand.self, UnpackCommand.self, ReplicateCommand.self, ExportCommand.self,
        ]),
      CommandGroup(
        name: "Model",
        subcommands: [
          SampleCommand.self, ServeCommand.self, ModelsCommand.self, TokenizeCommand.self,
          BenchCommand.self,
        ]),
      CommandGroup(name: "Verifier", subcommands: [GradeCommand.self, AuditCommand.self]),
      CommandGroup(
        name: "Setup",
        subcommands: [
          KindsCommand.self, SchemaCommand.self, DoctorCommand.self, EngineCommand.self,
        ]),
    ])

  static func main() {
    StandardStream.prepare()
    FailedAllocations.explain()
    let arguments = joinNegativeValues(Array(CommandLine.arguments.dropFirst()))
    refuseUnknownCommand(arguments)
    do {
      var command = try parseAsRoot(arguments)
      do { try command.run() } catch let error as ValidationError {
        leave(error, usageOf: type(of: command))
      }
    } catch let error as RecipeError {
      StandardOutput.writeError("\(error)\n")
      exit(withError: ExitCode(64))
    } catch let error as LockMismatchError {
      StandardOutput.writeError("warmup: \(error)\n")
      exit(withError: ExitCode(64))
    } catch let error as StandardOutputError {
      error.leave()
    } catch  where isOurs(error) {
      StandardOutput.writeError("warmup: \(sentence(for: error))\n")
      exit(withError: ExitCode(1))
    } catch {
      exit(withError: error)
    }
  }

  /// ArgumentParser would take `-1` for an option, and say that the value is missing.
  private static func joinNegativeValues(_ arguments: [String]) -> [String] {
    var joined: [String] = []
    for (index, word) in arguments.enumerated() {
      if word == "--" { return joined + arguments[index...] }
      if word.wholeMatch(of: /-[0-9.]+/) != nil, let option = joined.last,
        option.hasPrefix("--"), !option.contains("=")
      {
        joined[joined.count - 1] = "\(option)=\(word)"
      } else {
        joined.append(word)
      }
    }
    return joined
  }

  /// ArgumentParser would only say that arguments are unexpected, or show the help of something else.
  private static func refuseUnknownCommand(_ arguments: [String]) {
    let words = arguments.first == "help" ? arguments.dropFirst() : arguments[...]
    var path: [String] = []
    var known = configuration.subcommands
    for word in words where !known.isEmpty {
      if word.hasPrefix("-") { return }
      if path.isEmpty, arguments.first != "help", word == "help" { return }
      if let found = known.first(where: { $0.configuration.commandName == word }) {
        path.append(word)
        known = found.configuration.subcommands
        continue
      }
      // Those without a description are for this program itself.
      let shown = known.map { $0.configuration }.filter(\.shouldDisplay)
      let owner = (["warmup"] + path).joined(separator: " ")
      let hint = suggestion(
        for: word, among: shown.compactMap(\.commandName) + (path.isEmpty ? ["help"] : []))
      let command = (path + [word]).joined(separator: " ")
      let advice = hint.isEmpty ? "; '\(owner) --help' lists them" : hint
      StandardOutput.writeError("warmup: unknown command '\(command)'\(advice)\n")
      exit(withError: ExitCode(64))
    }
  }

  /// Ends with what is wrong with a command's arguments. ArgumentParser would show the usage of all commands.
  private static func leave(_ error: ValidationError, usageOf command: any ParsableCommand.Type)
    -> Never
  {
    let usage = usageString(for: command)
    // The words before the first argument.
    let name = usage.split(separator: " ").prefix { $0.first?.isLetter == true }
      .joined(separator: " ")
    StandardOutput.writeError(
      "Error: \(error.message)\nUsage: \(usage)\n  See '\(name) --help' for more information.\n")
    exit(withError: ExitCode(64))
  }

  /// This program's file, for jobs to run.
  static func ownFile() throws -> URL {
    guard let file = Bundle.main.executableURL else {
      throw ValidationError("this program does not know where it lies")
    }
    return file.resolvingSymlinksInPath()
  }

  /// ArgumentParser words its own errors, exit codes and help.
  private static func isOurs(_ error: any Error) -> Bool {
    let module = String(reflecting: type(of: error)).prefix { $0 != "." }
    return module != "ArgumentParser"
  }
}

/// Data for people and programs goes to stdout, everything else to stderr.
enum StandardOutput {
  /// Writes text for people, in which nothing steers the terminal.
  /// - Throws: `StandardOutputError`.
  static func write(_ text: String) throws { try writeData(text.visible) }

  /// Writes JSON for programs, which people may look at, too.
  /// - Throws: `StandardOutputError`.
  static func writeJSON(_ text: String) throws { try writeData(text.visibleJSON) }

  /// Writes text as it is.
  /// - Throws: `StandardOutputError`.
  static func writeData(_ text: String) throws {
    if let code = StandardStream.output.write(text) { throw StandardOutputError(code: code) }
  }

  /// Writes what stands in files, too, so that it matters little where nobody takes it.
  static func tell(_ text: String) { StandardStream.output.write(text.visible) }

  static func writeError(_ text: String) { StandardStream.error.write(text.visible) }
}

/// Standard output cannot be written.
struct StandardOutputError: Error {
  /// The system's error number.
  let code: Int32

  /// Ends the program: as other programs end where nobody reads them any more, else with a sentence.
  func leave() -> Never {
    if code == EPIPE {
      signal(SIGPIPE, SIG_DFL)
      raise(SIGPIPE)
    } else {
      StandardOutput.writeError(
        "warmup: standard output cannot be written: \(FileAdvice.words(systemMessage(code)))\n")
    }
    exit(1)
  }
}

/// Standard input or a file, line by line. Only the byte 0x0A ends a line; the last one may go without.
struct StandardInputLines {
  /// A line without its end.
  struct Line {
    /// Counts from 1.
    let number: Int
    let bytes: ArraySlice<UInt8>
  }

  private let descriptor: Int32
  private let name: String
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var count = 0
  /// The beginning of a line whose end has not been read yet.
  private var rest: [UInt8] = []

  init() {
    descriptor = STDIN_FILENO
    name = "standard input"
  }

  /// Reads a file.
  /// - Throws: `StandardInputError`.
  init(file: String) throws {
    descriptor = open(file, O_RDONLY | O_CLOEXEC)
    name = file
    guard descriptor >= 0 else { throw StandardInputError(name: name, code: errno) }
  }

  /// The lines that have arrived, at least one; nil at the end. Does not wait for more than one, so
  /// that whoever writes them may wait for an answer before the next.
  /// - Throws: `StandardInputError`.
  mutating func next() throws -> [Line]? {
    while let chunk = try read() {
      guard let end = chunk.lastIndex(of: 0x0A) else {
        rest += chunk
        continue
      }
      let complete = rest + chunk[..<end]
      rest = Array(chunk[(end + 1)...])
      return complete.split(separator: 0x0A, omittingEmptySubsequences: false).map { line($0) }
    }
    guard !rest.isEmpty else { return nil }
    defer { rest = [] }
    return [line(rest[...])]
  }

  private mutating func line(_ bytes: ArraySlice<UInt8>) -> Line {
    count += 1
    return Line(number: count, bytes: bytes)
  }

  /// What is there of the input, or nil at its end.
  private mutating func read() throws -> ArraySlice<UInt8>? {
    while true {
      let length = Glibc.read(descriptor, &buffer, buffer.count)
      if length > 0 { return buffer[..<length] }
      if length == 0 { return nil }
      guard errno == EINTR else { throw StandardInputError(name: name, code: errno) }
    }
  }
}

/// What cannot be read.
struct StandardInputError: Error, CustomStringConvertible {
  /// "standard input", or the file.
  let name: String
  /// The system's error number.
  let code: Int32

  var description: String {
    "\(name) cannot be read: \(FileAdvice.words(systemMessage(code)))"
  }
}
