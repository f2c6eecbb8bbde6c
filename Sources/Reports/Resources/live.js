// Keeps the page of a run up to date: asks for what has changed and puts it in its place, so that what is
// unfolded, scrolled or chosen stays so.
(() => {
  "use strict";
  const root = document.documentElement;
  const main = document.querySelector("main");
  const link = document.getElementById("link");
  const run = root.dataset.run;
  let version = Number(root.dataset.version);
  let failures = 0;
  let lastAnswer = new Date();

  // What a reader has unfolded stays, even if nothing new is like it.
  const isRead = node => node.nodeType === 1 && node.matches("details.sample[open]");

  const isSame = (a, b) =>
    a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");

  const update = (old, fresh) => {
    if (old.nodeType !== 1) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    if (old.isEqualNode(fresh)) return;
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    updateChildren(old, fresh);
  };

  const updateChildren = (old, fresh) => {
    const named = new Map([...old.children].filter(node => node.id).map(node => [node.id, node]));
    let place = old.firstChild;
    for (const node of [...fresh.childNodes]) {
      const known = node.id ? named.get(node.id) : null;
      if (known && isSame(known, node)) {
        if (known === place) place = place.nextSibling;
        else old.insertBefore(known, place);
        update(known, node);
      } else if (place && !node.id && !place.id && isSame(place, node)) {
        const current = place;
        place = place.nextSibling;
        update(current, node);
      } else {
        old.insertBefore(node, place);
      }
    }
    while (place) {
      const next = place.nextSibling;
      if (!isRead(place)) place.remove();
      place = next;
    }
  };

  const show = state => {
    const template = document.createElement("template");
    for (const [id, html] of Object.entries(state.parts)) {
      template.innerHTML = html;
      const fresh = template.content.firstElementChild;
      const old = document.getElementById(id);
      if (old && fresh) update(old, fresh);
      else if (old) old.remove();
      else if (fresh) {
        const order = state.order;
        const behind = order.slice(order.indexOf(id) + 1).map(name => document.getElementById(name));
        main.insertBefore(fresh, behind.find(node => node && node.parentNode === main) || null);
      }
    }
    document.title = state.title;
    version = state.version;
    root.dataset.version = version;
    root.dataset.ended = state.ended;
  };

  const say = words => {
    link.hidden = !words;
    link.textContent = words;
  };

  const ask = async () => {
    let state;
    try {
      const answer = await fetch("state?since=" + version, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      state = await answer.json();
    } catch {
      failures += 1;
      if (failures > 1) {
        say("No answer since " + lastAnswer.toLocaleTimeString()
          + ": the run has ended without a word, or the connection is gone. This is its last known state.");
      }
      setTimeout(ask, Math.min(10000, 500 * 2 ** failures));
      return;
    }
    failures = 0;
    lastAnswer = new Date();
    if (state.run !== run) {
      say("Another run answers here now; load the page again to see it. This is the last known state of the one before.");
      return;
    }
    say("");
    show(state);
    if (!state.ended) ask();
  };

  if (root.dataset.ended !== "true") ask();
})();
