import Base
import Foundation
import Model
import Runner
import Tasks

/// A model from outside that is at hand and cannot be read, told before anything runs.
package struct ModelRefusal: Error, CustomStringConvertible {
  /// The instance that would read it.
  package let instance: String
  /// Why, and what would help.
  let reason: String

  package var description: String { "'\(instance)' cannot be made: \(reason)" }

  /// Makes sure that what is to run can read its models, as far as that can be told.
  /// - Throws: `ModelRefusal` for the first that cannot.
  package static func check(_ plan: Plan, folders: DataFolders) throws(ModelRefusal) {
    if let refusal = all(of: plan, folders).first { throw refusal }
  }

  /// The refusals of what is to run.
  static func all(of plan: Plan, _ folders: DataFolders) -> [ModelRefusal] {
    plan.items.compactMap { item in
      guard item.state == .toRun, let stage = item.instance.stage as? PretrainedModelStage,
        let source = try? DataSource(parsing: stage.parameters.source),
        let file = source.fileAtHand(in: folders), let reason = reason(against: file)
      else { return nil }
      return ModelRefusal(instance: item.name, reason: reason)
    }
  }

  /// Why the model at a place cannot be read; nil where nothing is known against it.
  static func reason(against file: URL) -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: file.path)) ?? []
    // What is no regular file might never end; a run says so.
    for part in [file] + names.map({ file.appending(path: $0) }) {
      guard (try? RegularFile.check(part)) != nil else { return nil }
    }
    return ModelOverview.refusal(of: file)
  }
}
