// The first example: the graph with its values filled in forward, and the gradients arriving backward.

import { ask } from "/frame/ask.js";
import { fillTrack, find, html, path, player, svg } from "/frame/drawing.js";
import { drawValley } from "./valley.js";
import { number, t } from "/frame/words.js";

const sliders = ["w", "x", "target"].map(find);

/** Where each box stands, and how large the drawing is: side by side, or one below the other on a narrow screen. */
const layouts = {
  wide: { size: [700, 250], w: [62, 62], x: [62, 188], p: [228, 125], t: [228, 215], d: [420, 125], L: [612, 125] },
  narrow: { size: [328, 430], w: [70, 42], x: [250, 42], p: [92, 156], t: [252, 156], d: [164, 270], L: [164, 384] },
};
const half = [54, 30];
const narrow = matchMedia("(max-width: 760px)");

/** The boxes that are filled in forward, then the gradients that arrive backward. */
const forward = ["p", "d", "L"];
let walk = null;
let place = 0;
let latest = 0;
let onChange = () => {};

export const example = () => Object.fromEntries(sliders.map((slider) => [slider.id, Number(slider.value)]));

function stepCount() { return forward.length + 1 + walk.rules.length; }

function node(id) { return walk.nodes.find((node) => node.id === id); }

/** How many rules of the chain have been applied; −1 before the gradient of the loss itself stands there. */
function rulesDone() { return place - forward.length - 1; }

function hasValue(id) { return !forward.includes(id) || place > forward.indexOf(id); }

function hasGradient(id) {
  if (id === "L") return rulesDone() >= 0;
  const rule = walk.rules.findIndex((rule) => rule.to === id);
  return rule >= 0 && rule < rulesDone();
}

/** The box that the step made last filled in. */
function current() {
  if (place === 0) return null;
  if (place <= forward.length) return forward[place - 1];
  return rulesDone() === 0 ? "L" : walk.rules[rulesDone() - 1].to;
}

// The graph

function drawBox(layout, { id, value, gradient }) {
  const [x, y] = layout[id];
  const box = svg("g", { class: current() === id ? "now" : "" });
  box.append(
    svg("rect", { x: x - half[0], y: y - half[1], width: 2 * half[0], height: 2 * half[1], rx: 6 }),
    svg("text", { class: "name", x, y: y - 12 }, id),
    svg("text", { x, y: y + 5, class: hasValue(id) ? "" : "off" }, hasValue(id) ? number(value) : "?"),
  );
  if (hasGradient(id)) box.append(svg("text", { class: "gradient", x, y: y + 22 }, `∂L/∂${id} = ${number(gradient)}`));
  return box;
}

/** Where the line from one middle to another leaves the box of the first. */
function border([x, y], [towardX, towardY]) {
  const [dx, dy] = [towardX - x, towardY - y];
  const share = Math.min(half[0] / Math.abs(dx || 1e-9), half[1] / Math.abs(dy || 1e-9));
  return [x + dx * share, y + dy * share];
}

function arrow(from, to, className) {
  const [fromX, fromY] = border(from, to);
  const [toX, toY] = border(to, from);
  const angle = (Math.atan2(toY - fromY, toX - fromX) * 180) / Math.PI;
  return [
    svg("path", { class: `edge ${className}`, d: path([[fromX, fromY], [toX, toY]]) }),
    svg("path", {
      class: `tip ${className}`, d: "M0 0L-9 -4.5L-9 4.5Z",
      transform: `translate(${toX.toFixed(1)} ${toY.toFixed(1)}) rotate(${angle.toFixed(1)})`,
    }),
  ];
}

function drawEdge(layout, from, to) {
  const rule = walk.rules.findIndex((rule) => rule.from === to && rule.to === from);
  const isBack = rule >= 0 && rule < rulesDone();
  if (!isBack) return arrow(layout[from], layout[to], hasValue(to) ? "" : "off");
  const [[x1, y1], [x2, y2]] = [layout[from], layout[to]];
  const label = svg("text", { class: "local", x: (x1 + x2) / 2, y: (y1 + y2) / 2 - 6 }, `× ${number(walk.rules[rule].local)}`);
  return [...arrow(layout[to], layout[from], "back"), label];
}

