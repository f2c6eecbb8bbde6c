import ArgumentParser

@main
struct Warmup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "warmup", abstract: "Runs declarative experiments on reasoning models.")
}
