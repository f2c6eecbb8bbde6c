import Runner

/// Reads who is a knight from any plain wording: names, then a role, perhaps denied, as in
/// "Zoey and Oliver are knights, not knaves". Everybody must get exactly one role.
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
