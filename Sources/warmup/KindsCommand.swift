import ArgumentParser
import Base
import Runner
import Stages

/// `warmup kinds [KIND]`.
struct KindsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kinds",
    abstract: "Show what stages can do: their inputs, outputs, parameters and an example.",
    discussion: "Without a kind, lists all.")

  @Argument(help: "A kind, such as distill.", completion: .list(KindRegistry.standard.names))
  var kind: String?

  @Flag(help: "Print Markdown; of all kinds, it is the page docs/kinds.md.")
  var markdown = false

  func run() throws {
    let references = KindRegistry.standard.references
    guard let kind else {
      let list = AlignedText.lines(references.map { [$0.name, $0.summary] })
      let text = list.map { $0 + "\n" }.joined()
      return try StandardOutput.write(markdown ? KindRegistry.standard.markdown : text)
    }
    guard let reference = references.first(where: { $0.name == kind }) else {
      let near = suggestion(for: kind, among: references.map(\.name))
      throw ValidationError(
        "unknown kind '\(kind)'\(near.isEmpty ? "; 'warmup kinds' lists them all" : near)")
    }
    try StandardOutput.write(markdown ? reference.markdown : reference.text)
  }
}
