// Draws one column of results.csv for each of some runs: numbers come from the server, here is only drawing.

import { html, svg } from "/frame/drawing.js";
import { number, t } from "/frame/words.js";

const WIDTH = 320, HEIGHT = 160, LEFT = 56, RIGHT = 8, TOP = 8, BOTTOM = 20;

/** The points of a run: where it is on the course, and the value there. */
function points(run, column) {
  const y = run.columns.indexOf(column);
  const x = ["epoch", "step"].map((name) => run.columns.indexOf(name)).find((index) => index >= 0) ?? -1;
  if (y < 0) return [];
  return run.rows.map((row, number) => [x < 0 ? number + 1 : row[x], row[y]])
    .filter(([at, value]) => at !== null && value !== null);
}

function bounds(values) {
  const low = Math.min(...values), high = Math.max(...values);
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** A figure of one column; null where no run has a value in it. */
export function curve(column, runs) {
  const series = runs.map((run) => points(run, column));
  const all = series.flat();
  if (all.length === 0) return null;
  const [x0, x1] = bounds(all.map((point) => point[0])), [y0, y1] = bounds(all.map((point) => point[1]));
  const x = (value) => LEFT + (value - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT);
  const y = (value) => HEIGHT - BOTTOM - (value - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM);
  const lasts = series.map((line, index) => `${runs[index].summary.id} ${number(line.at(-1)?.[1])}`);
  const drawing = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": t("runs.curve", { column, values: lasts.join(", ") }) });
  for (const value of [y0, y1]) {
    drawing.append(svg("line", { class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }));
    drawing.append(svg("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, number(value)));
  }
  const steps = all.map((point) => point[0]);
  drawing.append(svg("text", { x: LEFT, y: HEIGHT - 4 }, number(Math.min(...steps))));
  drawing.append(svg("text", { x: WIDTH - RIGHT, y: HEIGHT - 4, "text-anchor": "end" }, number(Math.max(...steps))));
  series.forEach((line, index) => {
    const place = line.map(([at, value]) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`);
    const name = `c${index % 6 + 1}`;
    if (place.length > 1) drawing.append(svg("path", { class: name, d: `M${place.join("L")}` }));
    if (place.length > 0) {
      const [cx, cy] = place.at(-1).split(" ");
      drawing.append(svg("circle", { class: name, cx, cy, r: 3 }));
    }
  });
  const last = html("span", "muted num", runs.length === 1 ? number(series[0].at(-1)?.[1]) : "");
  return html("figure", "", html("figcaption", "", html("h3", "", column), last), drawing);
}
