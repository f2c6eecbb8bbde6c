import Base
import Foundation
import OrderedCollections
import Runner
import Tasks

/// What the browser of completions holds: a choice of problems, with what each arm wrote.
///
/// The choice depends on the verdicts alone, so equal results give equal bytes.
package struct BrowserData {
  /// How many slots (problem, run, sample) of a benchmark are shown.
  package static let slotLimit = 200
  /// How many bytes of a completion are shown; longer ones lose their middle.
  package static let textLimit = 6_000
  /// How many bytes all completions together may have; where there are many, each may have fewer.
  package static let totalLimit = 8_000_000

  private let places: EvaluationPlaces
  private let data: Findings
  private let baseline: [String: String]

  /// Gathers what there may be to show.
  /// - Parameter baseline: the point of the axes that tables compare with.
  init(_ places: EvaluationPlaces, data: Findings, baseline: [String: String]) {
    self.places = places
    self.data = data
    self.baseline = baseline
  }

  /// The data for the page's script; nil where nothing was graded. What cannot be read is left
  /// out.
  func json() -> JSONValue? {
    let evaluations = places.places.enumerated().compactMap(evaluation)
    if evaluations.isEmpty { return nil }
    let boards = places.benchmarks.compactMap { name -> Board? in
      let own = evaluations.filter { places.places[$0.index].benchmark == name }
      return own.isEmpty ? nil : board(name, own)
    }
    let cells = boards.flatMap { $0.chosen.flatMap { $0.cells.compactMap(\.self) } }
    let limit = min(Self.textLimit, Self.totalLimit / max(cells.count, 1))
    let contents = contents(of: cells)
    let runs = OrderedSet(boards.flatMap { $0.chosen.map(\.run) })
    var problems: [JSONValue] = []
    var slots: [JSONValue] = []
    for (index, board) in boards.enumerated() {
      let texts = board.evaluations.first.map {
        ProblemTexts(of: places.places[$0.index].instance, data: data)
      }
      var numbers: [String: Int] = [:]
      for slot in board.chosen {
        let prompt = slot.cells.lazy.compactMap { $0 }.first.flatMap { contents[$0.place]?.prompt }
        let number = numbers[slot.problem] ?? problems.count
        if numbers.updateValue(number, forKey: slot.problem) == nil {
          problems.append(
            Self.json(slot.problem, texts?[slot.problem], prompt: prompt, benchmark: index))
        }
        slots.append([
          "problem": .integer(number), "run": .integer(runs.firstIndex(of: slot.run) ?? 0),
          "sample": .integer(slot.sample),
          "completions": .array(
            slot.cells.map { cell in cell.flatMap { json($0, contents, limit: limit) } ?? .null }),
        ])
      }
    }
    return [
      "arms": .array(places.arms.map { .string($0) }), "runs": .array(runs.map { .string($0) }),
      "benchmarks": .array(boards.map(\.json)), "problems": .array(problems),
      "slots": .array(slots), "limit": .integer(limit),
    ]
  }

  /// A benchmark with the slots that are shown of it.
  private struct Board {
    let name: String
    let evaluations: [CompletionSlots.Evaluation]
    let all: CompletionSlots
    let chosen: [CompletionSlots.Slot]
    let pair: (first: Int, second: Int)

    /// The arms that were measured.
    var arms: [Int] { Set(evaluations.map(\.arm)).sorted() }

    var json: JSONValue {
      let changes = arms.flatMap { first in
        arms.filter { $0 > first }.map { second -> JSONValue in
          let counts = all.count(from: first, to: second)
          return [
            "first": .integer(first), "second": .integer(second),
            "counts": .array(
              CompletionSlots.Change.allCases.map { .integer(counts[$0, default: 0]) }),
          ]
        }
      }
      return [
        "name": .string(name), "arms": .array(arms.map { .integer($0) }),
        "pair": [.integer(pair.first), .integer(pair.second)], "total": .integer(all.slots.count),
        "shown": .integer(chosen.count), "changes": .array(changes),
      ]
    }
  }

  private func board(_ name: String, _ evaluations: [CompletionSlots.Evaluation]) -> Board {
    let arms = Set(evaluations.map(\.arm)).sorted()
    let first = baselineArm.flatMap { arms.contains($0) ? $0 : nil } ?? arms[0]
    let second = arms.last { $0 != first } ?? first
    let all = CompletionSlots(evaluations, arms: places.arms.count)
    return Board(
      name: name, evaluations: evaluations, all: all,
      chosen: all.chosen(Self.slotLimit, from: first, to: second), pair: (first, second))
  }

  /// The name of the arm that tables compare with.
  var baselineName: String? { baselineArm.map { places.arms[$0] } }

  private var baselineArm: Int? {
    let place = places.places.first { place in
      !baseline.isEmpty
        && baseline.allSatisfy { axis, value in
          place.instance.point[axis].map { $0.string ?? $0.text } == value
        }
    }
    return place.flatMap { places.arms.firstIndex(of: $0.arm) }
  }

  private func evaluation(
    _ index: Int, _ place: EvaluationPlaces.Place
  ) -> CompletionSlots.Evaluation? {
    guard let graded = try? data.completions(of: place.instance),
      let arm = places.arms.firstIndex(of: place.arm)
    else { return nil }
    return CompletionSlots.Evaluation(
      index: index, arm: arm, run: place.run, verdicts: graded.verdicts)
  }

  /// What was written at the chosen places, an evaluation at a time: all together may be large.
  private func contents(
    of cells: [CompletionSlots.Cell]
  ) -> [CellPlace: GradedCompletions.Content] {
    var found: [CellPlace: GradedCompletions.Content] = [:]
    for (index, cells) in OrderedDictionary(grouping: cells, by: \.evaluation) {
      guard let graded = try? data.completions(of: places.places[index].instance) else {
        continue
      }
      for cell in cells { found[cell.place] = graded.content(at: cell.row) }
    }
    return found
  }

  private func json(
    _ cell: CompletionSlots.Cell, _ contents: [CellPlace: GradedCompletions.Content], limit: Int
  ) -> JSONValue? {
    guard let content = contents[cell.place] else { return nil }
    let cut = ShortenedText(content.text, limit: limit)
    var entry: [String: JSONValue] = [
      "outcome": .string(cell.outcome.rawValue), "correct": .boolean(cell.isCorrect),
      "text": .string(cut.head),
    ]
    if cut.omitted > 0 {
      entry["omitted"] = .integer(cut.omitted)
      entry["tail"] = .string(cut.tail)
    }
    if let tokens = content.tokens { entry["tokens"] = .integer(tokens) }
    if let answer = content.extracted { entry["extracted"] = .string(answer) }
    if content.isTruncated { entry["truncated"] = true }
    if content.isGuess { entry["guessed"] = true }
    return .object(entry)
  }

  private static func json(
    _ id: String, _ text: ProblemTexts.Entry?, prompt: String?, benchmark: Int
  ) -> JSONValue {
    [
      "id": .string(id), "benchmark": .integer(benchmark),
      "question": text?.question.map { .string($0) } ?? .null,
      "answer": text?.answer.map { .string($0) } ?? .null,
      "prompt": prompt.map { .string($0) } ?? .null,
    ]
  }
}

