import Runner

/// The answer to a problem in the form that its verifier reads, right or wrong.
struct AnswerExample {
  /// The completion: a few words in place of reasoning, and the answer in its tags.
  /// - Throws: `StageError.failed` where the row or the task holds no short answer.
  static func completion(
    to row: [String: JSONValue], task: String, isRight: Bool, random: inout NumpyRandom
  ) throws -> String {
    let answer =
      switch task {
      case "knights_and_knaves": try roles(row, isRight, &random)
      case "math": try number(row, isRight, &random)
      case "mmlu_pro": try letter(row, isRight, &random)
      default: throw StageError.failed("texts cannot show answers of the task '\(task)'")
      }
    let words = random.element(of: ["I think I know.", "Let me answer.", "I guess so."])
    return "\(words) </think>\n<answer> \(answer) </answer>"
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
    return PuzzleText.answer(roles, problem.names)
  }

  private static func number(
    _ row: [String: JSONValue], _ isRight: Bool, _ random: inout NumpyRandom
  ) throws -> String {
    guard let value = row["answer"]?.string.flatMap({ Int($0) }) else {
      throw StageError.failed(
        "the problem \(row["id"]?.string ?? "without an id") has no whole number as its 'answer'; "
          + "bind miniature problems")
    }
    return "\\boxed{\(isRight ? value : value + random.integer(in: 1..<4))}"
  }

  private static func letter(
    _ row: [String: JSONValue], _ isRight: Bool, _ random: inout NumpyRandom
  ) throws -> String {
    guard let index = row["answer_index"]?.integer, let count = row["options"]?.array?.count,
      count > 1, (0..<count).contains(index)
    else {
      throw StageError.failed(
        "the problem \(row["id"]?.string ?? "without an id") has no usable 'options' and "
          + "'answer_index'")
    }
    let shift = isRight ? 0 : random.integer(in: 1..<count)
    return "\\boxed{\(ChoiceProblem.letter((index + shift) % count))}"
  }
}
