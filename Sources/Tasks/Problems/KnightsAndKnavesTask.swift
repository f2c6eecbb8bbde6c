import Base

/// Knights & Knaves: rows with `quiz` and `solution_text_format`.
package struct KnightsAndKnavesTask: TaskDefinition {
  package init() {}
  package var name: String { "knights_and_knaves" }
  /// The paper's reading of an answer, and two that understand "not a knight".
  package var verifiers: [String] {
    ["knights_and_knaves@paper", "knights_and_knaves@strict@2", "knights_and_knaves@strict@1"]
  }
  package var goldColumn: String? { "solution_text_format" }
  /// The paper's only layout.
  package func defaultTemplate(for use: TaskUse) -> String { "knights_and_knaves_paper" }
  /// `load_kk` of the authors' `dataset_loader.py`.
  package var defaultRewards: RewardTable {
    RewardTable(correct: 2, wrong: -0.5, noAnswer: -1, badFormat: -2, timeout: -0.5)
  }

  /// Refuses a solution that does not give everybody exactly one role in the published form.
  package func checked(_ row: [String: JSONValue]) throws -> [String: JSONValue] {
    let found = row["solution_text_format"] ?? .null
    guard let text = found.string, RoleGold(text, row: row) != nil else {
      throw TaskError.unreadableGold(
        column: "solution_text_format", found: found.text, expected: RoleGold.expected)
    }
    return row
  }

  /// One of 2^n ways to give n people their roles.
  package func chance(of row: [String: JSONValue]) -> Double? {
    Self.names(of: row).map { Double(sign: .plus, exponent: -$0.count, significand: 1) }
  }

  /// Everybody of the puzzle is named, and something is supposed or concluded.
  package func works(_ completion: String, on row: [String: JSONValue]) -> Bool {
    guard let names = Self.names(of: row) else { return false }
    let working = Working(of: completion, on: row["quiz"]?.string ?? "")
    return working.mentions(names) && working.contains(anyOf: Self.inferences)
  }

  /// The people of the puzzle; nil where its solution cannot be read.
  private static func names(of row: [String: JSONValue]) -> [String]? {
    row["solution_text_format"]?.string.flatMap { RoleGold($0, row: row) }?.names
  }

  /// Words of who supposes, concludes or checks.
  private static let inferences: Set<String> = [
    "if", "then", "so", "thus", "hence", "therefore", "because", "since", "suppose", "assume",
    "assuming", "try", "must", "would", "means", "implies", "contradiction", "contradicts",
    "consistent", "otherwise", "false",
  ]

  /// Compares who is what with the row's solution. The paper has no evaluation of its own for these
  /// puzzles; here it reads the last `<answer>`, closed or not.
  package func grade(_ items: [GradingItem], _ rules: GradingRules) throws -> [Verdict] {
    let verifier = try verifier(named: rules.verifier)
    return try items.map { item in
      let solution = try item.row.text("solution_text_format", for: "the task '\(name)'")
      let answer =
        rules.use == .train
        ? ResponseFormat.strictAnswer(in: item.completion)
        : ResponseFormat.lastAnswer(in: item.completion)
      guard let answer else { return Verdict(rules.use == .train ? .badFormat : .noAnswer) }
      let outcome =
        switch verifier {
        case "knights_and_knaves@paper": RoleLines.outcome(of: answer, solution: solution)
        case "knights_and_knaves@strict@1":
          RoleClaims.outcome(of: answer, solution: solution, row: item.row)
        default:
          RoleGold(solution, row: item.row).map {
            RoleReader.outcome(of: answer, gold: $0, row: item.row)
          } ?? .noAnswer
        }
      return Verdict(outcome, extracted: answer.stripped)
    }
  }
}

/// Reads who is a knight as `knights_and_knaves@strict@1` does: names, then a role, perhaps denied,
/// as in "Zoey and Oliver are knights, not knaves"; other words are passed over.
struct RoleClaims {
  private let names: Set<String>
  private let roles: [String: Bool]
  private var claims: [String: Set<Bool>] = [:]
  private var pending: [String] = []
  private var latest: [String] = []
  private var isDenied = false
  private var isReadable = true

