import Base

/// The answer to a problem in the form that its verifier reads, right or wrong.
enum AnswerExample {
  /// The completion: a few words in place of reasoning, and the answer in its tags.
  /// - Throws: as `answer`.
  static func completion(
    to row: [String: JSONValue], task: String, isRight: Bool, random: inout NumpyRandom
  ) throws -> String {
    let answer = try answer(to: row, task: task, isRight: isRight, random: &random)
    return completion(reasoning: random.element(of: fillers), answer: answer)
  }

  private static let fillers = ["I think I know.", "Let me answer.", "I guess so."]

  /// What a trace says that answers at once.
  static func filler(seed: Int, id: String) -> String {
    var random = NumpyRandom(seed: seed, stream: "filler " + id)
    return random.element(of: fillers)
  }

  static func completion(reasoning: String, answer: String) -> String {
    "\(reasoning) </think>\n<answer> \(answer) </answer>"
  }

  /// What stands in the tags. A right answer draws nothing.
  /// - Throws: `MiniatureError` where the row or the task holds no short answer, or
  ///   `KnightsAndKnavesError`.
  static func answer(
    to row: [String: JSONValue], task: String, isRight: Bool, random: inout NumpyRandom
  ) throws -> String {
    switch task {
    case "knights_and_knaves": try roles(row, isRight, &random)
    case "math": try number(row, isRight, &random)
    case "mmlu_pro": try letter(row, isRight, &random)
    default: throw MiniatureError.noShortAnswers(task: task)
    }
  }

  private static func roles(
    _ row: [String: JSONValue], _ isRight: Bool, _ random: inout NumpyRandom
  ) throws -> String {
    let problem = try ReadPuzzle(row)
    guard var roles = problem.puzzle.uniqueSolution else {
      throw KnightsAndKnavesError.notUnique(id: problem.id)
    }
    if !isRight {
      let wrong = random.integer(in: 1..<roles.count + 1)
      for person in random.indices(wrong, below: roles.count) { roles[person].toggle() }
    }
    return PuzzleText.answer(roles, problem.names, problem.roles)
  }

  private static func number(
    _ row: [String: JSONValue], _ isRight: Bool, _ random: inout NumpyRandom
  ) throws -> String {
    guard let value = row["answer"]?.answerText.flatMap({ Int($0) }) else {
      throw MiniatureError.unusableRow(
        id: Problems.id(of: row),
        problem: "whole number as its 'answer'; bind miniature problems")
    }
    return "\\boxed{\(isRight ? value : value + random.integer(in: 1..<4))}"
  }

  private static func letter(
    _ row: [String: JSONValue], _ isRight: Bool, _ random: inout NumpyRandom
  ) throws -> String {
    guard let index = row["answer_index"]?.integer, let count = row["options"]?.array?.count,
      count > 1, (0..<count).contains(index)
    else {
      throw MiniatureError.unusableRow(
        id: Problems.id(of: row), problem: "usable 'options' and 'answer_index'")
    }
    let shift = isRight ? 0 : random.integer(in: 1..<count)
    return "\\boxed{\(ChoiceProblem.letter((index + shift) % count))}"
  }
}