/// Where a completion stands: the evaluation and the row.
private struct CellPlace: Hashable {
  let evaluation: Int
  let row: Int
}

extension CompletionSlots.Cell {
  fileprivate var place: CellPlace { CellPlace(evaluation: evaluation, row: row) }
}

/// The parts of the browser of completions that the script fills.
enum BrowserMarkup {
  /// The browser, hidden until the script runs; nothing without data.
  static func markup(_ data: JSONValue?) -> Markup {
    guard let data else { return .empty }
    let hasPairs = (data["arms"]?.array?.count ?? 0) > 1
    return .element(
      "div", ["id": "browser", "class": hasPairs ? "browser" : "browser alone"],
      .element("div", ["class": "controls"], controls),
      .element(
        "div",
        ["id": "browser-counts", "class": "counts", "role": "group", "aria-label": "What changed"]),
      .element("div", ["class": "walk"], walk),
      .element(
        "div", ["class": "panes"],
        .element("ol", ["id": "browser-list", "class": "list", "aria-label": "Measurements"]),
        .element(
          "div",
          ["id": "browser-detail", "class": "detail", "aria-label": "The measurement chosen"])),
      .element("p", ["id": "browser-scope", "class": "quiet"]))
  }

  private static var controls: [Markup] {
    [
      select("first", "First arm", style: "arm"),
      button("swap", "⇄", "Exchange the two arms", style: "swap"),
      select("second", "Second arm", style: "arm"),
      select("benchmark", "Benchmark"), select("change", "From first to second", style: "pairs"),
      select("verdict", "Verdict of either"),
      .element(
        "label", ["class": "search"], .element("span", [:], "Search"),
        .leaf(
          "input",
          [
            "id": "browser-text", "type": "search", "autocomplete": "off", "spellcheck": "false",
            "placeholder": "in problems, answers and completions",
            "aria-keyshortcuts": "/",
          ])),
    ]
  }

