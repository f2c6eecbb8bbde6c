import Base
import Foundation
import Runner
import Synchronization

/// The page of a run that goes on: what is at work, curves, newest completions, what is done and what is
/// to come. It knows nothing of how it is sent.
///
/// It is made anew when somebody asks, at most once a second and in at most a twentieth of the time, so
/// that whoever looks at a run does not slow it down.
package final class LivePage: Sendable {
  /// Says what an instance published, in a few words.
  package typealias Description =
    @Sendable (_ item: PlannedInstance, _ values: [String: JSONValue]) -> String

  private struct Part {
    var html = ""
    /// The page's version in which it changed last.
    var version = 0
  }

  private struct State {
    var logs: LiveLogs
    var parts: [String: Part] = [:]
    var version = 0
    var title = ""
    var hasEnded = false
    /// When it was made last and when the history was, and how long that took, in seconds.
    var madeAt = -Double.infinity
    var historyMadeAt = -Double.infinity
    var cost = 0.0
  }

  private static let order = [
    "head", "work", "curves", "rollouts", "history", "stages", "notices",
  ]
  /// The least time between two versions, in seconds.
  private static let pause = 1.0
  /// The history of problems is large and changes slowly.
  private static let historyPause = 5.0
  /// How many times as long as it takes to make it the page stays as it is.
  private static let leisure = 20.0

  private let recipe: Recipe
  private let live: LiveRun
  private let describe: Description
  private let now: @Sendable () -> Double
  private let state: Mutex<State>
  /// What this run is distinguishable from others by.
  private let identity = UUID().uuidString

  package init(
    _ recipe: Recipe, _ plan: Plan, _ cache: Cache, _ live: LiveRun,
    now: @escaping @Sendable () -> Double = DisplayOutput.standardError.now,
    describe: @escaping Description = { _, _ in "" }
  ) {
    self.recipe = recipe
    self.live = live
    self.describe = describe
    self.now = now
    state = Mutex(State(logs: LiveLogs(recipe, plan, cache)))
  }

  /// The policy that goes with the page, for a header: nothing from elsewhere, not in a frame.
  package static let policy =
    ContentPolicy.text(scripts: [LiveScript.source], asksItsServer: true)
    + "; frame-ancestors 'none'"

  /// The whole page, which shows all there is without its script, too.
  package var document: String {
    state.withLock { state in
      refresh(&state)
      let frame = PageFrame(
        title: state.title, facts: Self.refresher, heading: .empty, sections: [], footer: "",
        scripts: .empty,
        runnable: [LiveScript.source], asksItsServer: true)
      let parts = Self.order.map { Markup(trusted: state.parts[$0]?.html ?? "") }
      let script = Markup.element("script", [:], Markup(trusted: LiveScript.source))
      let body = Markup.element(
        "body", [:],
        .element("p", ["id": "link", "class": "warning", "role": "status", "hidden": ""]),
        .element("main", [:], parts),
        .element(
          "footer", [:],
          "Shown by the run itself, to this machine only. It takes no orders from here."), script)
      return "<!doctype html>\n<html lang=\"en\" data-run=\"\(identity)\""
        + " data-version=\"\(state.version)\" data-ended=\"\(state.hasEnded)\">\n"
        + "\(frame.head(style: LiveScript.style).source)\n\(body.source)\n</html>\n"
    }
  }

  /// Where scripts do not run, the page is loaded again and again.
  private static let refresher = Markup(
    trusted: "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>")

  /// What has changed since a version; nil where nothing has.
  package func changes(since version: Int) -> JSONValue? {
    state.withLock { state in
      refresh(&state)
      return state.version == version ? nil : json(state, since: version)
    }
  }

  /// That nothing has changed, for whoever has waited for long.
  package func noChanges(since version: Int) -> JSONValue {
    state.withLock { json($0, since: version) }
  }

  private func json(_ state: State, since version: Int) -> JSONValue {
    // Of a later version than there is, all is new: another run had it.
    let known = version > state.version ? 0 : version
    let parts = state.parts.filter { $0.value.version > known }.mapValues { part in
      JSONValue.string(part.html)
    }
    return [
      "run": .string(identity), "version": .integer(state.version), "title": .string(state.title),
      "ended": .boolean(state.hasEnded), "order": .array(Self.order.map { .string($0) }),
      "parts": .object(parts),
    ]
  }

  private func refresh(_ state: inout State) {
    let start = now()
    let snapshot = live.snapshot
    let isLast = snapshot.ending != nil
    if state.hasEnded { return }
    guard isLast || start - state.madeAt >= max(Self.pause, Self.leisure * state.cost) else {
      return
    }
    state.logs.read(snapshot)
    let sections = LiveSections(snapshot: snapshot, describe: describe)
    var made = [
      sections.work(state.logs), sections.curves(&state.logs), sections.rollouts(state.logs),
      sections.stages(&state.logs), sections.notices(),
    ]
    if isLast || start - state.historyMadeAt >= Self.historyPause {
      made.append(sections.history(&state.logs))
      state.historyMadeAt = start
    }
    let heading = LiveHeading(recipe: recipe, snapshot: snapshot, items: state.logs.items)
    let htmls = made.map { ($0.id, $0.html) } + [("head", heading.markup.source)]
    let changed = htmls.filter { id, html in state.parts[id]?.html ?? "" != html }
    if !changed.isEmpty || state.version == 0 || isLast {
      state.version += 1
      for (id, html) in changed { state.parts[id] = Part(html: html, version: state.version) }
    }
    state.title = heading.title
    state.hasEnded = isLast
    state.madeAt = now()
    state.cost = state.madeAt - start
  }
}

/// The head of the page: the question, how far the run is, how it ended.
private struct LiveHeading {
  let recipe: Recipe
  let snapshot: LiveRun.Snapshot
  let items: [PlannedInstance]

  private var total: Int { items.count }
  private var done: Int { items.count(where: snapshot.isDone) }

  var title: String {
    let state = snapshot.ending.map { $0.isGood ? "✓" : "✗" } ?? "\(done)/\(total)"
    return "\(state) \(recipe.name)"
  }

  private var facts: String {
    if snapshot.ending != nil {
      return
        "\(done) of \(total) instances have a result · \(NumberText.duration(snapshot.seconds))"
    }
    let working = snapshot.working.count
    let left = total - snapshot.outcomes.count - working
    return
      ([
        "\(done) of \(total) instances have a result", "\(working) at work", "\(left) to go",
        "for \(NumberText.compactDuration(snapshot.seconds)) so far",
      ] + (snapshot.secondsLeft.map { ["\(NumberText.about($0)) left"] } ?? []))
      .joined(separator: " · ")
  }

  private var ending: Markup {
    guard let ending = snapshot.ending else { return .empty }
    return .element(
      "div", ["class": "ending " + (ending.isGood ? "right" : "wrong"), "role": "status"],
      ending.sentences.map { .element("p", [:], Markup($0)) })
  }

  var markup: Markup {
    .element(
      "section", ["id": "head"],
      .element(
        "p", ["class": "kicker"],
        snapshot.ending == nil ? "a run of warmup" : "a run of warmup that has ended"),
      .element("h1", [:], Markup(recipe.name)),
      .element("p", ["class": "summary"], Markup(recipe.summary)), ending,
      .element("p", ["class": "facts"], Markup(facts)))
  }
}

/// What the page runs and how it looks beyond reports.
enum LiveScript {
  static let source = String(decoding: PackageResources.live_js, as: UTF8.self)
  static let style = String(decoding: PackageResources.live_css, as: UTF8.self)
}
