import ArgumentParser
import Foundation
import Runner

@main
struct Warmup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "warmup",
    abstract: "Runs declarative experiments on training small reasoning models.",
    discussion: """
      A recipe describes stages: puzzles, traces, distillation, reinforcement learning with \
      verifiable rewards, evaluation. Every stage's result is kept and never computed twice.
      """,
    version: "0.1.0",
    subcommands: [
      RunCommand.self, PlanCommand.self, StatusCommand.self, ShowCommand.self, ReportCommand.self,
      CompareCommand.self, PackCommand.self, UnpackCommand.self, ValidateCommand.self,
      SchemaCommand.self, ExportCommand.self, TokenizeCommand.self,
      BenchCommand.self, GradeCommand.self, AuditCommand.self, DoctorCommand.self,
    ])

  static func main() {
    refuseUnknownCommand()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as RecipeError {
      StandardOutput.writeError("\(error)\n")
      exit(withError: ExitCode(64))
    } catch let error as LockError {
      StandardOutput.writeError("warmup: \(error)\n")
      exit(withError: ExitCode(64))
    } catch let error as any CustomStringConvertible & Error where isOurs(error) {
      StandardOutput.writeError("warmup: \(error)\n")
      exit(withError: ExitCode(1))
    } catch {
      exit(withError: error)
    }
  }

  /// ArgumentParser would only say that arguments are unexpected.
  private static func refuseUnknownCommand() {
    let names = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    guard let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"),
      !names.contains(word)
    else { return }
    let hint = nearestName(to: word, among: names).map { "; did you mean '\($0)'?" }
    StandardOutput.writeError(
      "warmup: unknown command '\(word)'\(hint ?? "; 'warmup --help' lists them")\n")
    exit(withError: ExitCode(64))
  }

  /// ArgumentParser words its own errors, exit codes and help.
  private static func isOurs(_ error: any Error) -> Bool {
    let module = String(reflecting: type(of: error)).prefix { $0 != "." }
    return module != "ArgumentParser"
  }
}
