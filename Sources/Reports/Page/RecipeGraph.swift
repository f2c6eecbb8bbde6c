import Base
import OrderedCollections
import Runner

/// The stages of a recipe and what they read of each other. A stage counts once, at however many
/// points of axes it runs.
package struct RecipeGraph: Sendable {
  package struct Node: Sendable, Equatable {
    package let name: String
    package let kind: String
    /// How many instances the stage has.
    package fileprivate(set) var count: Int
    /// The axes that it depends on.
    package let axes: [String]
    /// What its values must be, in words; nil where it is no gate.
    package let gate: String?

    /// Such as `×4 (start, seed)`; empty for a stage that runs once.
    package var points: String {
      axes.isEmpty ? "" : "×\(count) (\(axes.joined(separator: ", ")))"
    }
  }

  /// What a stage reads of another.
  package struct Edge: Sendable, Hashable {
    /// Indices of nodes.
    package let from: Int
    package let to: Int
    package let port: String
    /// The output as references name it: `split.train`, or the stage where it is the first.
    package let reference: String
  }

  /// Producers first.
  package private(set) var nodes: [Node] = []
  package private(set) var edges: OrderedSet<Edge> = []

  package init(_ recipe: Recipe) {
    var indices: [String: Int] = [:]
    for instance in recipe.instances {
      if let known = indices[instance.stageName] {
        nodes[known].count += 1
      } else {
        indices[instance.stageName] = nodes.count
        nodes.append(
          Node(
            name: instance.stageName, kind: instance.kind.name, count: 1,
            axes: Array(instance.point.keys), gate: recipe.gates[instance.stageName]?.words))
      }
    }
    for instance in recipe.instances {
      for input in instance.inputs {
        let producer = recipe.instances[input.producer]
        guard let from = indices[producer.stageName], let to = indices[instance.stageName] else {
          continue
        }
        let isFirst = producer.kind.outputs.first?.name == input.output
        edges.append(
          Edge(
            from: from, to: to, port: String(input.port.prefix { $0 != "[" }),
            reference: producer.stageName + (isFirst ? "" : ".\(input.output)")))
      }
    }
  }

  /// A line for each stage: its kind, how often it runs, and what it reads.
  package var text: String {
    let rows = nodes.indices.map { index in
      let node = nodes[index]
      let gate = node.gate.map { ["requires \($0)"] } ?? []
      return [
        node.name, node.kind, node.points, (inputs(of: index) + gate).joined(separator: "; "),
      ]
    }
    return AlignedText.lines(rows).map { $0 + "\n" }.joined()
  }

  private func inputs(of index: Int) -> [String] {
    var sources: OrderedDictionary<String, OrderedSet<String>> = [:]
    for edge in edges where edge.to == index {
      sources[edge.port, default: []].append(edge.reference)
    }
    return sources.map { "\($0.key) ← \($0.value.joined(separator: ", "))" }
  }

  /// A flowchart for documents that draw Mermaid, such as Markdown on GitHub.
  package var mermaid: String {
    let boxes = nodes.enumerated().map { index, node in
      let words = [node.name, node.kind, node.points].filter { !$0.isEmpty }
      let label = "\"\(words.joined(separator: "<br>"))\""
      return "  s\(index)" + (node.gate == nil ? "[\(label)]" : "{{\(label)}}") + "\n"
    }
    let arrows = edges.map { "  s\($0.from) -->|\($0.port)| s\($0.to)\n" }
    return "flowchart TD\n" + (boxes + arrows).joined()
  }

  /// A drawing. Equal recipes give equal bytes.
  package var svg: String { RecipeGraphDrawing(self).markup.source + "\n" }
}
