import Foundation
import Runner

extension Workspace {
  /// The artifact of an instance that people name as `stage[axis=value,…]`. Blanks and the order of
  /// axes do not matter.
  /// - Throws: `LookupError`.
  func artifact(of name: String) throws -> (item: PlannedInstance, artifact: Artifact) {
    let plan = try findings()
    let wanted = normalised(name)
    guard let item = plan.items.first(where: { normalised($0.instance.name) == wanted }) else {
      throw LookupError.unknown(instance: name, known: plan.items.map(\.instance.name))
    }
    guard let artifact = item.artifact else {
      let source = packed?.file ?? recipe.file
      throw LookupError.notDone(instance: item.instance.name, recipe: source.relativePath)
    }
    return (item, artifact)
  }

  private func normalised(_ name: String) -> [String] {
    let parts = name.filter { !$0.isWhitespace }.split(separator: "[", maxSplits: 1)
    let coordinates = parts.dropFirst().first.map { $0.dropLast().split(separator: ",") } ?? []
    return [parts.first.map(String.init) ?? ""] + coordinates.map(String.init).sorted()
  }
}

extension Artifact {
  /// The file of an output, which a packed file may have left out.
  /// - Throws: `LookupError`.
  func existingOutput(_ name: String, of item: PlannedInstance) throws -> URL {
    let file = output(name)
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw LookupError.leftOut(name, instance: item.instance.name)
    }
    return file
  }
}

/// What can be wrong with the name of an instance or an output.
enum LookupError: Error, CustomStringConvertible {
  case unknown(instance: String, known: [String])
  case notDone(instance: String, recipe: String)
  case unknownOutput(String, known: [String])
  case noModel(instance: String)
  case leftOut(String, instance: String)

  var description: String {
    switch self {
    case .unknown(let instance, let known):
      let near = nearestName(to: instance, among: known).map { "; did you mean '\($0)'?" }
      return "the recipe has no instance '\(instance)'\(near ?? ""); "
        + "'warmup plan' lists them all"
    case .notDone(let instance, let recipe):
      return "'\(instance)' has no result yet; 'warmup run \(recipe)' makes it"
    case .unknownOutput(let name, let known):
      return "there is no output '\(name)'; choose from \(known.joined(separator: ", "))"
    case .leftOut(let name, let instance):
      return "the file holds no '\(name)' of '\(instance)': it was packed without models; 'warmup "
        + "run' makes it again from the packed file, 'warmup pack --models' takes it along"
    case .noModel(let instance):
      return "'\(instance)' makes no model; name an instance that does, such as one of distill"
    }
  }
}