  private static var walk: [Markup] {
    [
      button("previous", "← Previous", "Previous measurement (left arrow key)", keys: "ArrowLeft"),
      .element("span", ["id": "browser-status", "role": "status", "class": "status"]),
      button("next", "Next →", "Next measurement (right arrow key)", keys: "ArrowRight"),
      .element(
        "span", ["class": "quiet keys"], "Keys: ", .element("kbd", [:], "←"), " ",
        .element("kbd", [:], "→"), " to walk, ", .element("kbd", [:], "/"), " to search"),
    ]
  }

  private static func select(_ id: String, _ label: String, style: String = "") -> Markup {
    .element(
      "label", ["class": style], .element("span", [:], Markup(label)),
      .element("select", ["id": "browser-\(id)"]))
  }

  private static func button(
    _ id: String, _ text: String, _ label: String, style: String = "", keys: String = ""
  ) -> Markup {
    .element(
      "button",
      [
        "id": "browser-\(id)", "type": "button", "class": style, "aria-label": label,
        "title": label, "aria-keyshortcuts": keys,
      ], Markup(text))
  }
}

/// The script of the browser of completions. It puts texts into the page as texts, never as markup.
enum BrowserScript {
  /// The whole script.
  static let source = state + list + detail + events

  private static let state = #"""
    (function () {
      "use strict";
      var root = document.getElementById("browser");
      var data = JSON.parse(document.getElementById("completions-data").textContent);
      document.documentElement.classList.add("scripted");
      var byId = function (id) { return document.getElementById("browser-" + id); };
      var names = ["lost", "won", "both-wrong", "both-correct"];
      var titles = ["correct → wrong", "wrong → correct", "wrong in both", "correct in both"];
      var state = { benchmark: -1, first: 0, second: 0, change: "", verdict: "", text: "" };
      var shown = [], position = 0;
      var pageSize = 40;

      function element(name, style, text) {
        var made = document.createElement(name);
        if (style) made.className = style;
        if (text !== undefined) made.textContent = text;
        return made;
      }
      function plural(count, word) { return count + " " + word + (count === 1 ? "" : "s"); }
      function words(outcome) { return outcome.replace(/_/g, " "); }
      function problem(slot) { return data.problems[slot.problem]; }
      function benchmark(slot) { return data.benchmarks[problem(slot).benchmark]; }
      function style(completion) {
        return completion.correct ? "right" : completion.outcome === "wrong" ? "wrong" : "other";
      }
      function change(slot) {
        var a = slot.completions[state.first], b = slot.completions[state.second];
        if (!a || !b || state.first === state.second) return -1;
        return a.correct ? (b.correct ? 3 : 0) : (b.correct ? 1 : 2);
      }
      function key(slot) {
        return [benchmark(slot).name, problem(slot).id, data.runs[slot.run], slot.sample];
      }
      function pairs(slot) {
        var arms = state.first === state.second ? [state.first] : [state.first, state.second];
        return arms.map(function (arm) { return [arm, slot.completions[arm]]; });
      }
      function holds(slot, text) {
        var item = problem(slot);
        var all = [item.id, item.question || item.prompt || "", item.answer || ""];
        pairs(slot).forEach(function (pair) {
          if (pair[1]) all.push(pair[1].text, pair[1].tail || "", pair[1].extracted || "");
        });
        return all.join("\n").toLowerCase().indexOf(text) >= 0;
      }
      function select() {
        var text = state.text.trim().toLowerCase();
        var found = data.slots.filter(function (slot) {
          var both = pairs(slot).filter(function (pair) { return pair[1]; });
          return both.length > 0
            && (state.benchmark < 0 || problem(slot).benchmark === state.benchmark)
            && (state.change === "" || names[change(slot)] === state.change)
            && (state.verdict === "" || both.some(function (pair) {
              return pair[1].outcome === state.verdict;
            }))
            && (text === "" || holds(slot, text));
        });
        var rank = function (slot) { var c = change(slot); return c < 0 ? 4 : c; };
        shown = found.map(function (slot, index) { return [rank(slot), index, slot]; })
          .sort(function (a, b) { return a[0] - b[0] || a[1] - b[1]; })
          .map(function (entry) { return entry[2]; });
      }

    """#

  private static let list = #"""
      function counts() {
        var sums = [0, 0, 0, 0];
        data.benchmarks.forEach(function (board, index) {
          if (state.benchmark >= 0 && state.benchmark !== index) return;
          board.changes.forEach(function (entry) {
            var straight = entry.first === state.first && entry.second === state.second;
            var turned = entry.first === state.second && entry.second === state.first;
            if (!straight && !turned) return;
            entry.counts.forEach(function (count, i) {
              sums[turned && i < 2 ? 1 - i : i] += count;
            });
          });
        });
        return sums;
      }
      function drawCounts() {
        var box = byId("counts");
        box.textContent = "";
        var sums = counts();
        var total = sums.reduce(function (a, b) { return a + b; }, 0);
        box.hidden = total === 0;
        sums.forEach(function (count, i) {
          var button = element("button", "count " + names[i]);
          button.type = "button";
          button.setAttribute("aria-pressed", String(state.change === names[i]));
          button.append(element("strong", "", String(count)), " " + titles[i]);
          button.addEventListener("click", function () {
            state.change = state.change === names[i] ? "" : names[i];
            byId("change").value = state.change;
            refresh(0);
          });
          box.append(button);
        });
      }
      function mark(completion) {
        if (!completion) return element("span", "mark none", "·");
        return element("span", "mark " + style(completion), completion.correct ? "✓" : "✗");
      }
      function drawList() {
        var box = byId("list");
        box.textContent = "";
        var from = Math.floor(position / pageSize) * pageSize;
        shown.slice(from, from + pageSize).forEach(function (slot, offset) {
          var button = element("button", "entry");
          button.type = "button";
          if (from + offset === position) button.setAttribute("aria-current", "true");
          var marks = element("span", "marks");
          marks.setAttribute("aria-hidden", "true");
          pairs(slot).forEach(function (pair) { marks.append(mark(pair[1])); });
          var place = [data.runs[slot.run], "sample " + slot.sample];
          if (state.benchmark < 0) place.unshift(benchmark(slot).name);
          var name = element("span", "entry-name");
          name.append(problem(slot).id, element("span", "quiet", place.filter(Boolean).join(" · ")));
          button.append(marks, name);
          var spoken = pairs(slot).map(function (pair) {
            return data.arms[pair[0]] + " " + (pair[1] ? words(pair[1].outcome) : "not measured");
          });
          button.setAttribute("aria-label", problem(slot).id + ", " + place.filter(Boolean).join(", ")
            + ": " + spoken.join(", "));
          button.addEventListener("click", function () { go(from + offset); });
          var item = element("li");
          item.append(button);
          box.append(item);
        });
        // The list scrolls by itself; the page must stay where the reader is.
        var current = box.querySelector("[aria-current]");
        if (current && box.scrollHeight > box.clientHeight) {
          var top = current.offsetTop - box.offsetTop;
          if (top < box.scrollTop) box.scrollTop = top;
          var bottom = top + current.offsetHeight - box.clientHeight;
          if (bottom > box.scrollTop) box.scrollTop = bottom;
        }
      }

    """#

  private static let detail = #"""
      function field(name, text) {
        var box = element("div", "field");
        box.append(element("h4", "", name), block(text));
        return box;
      }
      function block(text) {
        var pre = element("pre", "", text === "" ? "(empty)" : text);
        pre.dir = "auto";
        pre.tabIndex = 0;
        return pre;
      }
      function completionBox(arm, completion) {
        var box = element("article", "written");
        var name = element("h4", "arm-name", data.arms[arm]);
        if (!completion) {
          box.append(name, element("p", "quiet", "Not measured here."));
          return box;
        }
        var badge = element("span", "badge " + style(completion),
          (completion.correct ? "✓ " : "✗ ") + words(completion.outcome));
        var facts = [];
        if (completion.tokens !== undefined) facts.push(plural(completion.tokens, "token"));
        if (completion.truncated) facts.push("cut off at the limit");
        if (completion.guessed) facts.push("a guess, credited");
        var line = element("p", "facts-line");
        line.append(badge, element("span", "quiet", facts.join(" · ")));
        box.append(name, line);
        if (completion.extracted !== undefined) {
          var read = element("p", "read");
          read.append(element("span", "quiet", "read as "),
            element("code", "", completion.extracted === "" ? "nothing" : completion.extracted));
          box.append(read);
        }
        var pre = block(completion.text);
        pre.setAttribute("aria-label", "What " + data.arms[arm] + " wrote");
        if (completion.omitted) {
          pre.append(element("span", "omitted",
            completion.omitted.toLocaleString("en") + " characters left out"), completion.tail);
        }
        box.append(pre);
        return box;
      }
      function drawDetail() {
        var box = byId("detail");
        box.textContent = "";
        var slot = shown[position];
        if (!slot) {
          box.append(element("p", "empty", "Nothing shown here has all of that. Clear a filter."));
          return;
        }
        var item = problem(slot);
        var head = element("div", "detail-head");
        var kind = change(slot);
        head.append(element("h3", "", item.id), element("span", "quiet",
          [benchmark(slot).name, data.runs[slot.run], "sample " + slot.sample].filter(Boolean)
            .join(" · ")));
        if (kind >= 0) head.append(element("span", "tag change " + names[kind], titles[kind]));
        box.append(head);
        if (item.question !== null) box.append(field("Problem", item.question));
        if (item.answer !== null) box.append(field("Right answer", item.answer));
        if (item.prompt !== null) {
          var fold = element("details", "prompt");
          fold.open = item.question === null;
          fold.append(element("summary", "", "Prompt, as the model read it"), block(item.prompt));
          box.append(fold);
        }
        var both = element("div", "both");
        pairs(slot).forEach(function (pair) { both.append(completionBox(pair[0], pair[1])); });
        box.append(both);
      }
      function drawStatus() {
        var total = 0, have = 0;
        data.benchmarks.forEach(function (board, index) {
          if (state.benchmark >= 0 && state.benchmark !== index) return;
          total += board.total;
          have += board.shown;
        });
        byId("status").textContent = shown.length === 0 ? "None of " + have
          : position + 1 + " of " + shown.length;
        byId("scope").textContent = have < total
          ? "This page holds " + have + " of " + total + " measurements, flips first; the counts "
            + "are over all of them." : "This page holds all " + total + " measurements.";
        byId("previous").disabled = position <= 0;
        byId("next").disabled = position >= shown.length - 1;
      }

    """#

  private static let events = #"""
      function draw() { drawCounts(); drawList(); drawDetail(); drawStatus(); }
      function refresh(to) { select(); go(to, true); }
      function go(to, quietly) {
        position = Math.max(0, Math.min(to, shown.length - 1));
        draw();
        remember();
      }
      function remember() {
        var slot = shown[position];
        if (!slot) return;
        var place = key(slot);
        var entries = [["benchmark", place[0]], ["problem", place[1]], ["run", place[2]],
          ["sample", place[3]], ["first", data.arms[state.first]],
          ["second", data.arms[state.second]], ["only", state.benchmark < 0 ? "" : "1"],
          ["change", state.change], ["verdict", state.verdict], ["text", state.text]];
        var hash = "#completions&" + entries.filter(function (entry) { return entry[1] !== ""; })
          .map(function (entry) { return entry[0] + "=" + encodeURIComponent(entry[1]); }).join("&");
        if (started) history.replaceState(null, "", hash);
      }
      function recall() {
        var parts = location.hash.split("&");
        if (parts[0] !== "#completions" || parts.length < 2) return false;
        var wanted = {};
        parts.slice(1).forEach(function (part) {
          var cut = part.indexOf("=");
          try { wanted[part.slice(0, cut)] = decodeURIComponent(part.slice(cut + 1)); }
          catch (error) { return; }
        });
        var board = data.benchmarks.findIndex(function (b) { return b.name === wanted.benchmark; });
        state.benchmark = wanted.only ? board : -1;
        ["first", "second"].forEach(function (side) {
          var arm = data.arms.indexOf(wanted[side]);
          if (arm >= 0) state[side] = arm;
        });
        state.change = names.indexOf(wanted.change) >= 0 ? wanted.change : "";
        state.verdict = outcomes.indexOf(wanted.verdict) >= 0 ? wanted.verdict : "";
        state.text = wanted.text || "";
        fillControls();
        select();
        var place = [wanted.benchmark, wanted.problem, wanted.run || "", wanted.sample].join("\n");
        var at = shown.findIndex(function (slot) { return key(slot).join("\n") === place; });
        go(at < 0 ? 0 : at);
        root.scrollIntoView();
        return true;
      }
      function option(value, text) {
        var made = element("option", "", text);
        made.value = value;
        return made;
      }
      var outcomes = [];
      data.slots.forEach(function (slot) {
        slot.completions.forEach(function (completion) {
          if (completion && outcomes.indexOf(completion.outcome) < 0) {
            outcomes.push(completion.outcome);
          }
        });
      });
      outcomes.sort();
      function fillControls() {
        byId("benchmark").value = String(state.benchmark);
        byId("first").value = String(state.first);
        byId("second").value = String(state.second);
        byId("change").value = state.change;
        byId("verdict").value = state.verdict;
        byId("text").value = state.text;
        var board = data.benchmarks[state.benchmark];
        ["first", "second"].forEach(function (side) {
          Array.prototype.forEach.call(byId(side).options, function (choice) {
            choice.disabled = !!board && board.arms.indexOf(Number(choice.value)) < 0;
          });
        });
      }
      function usePair(board) {
        var known = board.arms.indexOf(state.first) >= 0 && board.arms.indexOf(state.second) >= 0;
        if (!known) { state.first = board.pair[0]; state.second = board.pair[1]; }
      }
      function onChange(id, use) {
        byId(id).addEventListener(id === "text" ? "input" : "change", function (event) {
          use(event.target.value);
          fillControls();
          refresh(0);
        });
      }
      byId("benchmark").append(option("-1", "all"));
      data.benchmarks.forEach(function (b, i) { byId("benchmark").append(option(String(i), b.name)); });
      data.arms.forEach(function (name, i) {
        byId("first").append(option(String(i), name));
        byId("second").append(option(String(i), name));
      });
      byId("change").append(option("", "any"));
      names.forEach(function (name, i) { byId("change").append(option(name, titles[i])); });
      byId("verdict").append(option("", "any"));
      outcomes.forEach(function (name) { byId("verdict").append(option(name, words(name))); });
      onChange("benchmark", function (value) {
        state.benchmark = Number(value);
        if (state.benchmark >= 0) usePair(data.benchmarks[state.benchmark]);
      });
      onChange("first", function (value) { state.first = Number(value); });
      onChange("second", function (value) { state.second = Number(value); });
      onChange("change", function (value) { state.change = value; });
      onChange("verdict", function (value) { state.verdict = value; });
      onChange("text", function (value) { state.text = value; });
      byId("swap").addEventListener("click", function () {
        var kept = state.first;
        state.first = state.second;
        state.second = kept;
        if (state.change === "lost" || state.change === "won") {
          state.change = state.change === "lost" ? "won" : "lost";
        }
        fillControls();
        refresh(0);
      });
      byId("previous").addEventListener("click", function () { go(position - 1); });
      byId("next").addEventListener("click", function () { go(position + 1); });
      document.addEventListener("keydown", function (event) {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        var inField = event.target.closest && event.target.closest("input, select, textarea, .scroll");
        if (event.key === "Escape" && event.target === byId("text")) { byId("text").blur(); return; }
        if (inField) return;
        if (event.key === "ArrowLeft" && position > 0) go(position - 1);
        else if (event.key === "ArrowRight" && position < shown.length - 1) go(position + 1);
        else if (event.key === "/") byId("text").focus();
        else return;
        event.preventDefault();
      });
      var started = false;
      var pair = data.benchmarks[0].pair;
      state.first = pair[0];
      state.second = pair[1];
      if (data.benchmarks.length === 1) state.benchmark = 0;
      window.addEventListener("hashchange", recall);
      if (!recall()) { fillControls(); refresh(0); }
      started = true;
      root.dataset.ready = String(shown.length);
    })();

