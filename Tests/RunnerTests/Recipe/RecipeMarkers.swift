import Foundation
import Runner
import Testing

/// A text with a `§` before each place at which a diagnostic is expected.
struct MarkedText {
  let text: String
  let places: [SourcePosition]

  init(_ marked: String) {
    var text = ""
    var places: [SourcePosition] = []
    var line = 1
    var column = 1
    for scalar in marked.unicodeScalars {
      if scalar == "§" {
        places.append(SourcePosition(line: line, column: column))
        continue
      }
      text.unicodeScalars.append(scalar)
      (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
    }
    self.text = text
    self.places = places
  }
}

/// Reads a recipe of the fake kinds.
func parse(_ text: String, overrides: [String] = []) throws(RecipeError) -> Recipe {
  try Recipe.parse(
    text, file: URL(filePath: "experiments/x.yaml"), overrides: overrides,
    registry: RecipeKinds.registry)
}

/// The mistakes of a recipe; none where it is right.
func mistakes(_ text: String, overrides: [String] = []) -> [Diagnostic] {
  do {
    _ = try parse(text, overrides: overrides)
    return []
  } catch {
    return error.diagnostics
  }
}

/// Expects just these messages, in this order, at the marks.
func expect(
  _ marked: String, _ messages: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
  let marked = MarkedText(marked)
  let found = mistakes(marked.text)
  #expect(found.map(\.message) == messages, sourceLocation: sourceLocation)
  #expect(found.map(\.position) == marked.places, sourceLocation: sourceLocation)
}
