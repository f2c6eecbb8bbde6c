import Base
import Foundation

/// How results that were made anew compare with those of a packed file.
package struct Replication: Sendable {
  /// A result that is there twice.
  package struct Comparison: Sendable {
    /// The instance, as far as the plan has it.
    package let item: PlannedInstance
    /// The part of the instance's stage that it is, such as `completions`; nil for all of it.
    package let part: String?
    package let packed: Artifact
    package let here: Artifact
    /// The files that have other bytes, or are there only once.
    package let files: [String]
    /// The numbers that differ, though no file does.
    package let values: [String]
    /// The files that the packed file has as they were made.
    package let readable: Set<String>

    package var isEqual: Bool { files.isEmpty && values.isEmpty }
    /// For people, such as `scores[seed=1] (its completions)`.
    package var name: String { item.name + (part.map { " (its \($0))" } ?? "") }
  }

  /// In the order of the plan, parts before what was made from them.
  package let comparisons: [Comparison]
  /// The instances that the packed file has and that did not come out here.
  package let missing: [String]

  /// Compares digests.
  /// - Parameters:
  ///   - plan: what was carried out here.
  ///   - cache: where its results are.
  package init(of experiment: UnpackedExperiment, _ plan: Plan, in cache: Cache) {
    var comparisons: [Comparison] = []
    var missing: [String] = []
    var seen: Set<String> = []
    for item in plan.asked {
      guard let key = item.key, let packed = experiment.artifacts[key], seen.insert(key).inserted
      else { continue }
      guard let here = item.artifact else {
        missing.append(item.name)
        continue
      }
      for (name, part) in (packed.artifact.record.parts ?? [:]).sorted(by: { $0.key < $1.key }) {
        guard let one = experiment.artifacts[part], seen.insert(part).inserted,
          case .present(let other) = cache.lookUp(part)
        else { continue }
        comparisons.append(Comparison(item, part: name, one, other))
      }
      comparisons.append(Comparison(item, part: nil, packed, here))
    }
    (self.comparisons, self.missing) = (comparisons, missing)
  }

  package var differing: [Comparison] { comparisons.filter { !$0.isEqual } }
}

extension Replication.Comparison {
  fileprivate init(
    _ item: PlannedInstance, part: String?, _ packed: UnpackedExperiment.PackedArtifact,
    _ here: Artifact
  ) {
    self.item = item
    self.part = part
    self.packed = packed.artifact
    self.here = here
    let (one, other) = (packed.artifact.record, here.record)
    files = Set(one.files.keys).union(other.files.keys).sorted().filter {
      one.files[$0] != other.files[$0]
    }
    let names = Set(one.values.keys).union(other.values.keys).sorted()
    values =
      files.isEmpty
      ? names.filter { one.values[$0]?.number != other.values[$0]?.number } : []
    readable = Set(one.files.keys).subtracting(packed.incomplete)
  }
}

/// Why a packed file cannot be replicated.
package enum ReplicationError: Error, CustomStringConvertible {
  /// This program, or what lies on this machine, makes another experiment of the recipe.
  case otherExperiment([LockDifference], of: Int)
  /// The folder holds results that were not made here.
  case takenOver(folder: String, instances: [String])
  case nothing(String)

  package var description: String {
    switch self {
    case .otherExperiment(let differences, let count):
      let lines = differences.map { "\n  \($0.instance): \($0.reason)" }.joined()
      return "here the recipe is another experiment than the one that was packed: "
        + "\(differences.count) of \(count) instances differ\(lines)\nNothing ran"
    case .takenOver(let folder, let instances):
      return
        "\(folder) holds results that were taken over from elsewhere, such as '\(instances[0])': "
        + "comparing them would show nothing; name another folder with -o"
    case .nothing(let file): return "there are no results in \(file) to compare with"
    }
  }
}

extension UnpackedExperiment {
  /// The plan that makes anew what the file has results of.
  /// - Parameters:
  ///   - plan: that of the file's recipe, in a cache without the file's results.
  ///   - folder: where that cache is, for people.
  /// - Throws: `ReplicationError` where it would show nothing.
  package func replicationPlan(_ plan: Plan, folder: String) throws(ReplicationError) -> Plan {
    func isPacked(_ item: PlannedInstance) -> Bool {
      lock.entries[item.name].map { artifacts[$0.key] != nil } ?? false
    }
    let asked = plan.only(isPacked)
    if asked.asked.isEmpty { throw .nothing(packedFile) }
    let known = Set(asked.asked.map(\.name))
    let differences = lock.differences(
      from: asked, besides: Set(lock.entries.keys).subtracting(known))
    if !differences.isEmpty { throw .otherExperiment(differences, of: known.count) }
    let foreign = asked.asked.filter { $0.artifact?.origin != nil }.map(\.name)
    if !foreign.isEmpty { throw .takenOver(folder: folder, instances: foreign) }
    return asked
  }
}
