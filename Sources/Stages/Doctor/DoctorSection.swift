import Foundation
import Runner

/// A part of what `warmup doctor` looks at. To add one, write its file and name it in
/// `DoctorReport.sections`.
public protocol DoctorSection: Sendable {
  /// The heading, such as `system libraries`.
  var title: String { get }

  /// Looks. Must not change anything, and says what it cannot find out instead of throwing.
  /// May block, and must not be called from a Swift task.
  func findings() -> [DoctorFinding]
}

/// Where `warmup doctor` looks.
public struct DoctorSurroundings: Sendable {
  /// The recipes whose files are looked for.
  public let recipes: [URL]
  /// The folder of the cache and of what runs write.
  public let results: URL

  /// Describes where to look.
  public init(recipes: [URL], results: URL) {
    self.recipes = recipes
    self.results = results
  }
}

/// All that `warmup doctor` found.
public struct DoctorReport: Sendable {
  /// The findings of each section under its heading, in order.
  public let parts: [(title: String, findings: [DoctorFinding])]

  /// The sections, in the order in which they are shown.
  public static func sections(_ surroundings: DoctorSurroundings) -> [any DoctorSection] {
    [
      MachineSection(results: surroundings.results),
      LibrariesSection(),
      PythonSection(),
      SandboxSection(),
      FilesSection(surroundings: surroundings),
    ]
  }

  /// Looks at everything.
  public init(_ surroundings: DoctorSurroundings) {
    parts = Self.sections(surroundings).map { ($0.title, $0.findings()) }
  }

  /// Whether something is there and wrong.
  public var somethingIsWrong: Bool {
    parts.contains { part in part.findings.contains { $0.state == .wrong } }
  }

  /// The report for programs: an object with the findings of each section.
  public var json: JSONValue {
    let entries = parts.map { ($0.title, JSONValue.array($0.findings.map(\.json))) }
    return .object(Dictionary(entries) { $1 })
  }

  /// The report for people.
  public var text: String {
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
    let name = finding.name + String(repeating: " ", count: width - finding.name.count)
    let line = "  \(mark) \(name)  \(finding.detail)"
    return [line] + (finding.advice.map { ["          \($0)"] } ?? [])
  }
}
