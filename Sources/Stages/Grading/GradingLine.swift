import Foundation
import Runner

/// A line of a file to be graded: a problem's fields, or just its right answer, and a completion.
public struct GradingLine: Sendable {
  /// The line, which counts from 1.
  public let number: Int
  /// The line's `id`, written back as it was.
  public let id: JSONValue
  /// What the verifier is given.
  public let item: GradingItem

  /// Reads a line. `gold`, where there is one, stands for the column in which the task keeps the
  /// right answer.
  /// - Throws: `GradingLineError`.
  public init(_ line: Data, number: Int, task: any TaskDefinition) throws {
    guard var row = try? JSONValue(parsing: line).object else {
      throw GradingLineError(line: number, problem: "is no JSON object")
    }
    guard let completion = row["completion"]?.string else {
      throw GradingLineError(line: number, problem: "has no string 'completion'")
    }
    let name: String
    switch row["id"] {
    case .string(let text)?: name = text
    case .integer(let value)?: name = String(value)
    default: throw GradingLineError(line: number, problem: "has no 'id' that is text or an integer")
    }
    if let gold = row["gold"] {
      guard let column = task.goldColumn else {
        throw GradingLineError(
          line: number, problem: "has a 'gold', but '\(task.name)' is graded by its fields")
      }
      guard gold.string != nil else {
        throw GradingLineError(line: number, problem: "has a 'gold' that is no text")
      }
      row[column] = gold
    }
    self.number = number
    id = row["id"] ?? .null
    row["completion"] = nil
    item = GradingItem(row: row, completion: completion, id: name)
  }
}

/// What is wrong with a line of a file to be graded.
public struct GradingLineError: Error, CustomStringConvertible {
  /// The line, which counts from 1.
  public let line: Int
  /// What follows "line 7" in the sentence.
  public let problem: String

  /// A sentence for people.
  public var description: String { "line \(line) \(problem)" }
}
