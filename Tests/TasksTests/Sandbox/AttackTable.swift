import Foundation
import Synchronization

/// Writes what became of the attacks into docs/sandbox.md, between two marks.
enum AttackTable {
  private static let columns = Mutex<[(machine: String, contained: [Bool])]>([])
  private static let start = "<!-- attacks: start -->\n"
  private static let end = "<!-- attacks: end -->"

  /// Adds a column; the file is written anew each time. Does nothing where no file was named.
  static func record(_ results: [(SandboxAttack, Bool)], _ machine: String) throws {
    guard let path = ProcessInfo.processInfo.environment["WARMUP_ATTACKS_TABLE"] else { return }
    let columns = columns.withLock {
      $0.append((machine, results.map(\.1)))
      return $0
    }
    let text = try String(contentsOfFile: path, encoding: .utf8)
    guard let from = text.range(of: start), let to = text.range(of: end) else { return }
    let new = text[..<from.upperBound] + table(results.map(\.0), columns) + text[to.lowerBound...]
    try Data(new.utf8).write(to: URL(filePath: path))
  }

  private static func table(
    _ attacks: [SandboxAttack], _ columns: [(machine: String, contained: [Bool])]
  ) -> String {
    let head = "| area | a program that … | \(columns.map(\.machine).joined(separator: " | ")) |\n"
    let line = "|---|---|\(columns.map { _ in "---|" }.joined())\n"
    let rows = attacks.enumerated().map { index, attack in
      let cells = columns.map { $0.contained[index] ? "contained" : "**not contained**" }
      return "| \(attack.area) | \(attack.title) | \(cells.joined(separator: " | ")) |\n"
    }
    let counts = columns.map { "\($0.contained.filter { $0 }.count) of \(attacks.count)" }
    return head + line + rows.joined() + "| | together | \(counts.joined(separator: " | ")) |\n"
  }
}
