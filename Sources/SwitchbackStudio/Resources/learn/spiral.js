// A small network of the reader's: its decision surface, its loss and the gradient of each layer while it trains.

import { ask } from "/frame/ask.js";
import { find, html, path, scale, svg } from "/frame/drawing.js";
import { number, percent, t } from "/frame/words.js";

const form = find("network");
const severities = { fine: "ok", note: "tip", problem: "warn", failure: "bad" };
/** What is likely to be found here, and has words in every language. */
const kinds = [
  "healthy", "vanishing", "exploding", "saturated", "dead", "initialization", "rateTooHigh", "rateTooLow",
  "notLearning", "notANumber", "lossScale",
];
const stepsAtOnce = 10;

let presets = [];
let chosen = "small";
let training = null;
let losses = [];
let isRunning = false;
let report = () => {};

// The form

function options() {
  const values = { activation: form.activation.value, method: form.method.value };
  for (const name of ["layers", "width", "rate", "scale", "seed"]) values[name] = form.elements[name].valueAsNumber;
  for (const name of ["batchNorm", "residual"]) values[name] = form.elements[name].checked;
  return values;
}

function fill(values) {
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements[name];
    if (typeof value === "boolean") field.checked = value;
    else field.value = value;
  }
}

function drawPresets() {
  find("presets").replaceChildren(...presets.map(({ name, options }) => {
    const chip = html("button", "chip", t(`learn.preset.${name}`));
    chip.type = "button";
    chip.setAttribute("aria-pressed", String(name === chosen));
    chip.addEventListener("click", () => {
      chosen = name;
      fill(options);
      drawPresets();
      restart(true);
    });
    return chip;
  }));
}

// The drawings

function color(name) {
  const probe = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  canvas.fillStyle = probe;
  canvas.fillRect(0, 0, 1, 1);
  return canvas.getImageData(0, 0, 1, 1).data;
}

function drawSurface() {
  const canvas = find("surface");
  const context = canvas.getContext("2d");
  const { side, reach, points, state } = training;
  const [first, second, ground] = [color("--c2"), color("--c1"), color("--surface")];
  const image = new ImageData(side, side);
  state.surface.forEach((value, cell) => {
    const share = value / 255;
    const strength = 0.12 + 0.5 * Math.abs(2 * share - 1);
    for (let channel = 0; channel < 3; channel += 1) {
      const arm = share > 0.5 ? second[channel] : first[channel];
      image.data[4 * cell + channel] = arm * strength + ground[channel] * (1 - strength);
    }
    image.data[4 * cell + 3] = 255;
  });
  const small = new OffscreenCanvas(side, side);
  small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  const at = scale([-reach, reach], [0, canvas.width]);
  for (const { x, y, arm } of points) drawPoint(context, at(x), canvas.height - at(y), arm, arm ? second : first);
  const text = t("learn.spiral.accuracy", { accuracy: percent(state.accuracy) });
  canvas.setAttribute("aria-label", text);
  find("surface-caption").textContent = text;
}

/** A circle for one arm and a square for the other: they differ without color, too. */
function drawPoint(context, x, y, arm, [red, green, blue]) {
  context.fillStyle = `rgb(${red} ${green} ${blue})`;
  context.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--surface");
  context.lineWidth = 2;
  context.beginPath();
  if (arm) context.arc(x, y, 7, 0, 2 * Math.PI);
  else context.rect(x - 6, y - 6, 12, 12);
  context.fill();
  context.stroke();
}

function drawLoss() {
  const drawing = find("loss");
  const { width, height } = drawing.viewBox.baseVal;
  const ceiling = Math.max(1, ...losses);
  const left = 56;
  const at = { x: scale([0, Math.max(100, losses.length)], [left, width - 8]), y: scale([0, ceiling], [height - 28, 12]) };
  const marks = [0, 0.5, 1].flatMap((share) => [
    svg("path", { class: "grid", d: path([[left, at.y(share * ceiling)], [width - 8, at.y(share * ceiling)]]) }),
    svg("text", { x: left - 6, y: at.y(share * ceiling) + 4, "text-anchor": "end" }, number(share * ceiling, 2)),
  ]);
  marks.push(svg("text", { x: width - 8, y: height - 8, "text-anchor": "end" }, number(Math.max(100, losses.length))));
  if (losses.length) marks.push(svg("path", { class: "l s1", d: path(losses.map((loss, step) => [at.x(step + 1), at.y(loss)])) }));
  drawing.replaceChildren(...marks);
  const values = { step: number(training.state.step), loss: number(losses[losses.length - 1], 3) };
  const text = losses.length ? t("learn.spiral.lossIs", values) : t("learn.spiral.notYet");
  drawing.setAttribute("aria-label", text);
  find("loss-caption").textContent = text;
}

