// The keyboard of the editor. Single keys never act while a field has the focus.

import { find, html } from "/frame/drawing.js";
import { t } from "/frame/words.js";

const map = [
  ["D", "label.next"], ["A", "label.before"], ["N", "label.nothing"], ["V", "label.select"], ["B", "label.box"],
  ["P", "label.outline"], ["S", "label.find"], ["[ ]", "label.key.found"], ["K", "label.point"], ["O", "label.key.toggle"], [", .", "label.key.points"], ["H", "label.pan"], ["1–9", "label.class"], ["Tab", "label.key.tab"],
  ["← ↑ → ↓", "label.key.arrows"], ["Alt ←", "label.key.size"], ["Del", "label.key.delete"],
  ["Ctrl D", "label.key.duplicate"], ["Ctrl C / V", "label.key.copy"], ["Ctrl Z", "label.undo"],
  ["Ctrl ⇧ Z", "label.redo"], ["M", "label.propose"], ["Enter", "label.accept"], ["⇧ Enter", "label.accept.all"],
  ["R", "label.key.reject"], ["X", "label.hide"], ["+ − 0 F", "label.key.zoom"],
];

/** Shows what keys do: with outlines, or with keypoints. */
export function showKeymap(hasPoints) {
  const others = hasPoints ? ["P", "S", "[ ]"] : ["K", "O", ", ."];
  find("keymap").replaceChildren(...map.filter(([key]) => !others.includes(key)).flatMap(([key, words]) => [html("dt", "", html("kbd", "", key)), html("dd", "", t(words))]));
}

/** Calls what belongs to a key; `acts` has a function by the name of each act. */
export function startKeys(canvas, tools, acts) {
  const plain = {
    d: acts.next, a: acts.before, n: acts.nothing, v: () => acts.tool("select"), b: () => acts.tool("box"),
    p: () => acts.tool("outline"), s: () => acts.tool("find"), "[": acts.smaller, "]": acts.larger, k: () => acts.tool("point"), o: acts.togglePoint, ",": () => acts.pointStep(-1),
    ".": () => acts.pointStep(1), h: () => acts.tool("pan"), m: acts.propose, r: acts.rejectFirst, x: acts.hide,
    "+": () => canvas.zoom(1.25), "=": () => canvas.zoom(1.25), "-": () => canvas.zoom(0.8), 0: () => canvas.fit(),
    f: acts.fitSelected, "?": acts.help, Escape: acts.escape, Delete: acts.remove,
    Backspace: () => (tools.isDrawing ? tools.removeCorner() : acts.remove()),
  };
  const withControl = {
    z: acts.undo, Z: acts.redo, y: acts.redo, d: acts.duplicate, c: acts.copy, v: acts.paste,
  };
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  addEventListener("keyup", (event) => { if (event.key === " ") tools.isSpace = false; });
  addEventListener("keydown", (event) => {
    const isField = event.target.matches("input:not([type=range]):not([type=checkbox]), textarea, select");
    if (isField || document.querySelector("dialog[open]")) return;
    const isButton = event.target.matches("button, a");
    const { key } = event;
    let act = null;
    if (event.ctrlKey || event.metaKey) {
      act = withControl[event.shiftKey && key.toLowerCase() === "z" ? "Z" : key.toLowerCase()];
      if (key.toLowerCase() === "c" && String(getSelection())) act = null;
    } else if (arrows[key]) {
      const [x, y] = arrows[key];
      const step = event.shiftKey ? 10 : 1;
      if (event.target.type !== "range") act = () => (event.altKey ? acts.size(x * step, y * step) : acts.shift(x * step, y * step));
    } else if (event.altKey) {
      return;
    } else if (key >= "1" && key <= "9") {
      act = () => acts.classNumber(Number(key) - 1);
    } else if (key === "Enter") {
      if (!isButton) act = () => (tools.isDrawing ? tools.close() : acts.accept(event.shiftKey));
    } else if (key === "Tab") {
      if (event.target === canvas.element) act = () => acts.through(event.shiftKey ? -1 : 1);
    } else if (key === " ") {
      if (!isButton) act = () => { tools.isSpace = true; };
    } else {
      act = plain[key] ?? plain[key.toLowerCase()];
    }
    // Tab leaves the canvas behind the last object.
    if (act && act() !== false) event.preventDefault();
  });
}
