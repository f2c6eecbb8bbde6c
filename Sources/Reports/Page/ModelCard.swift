import Base
import Foundation
import OrderedCollections
import Runner

/// The card of a model for the Hugging Face Hub: what it was made from, how, and what it scored, as
/// Markdown with front matter in YAML (`model-index`).
package struct ModelCard {
  /// What only whoever publishes the model knows.
  package struct Publisher: Sendable {
    /// The licence's name on the Hub, such as `apache-2.0`; nil where nobody said.
    package var licence: String?
    /// The model that it was trained from, as the Hub calls it; nil where nobody said.
    package var baseModel: String?
    package var isAdapter: Bool

    package init(licence: String? = nil, baseModel: String? = nil, isAdapter: Bool = false) {
      self.licence = licence
      self.baseModel = baseModel
      self.isAdapter = isAdapter
    }
  }

  /// How files are known that this program wrote and may replace.
  package static let mark = "<!-- Written by 'warmup export'. -->"

  private let item: PlannedInstance
  private let recipe: Recipe
  private let data: Findings
  private let publisher: Publisher
  /// The command that makes the results.
  private let command: String

  /// - Parameters:
  ///   - item: the instance that made the model.
  ///   - command: what makes the recipe's results, such as `warmup run recipe.yaml`.
  package init(
    _ item: PlannedInstance, of recipe: Recipe, _ plan: Plan, _ publisher: Publisher,
    command: String
  ) {
    self.item = item
    self.recipe = recipe
    data = Findings(axes: recipe.axes, plan: plan)
    self.publisher = publisher
    self.command = command
  }

  package var text: String {
    (["---"] + frontMatter + ["---", Self.mark, ""] + body).joined(separator: "\n") + "\n"
  }

  // MARK: Front matter

  private var frontMatter: [String] {
    let base = baseModel.map { ["base_model: \(Self.quoted($0))"] } ?? []
    let adapter = publisher.isAdapter && baseModel != nil ? ["base_model_relation: adapter"] : []
    return (publisher.licence.map { ["license: \(Self.quoted($0))"] } ?? []) + base + adapter
      + list("datasets", hubDatasets)
      + [
        "library_name: \(publisher.isAdapter ? "peft" : "transformers")",
        "pipeline_tag: text-generation", "tags: [warmup]",
      ] + index
  }

  /// JSON's strings are YAML's.
  private static func quoted(_ text: String) -> String { JSONValue.string(text).text }

  private func list(_ name: String, _ values: [String]) -> [String] {
    values.isEmpty ? [] : ["\(name): [\(values.map(Self.quoted).joined(separator: ", "))]"]
  }

  /// What the Hub would find under a source's name.
  private static func hubName(_ source: String) -> String? {
    source.wholeMatch(of: /[A-Za-z0-9][\w.\-]*\/[A-Za-z0-9][\w\-]*(\.\d[\w\-]*)*/) == nil
      ? nil : source
  }

  private var baseModel: String? {
    if let name = publisher.baseModel { return name }
    let sources = chain.filter { $0.kind.name == "pretrained_model" }
      .compactMap { $0.parameters["source"]?.string }
    return sources.compactMap(Self.hubName).first
  }

  private var hubDatasets: [String] {
    OrderedSet(origins.flatMap(\.sources).compactMap(Self.hubName)).elements
  }

  /// The models that it was made from, and the last of them.
  private var chain: [PlannedInstance] { data.models(behind: item) + [item] }

  /// What an instance takes from outside, or makes itself from nothing.
  private struct Origin {
    let item: PlannedInstance
    let sources: [String]
  }

  private var origins: [Origin] {
    var needed: OrderedSet<String> = []
    func collect(_ item: PlannedInstance) {
      for binding in data.bindings(of: item) {
        guard let producer = data[binding.producer], needed.append(producer.name).inserted
        else { continue }
        collect(producer)
      }
    }
    collect(item)
    let all = needed.compactMap { data[$0] } + [item]
    return all.filter { item in
      item.instance.inputs.isEmpty || item.fields?.external.isEmpty == false
    }.map { item in
      let source = item.parameters["source"]
      return Origin(
        item: item,
        sources: source?.array?.compactMap(\.string) ?? [source?.string].compactMap(\.self))
    }.sorted { $0.item.name < $1.item.name }
  }

  /// The evaluations of this very model that are done.
  private var evaluations: [PlannedInstance] {
    let outputs = Set(item.kind.outputs.filter { Findings.Binding.isModel($0.name) }.map(\.name))
    return data.instances.filter { other in
      guard other.isDone, other.isEvaluation,
        let binding = data.binding(of: "model", of: other)
      else { return false }
      return binding.producer == item.name && outputs.contains(binding.output)
    }
  }

  /// What an evaluation measured: shares and the lengths of completions, the most important first.
  private func metrics(_ evaluation: PlannedInstance) -> [(name: String, value: Double)] {
    ["accuracy", "macro_accuracy", "format_rate", "truncated", "mean_tokens"].compactMap { name in
      evaluation.values[name]?.number.map { (name, $0) }
    }
  }

  private func problems(of evaluation: PlannedInstance) -> (name: String, digest: String?) {
    guard let binding = data.binding(of: "problems", of: evaluation) else {
      return ("problems", nil)
    }
    let file = "\(binding.output).h5"
    let digest = data[binding.producer]?.artifact?.record.files[file]?.sha256
    return (
      binding.output == "problems" ? binding.producer : "\(binding.producer).\(binding.output)",
      digest
    )
  }

  private var index: [String] {
    let results = evaluations.flatMap { evaluation -> [String] in
      let problems = problems(of: evaluation)
      let measured = metrics(evaluation)
      if measured.isEmpty { return [] }
      let settings = ["samples", "temperature", "max_tokens", "template", "seed"].compactMap {
        name in evaluation.parameters[name].map { "\(name): \($0.text)" }
      }
      let revision =
        problems.digest.map { [", revision: \(Self.quoted(String($0.prefix(12))))"] } ?? []
      return [
        "  - task: {type: text-generation, name: \(Self.quoted(evaluation.name))}",
        "    dataset: {type: \(Self.quoted(problems.name)), name: "
          + "\(Self.quoted("\(recipe.name): \(problems.name)"))\(revision.joined())}",
        "    metrics:",
      ]
        + measured.map { name, value in
          "    - {type: \(name), name: \(name), value: \(JSONValue.number(value).text), "
            + "args: {\(settings.joined(separator: ", "))}}"
        }
    }
    return results.isEmpty
      ? []
      : ["model-index:", "- name: \(Self.quoted("\(recipe.name) \(item.name)"))", "  results:"]
        + results
  }

  // MARK: Body

  private var body: [String] {
    let what = publisher.isAdapter ? "The adapters" : "A model"
    return [
      "# \(Self.plain("\(recipe.name): \(item.name)"))", "",
      "\(what) that `warmup` made, instance `\(item.name)` of the recipe *\(Self.plain(recipe.name))*. "
        + Self.plain(recipe.summary), "",
    ] + licence + scores + making + sourcesOfData + ["## Recipe", ""]
      + fenced(recipe.sourceText, "yaml")
  }

  private static func plain(_ text: String) -> String { TableReport.markdownText(text) }

  private var licence: [String] {
    if publisher.licence != nil { return [] }
    return [
      "No licence was named when this card was written (`--licence`). What may be done with the model "
        + "follows from those of the models and data below.", "",
    ]
  }

  private var scores: [String] {
    if evaluations.isEmpty { return ["This model was not evaluated in the recipe.", ""] }
    let rows = evaluations.flatMap { evaluation in
      metrics(evaluation).map { name, value in
        "| `\(evaluation.name)` | `\(problems(of: evaluation).name)` | \(name) "
          + "| \(NumberText.short(value)) |"
      }
    }
    return [
      "## Results", "", "| evaluation | problems | value | |", "|---|---|---|---:|",
    ] + rows + ["", "Of this one model; how far runs vary, the recipe's report says.", ""]
  }

  private var making: [String] {
    let record = item.artifact?.record
    let rows = chain.map { item in
      "| `\(item.name)` | \(item.kind.name) | `\((item.key ?? "").prefix(12))` "
        + "| \(item.artifact.map { NumberText.duration($0.record.seconds) } ?? "") |"
    }
    let origin =
      item.artifact?.origin.map { ["", "Not made here: \(Self.plain($0.words))."] } ?? []
    let machine = record.map { "\($0.machine.cores) cores of \($0.machine.processor)" } ?? ""
    let version = record?.versions["warmup"].map { ", by warmup \($0)" } ?? ""
    return [
      "## How it was made", "", "```sh", command,
      "warmup export \(recipe.file.lastPathComponent) '\(item.name)' FOLDER"
        + (publisher.isAdapter ? " --adapter" : ""), "```", "",
      "| step | kind | key | time |", "|---|---|---|---:|",
    ] + rows + [
      "", "On \(Self.plain(machine))\(version). Another type of processor may round otherwise.",
    ]
      + origin + [""]
  }

  private var sourcesOfData: [String] {
    let rows = origins.map { origin in
      let digests = (origin.item.fields?.external ?? [:]).sorted { $0.key < $1.key }.map(\.value)
      let source = origin.sources.map { "`\(Self.plain($0))`" }.joined(separator: ", ")
      return "| `\(origin.item.name)` | \(origin.item.kind.name) "
        + "| \(source.isEmpty ? "made by the program" : source) "
        + "| \(digests.map { "`\($0)`" }.joined(separator: ", ")) |"
    }
    return [
      "## What it was made from", "", "| stage | kind | source | SHA-256 |", "|---|---|---|---|",
    ] + rows + [""]
  }

  /// A block of code with a fence that the text does not have.
  private func fenced(_ text: String, _ language: String) -> [String] {
    let longest = text.split(whereSeparator: { $0 != "`" }).map(\.count).max() ?? 0
    let fence = String(repeating: "`", count: max(3, longest + 1))
    return [fence + language, text.trimmingCharacters(in: .newlines), fence]
  }
}