    """#
}

/// What problems ask and what their right answers are, from the problems' own table.
package struct ProblemTexts: Sendable {
  /// A problem's question and answer, as far as its table says them.
  package struct Entry: Sendable {
    package let question: String?
    package let answer: String?
  }

  private let entries: [String: Entry]

  /// No texts.
  package init() { self.init(entries: [:]) }

  private init(entries: [String: Entry]) { self.entries = entries }

  /// Reads a table of problems; columns that hold no texts are passed over.
  package init(table: RowTable) {
    guard let ids = try? Problems(table).ids else {
      self.init()
      return
    }
    let pairs = ids.enumerated().map { index, id in (id, Entry(table.row(index))) }
    self.init(entries: Dictionary(pairs) { first, _ in first })
  }

  /// Reads the problems that an instance was bound to; none where they are not at hand.
  init(of instance: PlannedInstance, data: Findings) {
    guard let input = data.binding(of: "problems", of: instance),
      let producer = data[input.producer],
      let table = try? data.tables.table("\(input.output).h5", of: producer)
    else {
      self.init()
      return
    }
    self.init(table: table)
  }

  /// What is known of a problem.
  package subscript(id: String) -> Entry? { entries[id] }
}

extension ProblemTexts.Entry {
  /// The names that public data sets use.
  private static let questionColumns = ["problem", "question", "quiz", "prompt"]
  private static let answerColumns = [
    "answer", "solution_text_format", "solution", "canonical_solution",
  ]

  fileprivate init(_ row: [String: JSONValue]) {
    func first(of columns: [String]) -> String? {
      columns.lazy.compactMap { row[$0]?.string }.first { !$0.isEmpty }
    }
    let options = (row["options"]?.array ?? []).compactMap(\.string)
    let lines = zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", options).map { "\($0). \($1)" }
    question = first(of: Self.questionColumns).map { text in
      lines.isEmpty ? text : text + "\n\n" + lines.joined(separator: "\n")
    }
    answer = first(of: Self.answerColumns)
  }
}

/// A text whose middle is left out where it is long: beginnings and ends tell most.
package struct ShortenedText: Sendable, Equatable {
  /// The beginning, or all of it.
  package let head: String
  /// The end, where something was left out.
  package let tail: String
  /// How many characters (Unicode scalars) were left out.
  package let omitted: Int

  /// Shortens a text to about so many bytes, three fifths of them at the beginning.
  package init(_ text: String, limit: Int) {
    let bytes = text.utf8.count
    guard bytes > limit else {
      (head, tail, omitted) = (text, "", 0)
      return
    }
    let scalars = text.unicodeScalars
    // Positions in UTF-8 are rounded down to where a scalar begins.
    func boundary(_ offset: Int) -> String.Index {
      var index = text.utf8.index(text.utf8.startIndex, offsetBy: offset)
      while index > text.startIndex, index.samePosition(in: scalars) == nil {
        index = text.utf8.index(before: index)
      }
      return index
    }
    let end = boundary(limit * 3 / 5)
    let start = boundary(bytes - limit * 2 / 5)
    head = String(scalars[..<end])
    tail = String(scalars[start...])
    omitted = scalars[end..<start].count
  }
}

/// The part of a report that shows what models wrote, with the verdicts: a browser where scripts
/// run, and a plain list of the first few in any case.
struct CompletionsSection {
  /// How many completions of an instance the plain list shows.
  static let listed = 5

  private let instances: [(name: String, listed: Result<Listed, any Error>)]
  private let data: JSONValue?

  /// What the plain list shows of an instance; not all of its completions, which may be large.
  private struct Listed {
    let count: Int
    let tallies: [(outcome: Outcome, count: Int)]
    let shown: [(verdict: GradedSample, content: GradedCompletions.Content)]

    init(_ graded: GradedCompletions) {
      count = graded.verdicts.count
      tallies = graded.tallies
      shown = graded.verdicts.prefix(CompletionsSection.listed).enumerated().map {
        ($0.element, graded.content(at: $0.offset))
      }
    }
  }

  /// Reads the completions of every instance that has some.
  init(_ data: Findings, _ results: [PlannedInstance], browser: BrowserData) {
    instances = results.compactMap { result in
      do {
        guard let graded = try data.completions(of: result) else { return nil }
        return (result.name, .success(Listed(graded)))
      } catch {
        return (result.name, .failure(error))
      }
    }
    self.data = browser.json()
  }

  /// The section's content.
  var markup: Markup {
    if instances.isEmpty { return .empty }
    let list = Markup(instances.map { markup($0.name, $0.listed) })
    return BrowserMarkup.markup(data) + .element("div", ["class": "plain"], list)
  }

  /// The data and the script, for the end of the page; nothing where nothing was graded.
  var scripts: Markup {
    guard let data else { return .empty }
    return Markup(
      trusted:
        "\n<script type=\"application/json\" id=\"completions-data\">\(EmbeddedJSON.text(data))"
        + "</script>\n<script>\(BrowserScript.source)</script>\n")
  }

  /// The scripts whose running the page must allow.
  var runnable: [String] { data == nil ? [] : [BrowserScript.source] }

  private func markup(_ name: String, _ listed: Result<Listed, any Error>) -> Markup {
    switch listed {
    case .failure(let error):
      return .element("p", ["class": "warning"], Markup("\(name): \(error)"))
    case .success(let listed):
      let shown = listed.shown.count
      let words =
        shown < listed.count
        ? "The first \(shown) of \(listed.count) completions." : "All \(shown) completions."
      return .element(
        "details", ["class": "card"],
        .element("summary", [:], .element("code", [:], Markup(name)), tally(listed)),
        .element("p", ["class": "quiet"], Markup(words)),
        Markup(listed.shown.map(sample)))
    }
  }

  private func tally(_ listed: Listed) -> Markup {
    let total = Double(max(listed.count, 1))
    let parts = listed.tallies.map { tally in
      Markup.element(
        "span",
        [
          "class": style(tally.outcome),
          "style": "flex-grow:\(NumberText.plain(Double(tally.count) / total, decimals: 4))",
        ])
    }
    let counts = listed.tallies.map { "\($0.count) \($0.outcome.words)" }
    return .element("span", ["class": "bar", "aria-hidden": "true"], parts)
      + .element("span", ["class": "quiet"], Markup(counts.joined(separator: " · ")))
  }

  private func sample(
    _ verdict: GradedSample, _ content: GradedCompletions.Content
  ) -> Markup {
    let mark = verdict.isCorrect ? "✓ " : "✗ "
    let badge = Markup.element(
      "span", ["class": "badge " + style(verdict.outcome)],
      Markup(mark + verdict.outcome.words))
    let name = Markup.element(
      "span", ["class": "name"], Markup("\(verdict.problem), sample \(verdict.sample)"))
    let facts = Markup.element(
      "span", ["class": "quiet"], Markup(content.facts.joined(separator: " · ")))
    return .element(
      "details", ["class": "sample"],
      .element("summary", [:], badge, name, facts),
      .element("h4", [:], "Prompt"), text(content.prompt),
      .element("h4", [:], "Completion"), text(content.text))
  }

  private func text(_ content: String) -> Markup {
    let cut = ShortenedText(content, limit: BrowserData.textLimit)
    let gap = cut.omitted > 0 ? "\n[\(cut.omitted) characters left out]\n" : ""
    let shown = content.isEmpty ? "(empty)" : cut.head + gap + cut.tail
    return .element("pre", ["dir": "auto", "tabindex": "0"], Markup(shown))
  }

  private func style(_ outcome: Outcome) -> String {
    switch outcome {
    case .correct: "right"
    case .wrong: "wrong"
    case .noAnswer, .badFormat, .timeout: "other"
    }
  }
}

extension GradedCompletions.Content {
  /// What there is to know of a completion beside its text, in a few words each.
  package var facts: [String] {
    [
      tokens.map { $0 == 1 ? "1 token" : "\($0) tokens" },
      isTruncated ? "cut off at the limit" : nil, isGuess ? "a guess, credited" : nil,
      extracted.map { $0.isEmpty ? "no answer read" : "read as \($0.prefix(60))" },
    ].compactMap(\.self)
  }
}
