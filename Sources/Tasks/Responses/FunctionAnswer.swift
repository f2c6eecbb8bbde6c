/// Finds the program in a completion that was asked for one Python function.
package struct FunctionAnswer {
  /// The function's name.
  package let name: String
  /// What the model was asked to complete: imports, the function's head and its docstring.
  package let prompt: String

  package init(name: String, prompt: String) {
    self.name = name
    self.prompt = prompt
  }

  /// The imports with which the prompt begins. The model has read them and may rely on them.
  package var imports: String {
    let lines = prompt.lines
    let end = lines.firstIndex { !$0.isBlank && !$0.isImport } ?? lines.count
    return lines[..<end].filter(\.isImport).joined(separator: "\n")
  }

  /// The program in the first of some texts, the most trusted first, in which the function is
  /// defined; else the last block of the first text, or that text. Nil where that is blank.
  package func program(in texts: [String]) -> String? {
    let candidates = texts.map(blocks)
    for blocks in candidates {
      let defining = blocks.filter(defines)
      // A head without a body often follows, to sum up.
      if let block = defining.last(where: \.givesSomething) ?? defining.last {
        return block.withoutFirstIndentation
      }
    }
    return candidates.first?.last.map { isBody($0) ? "\(prompt)\n\($0)" : $0 }
  }

  /// The blocks of a text, else the text itself; none where it is blank.
  private func blocks(of text: String) -> [String] {
    let text = text.withLineFeeds
    let fenced = FencedBlocks(in: text).blocks
    return (fenced.isEmpty ? [text] : fenced).map(\.withoutBlankEnds).filter { !$0.isEmpty }
  }

  /// Whether code that does not define the function is what comes after the prompt.
  private func isBody(_ code: String) -> Bool {
    !prompt.isBlank && !code.indentation.isEmpty
  }

  private func defines(_ code: String) -> Bool {
    code.lines.contains { line in
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.starts(with: ["async"]) { return beginsWithName(words.dropFirst(2).first) }
      if words.count > 1, words[0] == "def" { return beginsWithName(words[1]) }
      // A name that is given a value.
      guard line.hasPrefix(name) else { return false }
      let rest = line.dropFirst(name.count).drop(while: \.isWhitespace)
      return rest.hasPrefix("=") && !rest.hasPrefix("==") || rest.hasPrefix(":")
    }
  }

  private func beginsWithName(_ word: Substring?) -> Bool {
    guard let word, word.hasPrefix(name) else { return false }
    return word.unicodeScalars.dropFirst(name.unicodeScalars.count).first?.isWordPart != true
  }
}

extension String {
  /// Line ends as Python itself reads them.
  fileprivate var withLineFeeds: String {
    var scalars = String.UnicodeScalarView()
    var previous: Unicode.Scalar = "\n"
    for scalar in unicodeScalars {
      if scalar == "\r" || scalar == "\n" && previous != "\r" {
        scalars.append("\n")
      } else if scalar != "\n" {
        scalars.append(scalar)
      }
      previous = scalar
    }
    return String(scalars)
  }

  fileprivate var lines: [String] {
    unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// The lines from the first to the last that is not blank.
  fileprivate var withoutBlankEnds: String {
    let lines = lines
    guard let first = lines.firstIndex(where: { !$0.isBlank }),
      let last = lines.lastIndex(where: { !$0.isBlank })
    else { return "" }
    return lines[first...last].joined(separator: "\n")
  }

  /// The blanks and tabs that a line, or the first line of a text, begins with.
  fileprivate var indentation: String {
    String(String.UnicodeScalarView(unicodeScalars.prefix { $0 == " " || $0 == "\t" }))
  }

  /// The text moved to the left as far as its first line can be.
  fileprivate var withoutFirstIndentation: String {
    let width = indentation.unicodeScalars.count
    if width == 0 { return self }
    return lines.map { line in
      String(line.dropFirst(min(width, line.indentation.unicodeScalars.count)))
    }.joined(separator: "\n")
  }

  fileprivate var isImport: Bool { hasPrefix("import ") || hasPrefix("from ") }

  fileprivate var givesSomething: Bool {
    ["return", "yield", "lambda"].contains { contains($0) }
  }
}
