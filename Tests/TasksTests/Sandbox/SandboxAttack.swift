import Foundation
import TestSupport

/// A program that tries something that the sandbox must prevent.
///
/// They stand in `Tests/Fixtures/attacks`, one file an area. What comes first belongs to all of
/// them; `#% sentence` begins an attack, and `#>` the program that is judged after it, where the
/// attack is one on its successor.
struct SandboxAttack: Sendable, CustomStringConvertible {
  let area: String
  let title: String
  let programs: [String]

  var description: String { "\(area): \(title)" }

  static let folder = ProjectFolder.fixtures

  static let areas = ["files", "processes", "network", "limits", "passes", "neighbours", "calls"]

  static let all: [SandboxAttack] = areas.flatMap { area in
    let file = folder.appending(path: "attacks/\(area).py")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    let sections = text.components(separatedBy: "#% ")
    return sections.dropFirst().map { section in
      let lines = section.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
      return SandboxAttack(
        area: area, title: String(lines[0]),
        programs: lines[1].components(separatedBy: "#>").map { (sections[0] + $0).trimmed })
    }
  }
}

extension String {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
