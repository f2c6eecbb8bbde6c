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
      box.append(element("p", "empty", "No completions match these filters."));
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
    if (item.answer !== null) box.append(field("Reference answer", item.answer));
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
  var pair = data.benchmarks[data.start].pair;
  state.first = pair[0];
  state.second = pair[1];
  if (data.benchmarks.length === 1) state.benchmark = 0;
  window.addEventListener("hashchange", recall);
  if (!recall()) { fillControls(); refresh(0); }
  started = true;
  root.dataset.ready = String(shown.length);
})();
