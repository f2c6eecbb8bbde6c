import Base
import Foundation
import Model
import Runner
import Tasks

/// Rewards the completions of one process of a training by an engine: decodes them with this program's
/// tokenizer, grades them, keeps them, and answers every question. Whoever asks gets no made-up reward:
/// what cannot be answered ends the worker, and so the training.
///
/// Questions and answers are lines of JSON. `{"id", "step", "row", "slot", "sample", "ids", "truncated"}`,
/// with `log_probabilities` where the sampler tells them, is answered by `{"id", "reward", "outcome"}`, and `{"sync": step}` by `{"synced": step}` once all is on
/// the disk.
package struct RewardWorker {
  /// What a worker must know beside the questions: `worker.json`.
  struct Settings: Sendable {
    let parameters: RLVRParameters
    /// The problems' table.
    let problems: URL
    /// The model's HDF5 file, for its tokenizer.
    let model: URL
    /// Of one worker.
    let threads: Int

    static let fileName = "worker.json"

    func write(to folder: URL) throws {
      let json: JSONValue = [
        "parameters": parameters.json, "problems": .string(problems.path),
        "model": .string(model.path), "threads": .integer(threads),
      ]
      try AtomicFile.write(json.text, to: folder.appending(path: Self.fileName))
    }
  }

  private let grader: RolloutGrader
  private let vocabulary: PromptTokenizer
  private let file: URL
  private var log: FileHandle?

  /// - Parameters:
  ///   - folder: the training's, with `worker.json`.
  ///   - rank: the number of the process whose completions it rewards.
  /// - Throws: `RewardWorkerError`, and what reading problems and tokenizers throws.
  package init(in folder: URL, rank: Int) throws {
    let place = folder.appending(path: Settings.fileName)
    let json = try JSONValue(parsing: Data(contentsOf: place))
    var sink = DiagnosticSink()
    guard let problems = json["problems"]?.string, let model = json["model"]?.string,
      let threads = json["threads"]?.integer,
      let parameters = RLVRParameters.decode(
        RecipeNode(json: json["parameters"] ?? .null), into: &sink), sink.diagnostics.isEmpty
    else { throw RewardWorkerError.settings(place.path) }
    grader = try RolloutGrader(
      RowTable(contentsOf: URL(filePath: problems)), parameters, threads: threads)
    vocabulary = try PromptTokenizer(contentsOf: URL(filePath: model))
    file = RolloutFiles.file(ofRank: rank, in: folder)
  }

  /// Answers questions that came together, in their order.
  /// - Throws: `RewardWorkerError` for a question that makes no sense, and what grading and writing throw.
  package mutating func answers(to lines: [Data]) throws -> [JSONValue] {
    var answers: [JSONValue] = []
    var questions: [Question] = []
    for line in lines {
      guard let json = try? JSONValue(parsing: line) else { throw RewardWorkerError.question(line) }
      if let step = json["sync"]?.integer {
        answers += try rewards(of: questions)
        questions = []
        try log?.synchronize()
        answers.append(["synced": .integer(step)])
      } else if let question = Question(json, rows: grader.problems.count, vocabulary) {
        questions.append(question)
      } else {
        throw RewardWorkerError.question(line)
      }
    }
    return answers + (try rewards(of: questions))
  }

  private mutating func rewards(of questions: [Question]) throws -> [JSONValue] {
    guard let first = questions.first else { return [] }
    let completions = questions.map {
      RolloutGrader.Completion(
        step: $0.step, slot: $0.slot, problem: $0.row, sample: $0.sample, text: $0.text)
    }
    let verdicts = try grader.verdicts(on: completions)
    let log = try log ?? begin(before: first.step)
    self.log = log
    return try zip(zip(questions, completions), verdicts).map { pair, verdict in
      let (question, completion) = pair
      let reward = grader.reward(completion, verdict)
      try log.write(contentsOf: Data((question.line(verdict, reward).json.text + "\n").utf8))
      return [
        "id": .integer(question.id), "reward": .number(reward),
        "outcome": .string(verdict.outcome.rawValue),
      ]
    }
  }

  /// Opens the file and forgets what was kept of a step and those after it, from which the training goes
  /// on anew.
  private func begin(before step: Int) throws -> FileHandle {
    var lines = GrowingLines(file: file)
    let kept = try lines.next().filter { (try? RolloutLine($0).step < step) ?? false }
    try AtomicFile.write(
      kept.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined(), to: file)
    let log = try FileHandle(forWritingTo: file)
    try log.seekToEnd()
    return log
  }

  /// A completion that is to be rewarded.
  private struct Question {
    let id: Int
    let step: Int
    let row: Int
    let slot: Int
    let sample: Int
    let ids: [Int32]
    let logProbabilities: [Float]
    let isTruncated: Bool
    let text: String

    /// Nil for what is none, or names a problem or token that there is not.
    init?(_ json: JSONValue, rows: Int, _ vocabulary: PromptTokenizer) {
      let known = 0..<vocabulary.configuration.vocabularySize
      guard let id = json["id"]?.integer, let step = json["step"]?.integer, step >= 1,
        let row = json["row"]?.integer, (0..<rows).contains(row),
        let slot = json["slot"]?.integer, let sample = json["sample"]?.integer,
        let ids = json["ids"]?.array?.map(\.integer), !ids.isEmpty,
        ids.allSatisfy({ $0.map(known.contains) ?? false }),
        let isTruncated = json["truncated"]?.boolean
      else { return nil }
      (self.id, self.step, self.row, self.slot, self.sample) = (id, step, row, slot, sample)
      self.ids = ids.compactMap { $0.map(Int32.init) }
      self.isTruncated = isTruncated
      logProbabilities = RolloutLine.logProbabilities(in: json)
      guard logProbabilities.isEmpty || logProbabilities.count == self.ids.count else { return nil }
      text = vocabulary.text(of: self.ids, stopStrings: [])
    }

    func line(_ verdict: Verdict, _ reward: Double) -> RolloutLine {
      RolloutLine(
        step: step, row: row, slot: slot, sample: sample,
        completion: SampledText(
          tokens: ids, logProbabilities: logProbabilities, text: text, isTruncated: isTruncated),
        outcome: verdict.outcome, reward: reward)
    }
  }
}

/// Why a worker cannot answer.
package enum RewardWorkerError: Error, CustomStringConvertible {
  case settings(String)
  case question(Data)

  package var description: String {
    switch self {
    case .settings(let path): "\(path.visible) does not say what completions are rewarded for"
    case .question(let line):
      "this is not a completion of a known problem: "
        + String(decoding: line.prefix(200), as: UTF8.self).visible
    }
  }
}