/** Bars on a logarithmic scale, from a hundred millionth to ten thousand; colored where the gradient is a thousand
    times smaller or larger than at the output. */
function drawBars() {
  const length = scale([-8, 4], [0, 100]);
  const last = training.state.gradients.length - 1;
  const output = training.state.gradients[last];
  find("bars").replaceChildren(...training.state.gradients.map((norm, index) => {
    const share = norm ? Math.min(100, Math.max(0.5, length(Math.log10(norm)))) : 0;
    const bar = svg(
      "svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("rect", { class: "track", width: 100, height: 10 }), svg("rect", { class: "fill", width: share, height: 10 }));
    const name = index === last ? t("learn.spiral.output") : t("learn.spiral.layer", { number: number(index + 1) });
    const change = norm === null || !output ? "" : norm < output / 1000 ? "lost" : norm > output * 1000 ? "grown" : "";
    return html("div", `barrow ${change}`, html("span", "small muted", name), bar, html("span", "num small", number(norm, 2)));
  }));
}

function drawFinding() {
  const note = find("finding");
  const found = training.state.findings[0];
  note.hidden = !found;
  if (!found) return;
  note.className = `note ${severities[found.severity]}`;
  const kind = kinds.includes(found.kind) ? found.kind : "other";
  find("finding-title").textContent = t(`learn.kind.${kind}`);
  find("finding-why").textContent = t(`learn.why.${kind}`);
  find("finding-sentence").textContent = found.sentence;
}

export function redrawSpiral() {
  drawPresets();
  if (!training) return;
  find("train").textContent = t(isRunning ? "learn.pause" : "learn.spiral.train");
  find("train").disabled = training.state.isOver;
  find("train-step").disabled = isRunning || training.state.isOver;
  const values = { step: number(training.state.step) };
  find("train-place").textContent = t(training.state.isOver ? "learn.spiral.over" : "learn.spiral.steps", values);
  drawSurface();
  drawLoss();
  drawBars();
  drawFinding();
}

// The training

async function begin() {
  training = await ask("/api/v1/learn/networks", options());
  losses = [];
  redrawSpiral();
}

async function advance(steps) {
  const own = training;
  let state;
  try {
    state = await ask(`/api/v1/learn/networks/${own.id}/steps`, { steps });
  } catch (error) {
    if (error.status !== 404) throw error;
    // Nobody has asked for a while, so that the studio dropped it: the same again from the start.
    return begin();
  }
  if (training !== own) return;
  training.state = state;
  losses.push(...state.losses);
  if (state.isOver) isRunning = false;
  redrawSpiral();
}

/** Steps one after the other, until it is told to stop. */
async function run() {
  isRunning = true;
  try {
    while (isRunning) {
      await advance(stepsAtOnce);
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  } catch (error) {
    isRunning = false;
    report(error);
  }
  redrawSpiral();
}

async function restart(thenRun) {
  const wasRunning = isRunning;
  if (!form.reportValidity()) return;
  try {
    await begin();
    if (thenRun && !wasRunning) await run();
  } catch (error) {
    report(error);
  }
}

/** Begins with the first preset; `failed` is told what went wrong. */
export async function startSpiral(failed) {
  report = failed;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isRunning) isRunning = false;
    else run();
    redrawSpiral();
  });
  form.addEventListener("change", () => { chosen = null; drawPresets(); isRunning = false; restart(false); });
  find("train-step").addEventListener("click", () => advance(1).catch(failed));
  find("train-reset").addEventListener("click", () => { isRunning = false; restart(false); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawSpiral);
  try {
    presets = (await (await fetch("/api/v1/learn/presets")).json()).presets;
    fill(presets[0].options);
    await begin();
  } catch (error) {
    failed(error);
  }
}