  /// What an answer claims, against the row's solution.
  static func outcome(of answer: String, solution: String, row: [String: JSONValue]) -> Outcome {
    let roles = roleWords(of: row)
    let names = solution.split(separator: "\n").compactMap { line in
      words(of: line).first { roles[$0] == nil && $0.contains { $0.isLetter } }
    }
    var truth = RoleClaims(names: Set(names), roles: roles)
    truth.read(solution)
    var claimed = RoleClaims(names: Set(names), roles: roles)
    claimed.read(answer)
    guard claimed.isReadable, !claimed.claims.isEmpty else { return .noAnswer }
    return claimed.claims == truth.claims ? .correct : .wrong
  }

  private init(names: Set<String>, roles: [String: Bool]) {
    self.names = names
    self.roles = roles
  }

  private mutating func read(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      (pending, latest, isDenied) = ([], [], false)
      for word in Self.words(of: line) { read(word: word) }
    }
  }

  private mutating func read(word: String) {
    if names.contains(word) {
      if pending.isEmpty { isDenied = isDenied && word != latest.last && latest.isEmpty }
      pending.append(word)
    } else if Self.denials.contains(word) || word.hasSuffix("n't") {
      isDenied = true
    } else if let isKnight = roles[word] {
      if !pending.isEmpty { latest = pending }
      if latest.isEmpty { isReadable = false }
      for name in latest { claims[name, default: []].insert(isKnight != isDenied) }
      (pending, isDenied) = ([], false)
    }
  }

  private static let denials: Set<String> = ["not", "never", "neither", "nor", "no", "cannot"]

  /// The words for the two roles; puzzles with other roles name them in `knight_knave`.
  private static func roleWords(of row: [String: JSONValue]) -> [String: Bool] {
    let knight = row["knight_knave"]?["knight"]?.string?.lowercased() ?? "knight"
    let knave = row["knight_knave"]?["knave"]?.string?.lowercased() ?? "knave"
    return [knight: true, knight + "s": true, knave: false, knave + "s": false]
  }

  private static func words(of line: some StringProtocol) -> [String] {
    let text = line.lowercased().replacing("\u{2019}", with: "'")
    return text.split { !($0.isLetter || $0 == "'" || $0 == "-") }.map(String.init)
  }
}

/// Reads who is a knight as the authors' `load_kk` does: of each line the second word is a name and
/// the last word a role, in lower case.
///
/// "(1) Zoey is not a knight" therefore says `knight`, and "knight." is not "knight". Unlike there,
/// a solution that says nothing is no answer to anything: it would equal an answer that says nothing.
enum RoleLines {
  static func outcome(of answer: String, solution: String) -> Outcome {
    let claimed = roles(in: answer.stripped)
    let truth = roles(in: solution)
    guard !truth.isEmpty, claimed.keys.allSatisfy({ truth[$0] != nil }) else { return .noAnswer }
    let areRoles = claimed.values.allSatisfy {
      $0.firstIndex(of: "knight") != nil || $0.firstIndex(of: "knave") != nil
    }
    guard areRoles else { return .noAnswer }
    return claimed == truth ? .correct : .wrong
  }

  /// Names and roles as bytes: Python does not take differently composed characters for equal.
  private static func roles(in text: String) -> [[UInt8]: [UInt8]] {
    var roles: [[UInt8]: [UInt8]] = [:]
    for line in Array(text.utf8).split(separator: UInt8(ascii: "\n")) {
      let words = Array(line.text.stripped.utf8).split(
        separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard words.count >= 2, let last = words.last else { continue }
      roles[lower(words[1])] = lower(last)
    }
    return roles
  }

  private static func lower(_ word: ArraySlice<UInt8>) -> [UInt8] {
    Array(word.text.lowercased().utf8)
  }
}
