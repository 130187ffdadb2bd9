// The hiker: three optimizers take steps side by side.

import { ask } from "/frame/ask.js";
import { fillTrack, find, html, player } from "/frame/drawing.js";
import { drawValley } from "./valley.js";
import { example } from "./walk.js";
import { number, t } from "/frame/words.js";

const looks = {
  sgd: { className: "s1", mark: "f1", key: "k1", dash: "" },
  momentum: { className: "s2 dash", mark: "f2", key: "k2", dash: "dash" },
  adam: { className: "s3 dot2", mark: "f3", key: "k3", dash: "dot2" },
};

const narrow = matchMedia("(max-width: 760px)");
let hike = null;
let shown = 0;
let latest = 0;

function stepCount() { return hike.steps; }

function drawTable() {
  find("hikers").replaceChildren(...hike.paths.map(({ hiker, points, outcome, arrival }) => {
    const { w, loss } = points[Math.min(shown, points.length - 1)];
    const line = html("i", `${looks[hiker].key} ${looks[hiker].dash}`);
    line.setAttribute("aria-hidden", "true");
    const isEnd = shown >= points.length - 1;
    return html(
      "li", isEnd ? outcome : "", line, html("b", "", t(`learn.hiker.${hiker}`)),
      html("span", "num", `w = ${number(w)} · L = ${number(loss)}`),
      html("p", "", isEnd ? t(`learn.outcome.${outcome}`, { steps: number(arrival) }) : t("learn.hike.walking")));
  }));
  find("hike-place").textContent = t("learn.stepOf", { step: number(shown), count: number(stepCount()) });
  find("hike-step").disabled = shown >= stepCount();
}

export function redrawHike() {
  if (!hike) return;
  find("rate-value").textContent = number(hike.rate);
  find("hike").setAttribute("viewBox", narrow.matches ? "0 0 340 260" : "0 0 640 300");
  drawValley(find("hike"), hike.curve, {
    ways: hike.paths.map(({ hiker, points }) => ({ points: points.slice(0, shown + 1), ...looks[hiker] })),
    label: t("learn.hike.chart"),
  });
  drawTable();
}

/** The hike for another start, or another learning rate; shown to its end. */
export async function readHike() {
  const slider = find("rate");
  const request = ++latest;
  const answer = await ask("/api/v1/learn/hike", { ...example(), rate: hike?.rates[slider.value] });
  if (request !== latest) return;
  const isFirst = !hike;
  hike = answer;
  shown = stepCount();
  if (isFirst) {
    slider.max = hike.rates.length - 1;
    slider.value = hike.rates.indexOf(hike.rate);
  }
  slider.setAttribute("aria-valuetext", number(hike.rate));
  fillTrack(slider);
  redrawHike();
}

function step() {
  shown = Math.min(shown + 1, stepCount());
  redrawHike();
  return shown < stepCount();
}

/** Takes up what the reader does; `failed` is told what went wrong. */
export function startHike(failed) {
  const playing = player(find("hike-play"), () => ({ play: t("learn.play"), pause: t("learn.pause") }), 220, step);
  find("hike-play").addEventListener("click", () => { if (shown >= stepCount()) shown = 0; playing.toggle(); });
  find("hike-step").addEventListener("click", () => { playing.stop(); step(); });
  find("hike-reset").addEventListener("click", () => { playing.stop(); shown = 0; redrawHike(); });
  narrow.addEventListener("change", redrawHike);
  find("rate").addEventListener("input", () => { playing.stop(); readHike().catch(failed); });
}
