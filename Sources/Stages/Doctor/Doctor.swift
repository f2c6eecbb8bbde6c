import Base
import Foundation
import Runner

/// A part of what `warmup doctor` looks at. To add one, write its file and name it in
/// `DoctorReport.sections`.
package protocol DoctorSection: Sendable {
  var title: String { get }

  /// Looks. Must leave everything as it was, and says what it cannot find out instead of throwing.
  /// May block, and must not be called from a Swift task.
  func findings() -> [DoctorFinding]
}

/// Where `warmup doctor` looks.
package struct DoctorSurroundings: Sendable {
  /// The recipes whose files are looked for.
  package let recipes: [URL]
  /// The folder of the cache and of what runs write.
  package let results: URL
  /// What is tried with Slurm; nothing where nil.
  package let slurm: SlurmTrial?

  package init(recipes: [URL], results: URL, slurm: SlurmTrial? = nil) {
    self.recipes = recipes
    self.results = results
    self.slurm = slurm
  }
}

/// All that `warmup doctor` found.
package struct DoctorReport: Sendable {
  /// The findings of each section under its heading, in order.
  package let parts: [(title: String, findings: [DoctorFinding])]

  /// The sections, in the order in which they are shown.
  package static func sections(_ surroundings: DoctorSurroundings) -> [any DoctorSection] {
    [
      MachineSection(results: surroundings.results),
      LibrariesSection(),
      PythonSection(),
      SandboxSection(),
      FilesSection(surroundings: surroundings),
    ] + (surroundings.slurm.map { [SlurmSection($0)] } ?? [])
  }

  package init(_ surroundings: DoctorSurroundings) {
    parts = Self.sections(surroundings).map { ($0.title, $0.findings()) }
  }

  package var somethingIsWrong: Bool {
    parts.contains { part in part.findings.contains { $0.state == .wrong } }
  }

  /// The report for programs: an object with the findings of each section.
  package var json: JSONValue {
    let entries = parts.map { ($0.title, JSONValue.array($0.findings.map(\.json))) }
    return .object(Dictionary(entries) { $1 })
  }

  package var text: String {
    parts.map { part in
      let width = part.findings.map(\.name.count).max() ?? 0
      let lines = part.findings.flatMap { Self.lines(of: $0, width: width) }
      return ([part.title] + lines).joined(separator: "\n") + "\n"
    }.joined(separator: "\n")
  }

  private static func lines(of finding: DoctorFinding, width: Int) -> [String] {
    let mark =
      switch finding.state {
      case .good: "ok     "
      case .missing: "missing"
      case .weak: "weak   "
      case .wrong: "WRONG  "
      }
    let name = AlignedText.padded(finding.name, to: width)
    let line = "  \(mark) \(name)  \(finding.detail)"
    return [line] + (finding.advice.map { ["          \($0)"] } ?? [])
  }
}

/// One thing that `warmup doctor` looked at.
package struct DoctorFinding: Sendable, Equatable {
  package enum State: String, Sendable, CaseIterable {
    /// It is there and right, or it is a plain fact.
    case good
    /// It is not there; what needs it will say so, and all else works.
    case missing
    /// It works less well than it could; the advice says what would help.
    case weak
    /// It is there and wrong: something will fail.
    case wrong
  }

  /// What was looked at, such as `HDF5` or a file's path.
  package let name: String
  package let state: State
  /// What was found, in a few words.
  package let detail: String
  /// What to do about it, as a sentence; nil where nothing is to do.
  package let advice: String?

  package init(_ name: String, _ detail: String) { self.init(name, .good, detail) }

  package init(_ name: String, _ state: State, _ detail: String, advice: String? = nil) {
    self.name = name
    self.state = state
    self.detail = detail
    self.advice = advice
  }

  package var json: JSONValue {
    [
      "name": .string(name), "state": .string(state.rawValue), "detail": .string(detail),
      "advice": advice.map { .string($0) } ?? .null,
    ]
  }
}
