import Base

/// How traces are written.
package enum TraceStyle: String, Sendable, CaseIterable {
  /// Natural language, thousands of characters, a new wording for every trace; for puzzles.
  case long
  /// One fixed, compact wording.
  case short
  /// A few words in place of reasoning, and the answer.
  case answer

  /// The wording of what is worked out; nil where nothing is.
  var wording: TraceWording? { TraceWording(rawValue: rawValue) }
}

/// What is wrong with traces on purpose, in control arms.
package enum TraceErrors: String, Sendable, CaseIterable {
  case none
  /// The reasoning is right, the answer behind it wrong.
  case wrongAnswer = "wrong_answer"
  /// The whole completion belongs to another problem.
  case shuffled
}

/// Traces with what is known of them by construction.
package struct WrittenTraces {
  /// A row each, as `Traces` has them.
  package let rows: [[String: JSONValue]]
  /// How many are worked out.
  package let worked: Int
  /// How many give the right answer to the problem that they are bound to.
  package let right: Int
}

/// Writes traces for problems of Knights and Knaves and of the miniature domains, as many of them
/// worked out and right as a recipe asks for, with errors where a control arm wants them.
package struct TraceWriter: Sendable {
  private let task: String
  private let style: TraceStyle
  private let errors: TraceErrors
  private let worked: Double
  private let accuracy: Double
  private let seed: Int

  /// A writer.
  /// - Parameters:
  ///   - worked: the share of traces that are worked out; the others answer at once. None are in the
  ///     style `answer`.
  ///   - accuracy: the share of right answers among those that answer at once.
  package init(
    task: String = KnightsAndKnavesTask().name, style: TraceStyle, errors: TraceErrors = .none,
    worked: Double = 1, accuracy: Double = 1, seed: Int
  ) {
    self.task = task
    self.style = style
    self.errors = errors
    self.worked = style == .answer ? 0 : worked
    self.accuracy = accuracy
    self.seed = seed
  }

  /// A row for each problem. Errors made on purpose are accepted all the same, and named in
  /// `reason`: such traces are trained on.
  /// - Parameter prompt: renders the prompt of a row; called before its trace is written.
  /// - Throws: `KnightsAndKnavesError`, `MiniatureError`, and what `prompt` throws.
  package func traces(
    for problems: [[String: JSONValue]], prompt: ([String: JSONValue]) throws -> String
  ) throws -> WrittenTraces {
    let parts = parts(of: problems.count)
    let sources = try sources(count: problems.count)
    var (prompts, own): ([String], [Trace]) = ([], [])
    for (problem, part) in zip(problems, parts) {
      prompts.append(try prompt(problem))
      own.append(try trace(of: problem, part))
    }
    let rows = problems.indices.map { index in
      let (trace, id) = (own[sources[index]], own[index].problemID)
      return Traces.row(
        id: "\(id)/trace", problemID: id, prompt: prompts[index],
        text: AnswerExample.completion(reasoning: trace.reasoning, answer: trace.answer),
        reason: reason(trace), style: trace.style.rawValue)
    }
    return WrittenTraces(
      rows: rows, worked: parts.count { $0 == .worked },
      right: own.indices.count { own[sources[$0]].answer == own[$0].rightAnswer })
  }

  // MARK: Which are worked out, and which right

  private enum Part {
    case worked
    case right
    case wrong
  }

  /// What each of some traces is, exactly as many of each as the shares come to.
  private func parts(of count: Int) -> [Part] {
    let workedCount = Int((worked * Double(count)).rounded())
    let rightCount = Int((accuracy * Double(count - workedCount)).rounded())
    var parts = [Part](repeating: .worked, count: count)
    guard workedCount < count else { return parts }
    var random = NumpyRandom(seed: seed, stream: "worked")
    for (place, index) in random.permutation(count).enumerated() where place >= workedCount {
      parts[index] = place < workedCount + rightCount ? .right : .wrong
    }
    return parts
  }

  /// Whose trace each problem gets: its own, or when shuffled that of the next in a random round.
  private func sources(count: Int) throws -> [Int] {
    guard errors == .shuffled else { return Array(0..<count) }
    guard count > 1 else {
      throw KnightsAndKnavesError.nothingToShuffle
    }
    var random = NumpyRandom(seed: seed, stream: "shuffled")
    let round = random.permutation(count)
    var sources = Array(0..<count)
    for (place, index) in round.enumerated() { sources[index] = round[(place + 1) % count] }
    return sources
  }

  // MARK: One trace

  private struct Trace {
    let problemID: String
    let reasoning: String
    let answer: String
    let rightAnswer: String
    let style: TraceStyle
  }

  private func trace(of row: [String: JSONValue], _ part: Part) throws -> Trace {
    let id = try id(of: row)
    let right = try answer(to: row, isRight: true, stream: "")
    if part == .worked, let wording = style.wording {
      let isRight = errors != .wrongAnswer
      return Trace(
        problemID: id,
        reasoning: try Self.reasoning(about: row, task: task, wording, seed: seed),
        answer: isRight ? right : try answer(to: row, isRight: false, stream: "wrong " + id),
        rightAnswer: right, style: style)
    }
    return Trace(
      problemID: id, reasoning: AnswerExample.filler(seed: seed, id: id),
      answer: part == .wrong ? try answer(to: row, isRight: false, stream: "guess " + id) : right,
      rightAnswer: right, style: .answer)
  }

  private func id(of row: [String: JSONValue]) throws -> String {
    if task == KnightsAndKnavesTask().name { return try ReadPuzzle(row).id }
    guard let id = Problems.id(of: row) else {
      throw MiniatureError.unusableRow(id: nil, problem: "'id'")
    }
    return id
  }

  /// What works a problem out.
  /// - Throws: `KnightsAndKnavesError`, or `MiniatureError`.
  static func reasoning(
    about row: [String: JSONValue], task: String, _ wording: TraceWording, seed: Int
  ) throws -> String {
    if task == KnightsAndKnavesTask().name {
      return try SymbolicTeacher(style: wording, seed: seed).reasoning(about: ReadPuzzle(row))
    }
    guard wording == .short else { throw MiniatureError.onlyShort(task: task) }
    return try WorkedProblem(row, task: task).reasoning
  }

  private func answer(
    to row: [String: JSONValue], isRight: Bool, stream: String
  ) throws -> String {
    var random = NumpyRandom(seed: seed, stream: stream)
    return try AnswerExample.answer(to: row, task: task, isRight: isRight, random: &random)
  }

  private func reason(_ trace: Trace) -> String {
    if errors == .shuffled {
      let kind = task == KnightsAndKnavesTask().name ? "puzzle" : "problem"
      return "trace of another \(kind), on purpose"
    }
    return trace.answer == trace.rightAnswer ? "" : "wrong answer, on purpose"
  }
}
