import ArgumentParser
import Base
import Foundation
import Runner
import Stages

/// `warmup engine install trl`.
struct EngineInstallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install", abstract: "Make a Python environment with an engine.",
    discussion: """
      Makes a virtual environment with the versions that the engine was tested with, by python3 (or \
      WARMUP_PYTHON) and pip, whose settings say where packages come from; each file is known by its \
      SHA-256, but for '--packages unlocked'. Says what to write into the \
      site file; writes nothing else. An environment that was not finished is completed.
      """)

  @Argument(help: "The engine: trl.") var engine: EngineCheckCommand.Engine
  @Option(
    help: "The environment's folder. (default: ~/.local/share/warmup/trl)",
    completion: .directory)
  var folder: String?
  @Option(
    help: """
      What to install: cpu, cuda (a torch for NVIDIA's GPUs, 4 GB more), or unlocked (the same versions, \
      whatever files pip finds, for other machines). (default: what the machine has)
      """)
  var packages: TRLPackages?

  func run() throws {
    guard let place = folder.map({ URL(fileURLWithPath: $0) }) ?? TRLInstallation.usualFolder()
    else { throw ValidationError("name a --folder: HOME is not set") }
    let interruption = Interruption()
    SignalHandling.install(interruption)
    let installation = TRLInstallation(
      folder: place, packages: packages ?? .ofThisMachine)
    do { try installation.install(interruption) } catch is InterruptedError {
      throw ExitCode(130)
    }
    StandardOutput.writeError(
      "Write this into ~/.config/warmup/site.yaml, and try 'warmup engine check trl':\n")
    try StandardOutput.write("python: \(installation.python.path)\n")
  }
}

extension TRLPackages: ExpressibleByArgument {}