function drawGraph() {
  const layout = layouts[narrow.matches ? "narrow" : "wide"];
  const graph = find("graph");
  graph.setAttribute("viewBox", `0 0 ${layout.size.join(" ")}`);
  const known = walk.nodes.filter(({ id }) => hasValue(id)).map(({ id, value, gradient }) =>
    `${id} = ${number(value)}${hasGradient(id) ? `, ∂L/∂${id} = ${number(gradient)}` : ""}`);
  graph.setAttribute("aria-label", t("learn.example.graph", { values: known.join("; ") }));
  graph.replaceChildren(
    ...walk.nodes.flatMap((node) => node.inputs.flatMap((input) => drawEdge(layout, input, node.id))),
    ...walk.nodes.map((node) => drawBox(layout, node)));
}

// The rules beside it

/** A number in a formula, in brackets where it is less than 0. */
function inFormula(value) { return value < 0 ? `(${number(value)})` : number(value); }

function withNumbers(formula) { return formula.replace(/[a-z]/g, (id) => inFormula(node(id).value)); }

function forwardLine(id) {
  const { formula, value } = node(id);
  return `${id} = ${formula} = ${withNumbers(formula)} = ${number(value)}`;
}

function backwardLine({ from, to, derivative, local, incoming, gradient }) {
  return `∂L/∂${to} = ∂L/∂${from} · ${derivative} = ${inFormula(incoming)} · ${inFormula(local)} = ${number(gradient)}`;
}

function drawRules() {
  const lines = [
    ...forward.map((id) => ["", t("learn.example.forward"), forwardLine(id)]),
    ["back", t("learn.example.backward"), `∂L/∂L = ${number(node("L").gradient)}`],
    ...walk.rules.map((rule) => ["back", t("learn.example.backward"), backwardLine(rule)]),
  ];
  find("rules").replaceChildren(...lines.slice(0, place).map(([className, title, text], index) => {
    const item = html("li", `${className} ${index === place - 1 ? "now" : ""}`, html("b", "", title), html("span", "", text));
    return item;
  }));
  find("walk-place").textContent = t("learn.stepOf", { step: number(place), count: number(stepCount()) });
  find("walk-step").disabled = place === stepCount();
  const slope = node("w").gradient;
  const key = slope < 0 ? "learn.example.endMore" : slope > 0 ? "learn.example.endLess" : "learn.example.endFlat";
  find("walk-end").textContent = place === stepCount() ? t(key, { slope: number(slope), times: number(Math.abs(slope)) }) : "";
}

// The loss over w

function drawSlope() {
  const slope = node("w").gradient;
  const [w, loss] = [node("w").value, node("L").value];
  const isKnown = place === stepCount();
  drawValley(find("slope"), walk.curve, {
    stand: { w, loss }, slope: isKnown ? slope : null,
    label: t(isKnown ? "learn.example.curveSlope" : "learn.example.curveLabel", { w: number(w), loss: number(loss), slope: number(slope) }),
  });
  find("slope-sentence").textContent = t(isKnown ? "learn.example.slopeIs" : "learn.example.slopeNotYet", { slope: number(slope) });
}

export function redrawWalk() {
  if (!walk) return;
  drawGraph();
  drawRules();
  drawSlope();
}

// What the reader does

async function read() {
  for (const slider of sliders) {
    fillTrack(slider);
    find(`${slider.id}-value`).textContent = number(Number(slider.value));
  }
  const request = ++latest;
  const answer = await ask("/api/v1/learn/example", example());
  if (request !== latest) return;
  walk = answer;
  redrawWalk();
  onChange();
}

function step() {
  if (place < stepCount()) place += 1;
  redrawWalk();
  return place < stepCount();
}

/** Begins; `changed` is told of each new walk, `failed` what went wrong. */
export async function startWalk(changed, failed) {
  onChange = changed;
  const playing = player(find("walk-play"), () => ({ play: t("learn.play"), pause: t("learn.pause") }), 1100, step);
  const reset = () => { playing.stop(); place = 0; redrawWalk(); };
  find("walk-step").addEventListener("click", () => { playing.stop(); step(); });
  find("walk-play").addEventListener("click", () => { if (place === stepCount()) place = 0; playing.toggle(); });
  find("walk-reset").addEventListener("click", reset);
  for (const slider of sliders) slider.addEventListener("input", () => read().catch(failed));
  narrow.addEventListener("change", redrawWalk);
  await read().catch(failed);
}

