import OrderedCollections

/// The part of a report that shows what models wrote, with the verdicts.
struct SamplesSection {
  /// An instance with its completions, or the reason why they cannot be read.
  let instances: [(name: String, samples: Result<CompletionSamples, any Error>)]

  /// Reads the completions of every instance that has some.
  init(results: [InstanceResult], limit: Int) {
    instances = results.compactMap { result in
      do {
        guard let samples = try CompletionSamples(of: result, limit: limit) else { return nil }
        return (result.name, .success(samples))
      } catch {
        return (result.name, .failure(error))
      }
    }
  }

  /// The section's content.
  var markup: Markup { Markup(instances.map { markup($0.name, $0.samples) }) }

  private func markup(_ name: String, _ samples: Result<CompletionSamples, any Error>) -> Markup {
    switch samples {
    case .failure(let error):
      return .element("p", ["class": "warning"], Markup("\(name): \(error)"))
    case .success(let samples):
      let shown =
        samples.shown.count < samples.count
        ? "The first \(samples.shown.count) of \(samples.count) completions."
        : "All \(samples.count) completions."
      return .element(
        "details", ["class": "card"],
        .element("summary", [:], .element("code", [:], Markup(name)), tally(samples)),
        .element("p", ["class": "quiet"], Markup(shown)),
        Markup(samples.shown.map(markup)))
    }
  }

  private func tally(_ samples: CompletionSamples) -> Markup {
    let total = Double(max(samples.count, 1))
    let parts = samples.tallies.map { tally in
      Markup.element(
        "span",
        [
          "class": style(tally.outcome, tally.isCorrect),
          "style": "flex-grow:\(NumberText.plain(Double(tally.count) / total, decimals: 4))",
        ])
    }
    let counts = samples.tallies.map { tally in
      "\(tally.count) \(words(tally.outcome))"
    }
    return .element("span", ["class": "bar", "aria-hidden": "true"], parts)
      + .element("span", ["class": "quiet"], Markup(counts.joined(separator: " · ")))
  }

  private func markup(_ sample: CompletionSamples.Sample) -> Markup {
    let mark = sample.isCorrect ? "✓ " : "✗ "
    let badge = Markup.element(
      "span", ["class": "badge " + style(sample.outcome, sample.isCorrect)],
      Markup(mark + words(sample.outcome)))
    let name = Markup.element("span", ["class": "name"], Markup(sample.name))
    let facts = Markup.element(
      "span", ["class": "quiet"], Markup(sample.facts.joined(separator: " · ")))
    return .element(
      "details", ["class": "sample"],
      .element("summary", [:], badge, name, facts),
      .element("h4", [:], "Prompt"), text(sample.prompt),
      .element("h4", [:], "Completion"), text(sample.completion),
      sample.answers.isEmpty
        ? .empty : .element("h4", [:], "Answer") + ReportPage.definitions(sample.answers))
  }

  private func text(_ content: String) -> Markup {
    let shown = content.isEmpty ? "(empty)" : content
    return .element("pre", ["dir": "auto", "tabindex": "0"], Markup(shown))
  }

  private func words(_ outcome: String) -> String { outcome.replacing("_", with: " ") }

  private func style(_ outcome: String, _ isCorrect: Bool) -> String {
    isCorrect ? "right" : outcome == "wrong" ? "wrong" : "other"
  }
}
