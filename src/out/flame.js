// SPDX-License-Identifier: Apache-2.0
// In a flame graph of stoat: a click on a function shows it over the whole width, with what it calls;
// Escape or "reset" shows all again. "search" marks functions by a part of their names.
(function () {
  "use strict";
  const LETTER = 7.25;
  const MARGIN = 8;
  const svg = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const frames = Array.from(document.querySelectorAll(".f"), (g) => ({
    g: g,
    rect: g.querySelector("rect"),
    text: g.querySelector("text"),
    label: g.querySelector("title").textContent,
    name: g.querySelector("title").textContent.split("\n")[0],
    x: Number(g.getAttribute("data-x")),
    w: Number(g.getAttribute("data-w")),
    depth: Number(g.getAttribute("data-d")),
  }));
  const of = new Map(frames.map((f) => [f.g, f]));
  const root = frames[frames.length - 1];
  let shown = root;

  // As much of a name as fits: without the directories of its package, without the package.
  function cut(name, width) {
    const room = Math.floor((width - 6) / LETTER);
    let short = name.length > room ? name.replace(/^[^([{ ]*\//, "") : name;
    if (short.length > room) short = short.replace(/^[^.([{ ]*\./, "");
    if (short.length <= room) return short;
    return room < 4 ? "" : short.slice(0, room - 1) + "\u2026";
  }

  function place(f, x, width) {
    const isSeen = width >= 0.4;
    f.g.classList.toggle("off", !isSeen);
    if (!isSeen) return;
    f.rect.setAttribute("x", x.toFixed(2));
    f.rect.setAttribute("width", Math.max(width, 0.4).toFixed(2));
    f.text.setAttribute("x", (x + 4).toFixed(2));
    f.text.textContent = cut(f.name, width);
  }

  function layout() {
    const width = Math.max(window.innerWidth, 320);
    const room = width - 2 * MARGIN;
    svg.removeAttribute("viewBox");
    svg.setAttribute("width", width);
    byId("tools").setAttribute("x", width - MARGIN - 300);
    byId("matched").setAttribute("x", width - MARGIN);
    const end = shown.x + shown.w;
    for (const f of frames) {
      const isAround = f.depth <= shown.depth && f.x <= shown.x && f.x + f.w >= end;
      const isInside = f.depth > shown.depth && f.x >= shown.x && f.x + f.w <= end;
      f.g.classList.toggle("above", isAround && f !== shown);
      if (isAround) place(f, MARGIN, room);
      else if (isInside) place(f, MARGIN + ((f.x - shown.x) / shown.w) * room, (f.w / shown.w) * room);
      else place(f, 0, 0);
    }
  }

  function show(f) {
    shown = f;
    layout();
  }

  function tell(f) {
    byId("details").textContent = f ? f.label.replace("\n", ": ") : "";
  }

  // Marks what has the text in its name, and tells how much of all that is, functions within others
  // counted once.
  function search(text) {
    const want = text.toLowerCase();
    const hits = frames.filter((f) => {
      const isHit = want !== "" && f !== root && f.name.toLowerCase().includes(want);
      f.g.classList.toggle("hit", isHit);
      return isHit;
    });
    hits.sort((a, b) => a.x - b.x || b.w - a.w);
    let sum = 0;
    let end = 0;
    for (const f of hits) {
      if (f.x < end) continue;
      sum += f.w;
      end = f.x + f.w;
    }
    const percent = ((100 * sum) / root.w).toFixed(1);
    byId("matched").textContent = want === "" ? "" : "matched: " + sum + " (" + percent + "%)";
  }

  function frameOf(event) {
    const g = event.target.closest ? event.target.closest(".f") : null;
    return g ? of.get(g) : null;
  }

  function reset() {
    byId("search").value = "";
    search("");
    show(root);
  }

  svg.addEventListener("click", (event) => {
    const f = frameOf(event);
    if (f) show(f);
  });
  svg.addEventListener("mouseover", (event) => tell(frameOf(event)));
  byId("search").addEventListener("input", (event) => search(event.target.value));
  byId("reset").addEventListener("click", reset);
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape") reset();
  });
  window.addEventListener("resize", layout);
  if (root) layout();
})();
