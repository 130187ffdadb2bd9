// The loss over w as a valley: where one stands, the slope there, and the ways of the hikers.

import { path, scale, svg } from "/frame/drawing.js";
import { number } from "/frame/words.js";

const margin = { left: 44, right: 12, top: 12, bottom: 30 };

function axes(at, [left, right, top, bottom], [low, high], ceiling) {
  const marks = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const w = low + share * (high - low);
    marks.push(svg("text", { x: at.x(w), y: bottom + 16, "text-anchor": "middle" }, number(w, 3)));
  }
  for (const share of [0, 0.5, 1]) {
    const y = at.y(share * ceiling);
    marks.push(
      svg("path", { class: "grid", d: path([[left, y], [right, y]]) }),
      svg("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, number(share * ceiling, 2)));
  }
  marks.push(
    svg("text", { x: right, y: bottom + 28, "text-anchor": "end", class: "strong" }, "w"),
    svg("text", { x: left + 6, y: top + 4, "text-anchor": "start", class: "strong" }, "L"));
  return marks;
}

/** The tangent at a place, with its head toward growing w; as long on the drawing whatever the slope. */
function tangent(at, { w, loss }, slope) {
  const [x, y] = [at.x(w), at.y(loss)];
  const [dx, dy] = [at.x(w + 1) - x, at.y(loss + slope) - y];
  const factor = 64 / Math.hypot(dx, dy);
  const [endX, endY] = [x + dx * factor, y + dy * factor];
  const angle = (Math.atan2(dy, dx) * 180) / Math.PI;
  return [
    svg("path", { class: "tangent", d: path([[x, y], [endX, endY]]) }),
    svg("path", {
      class: "arrow", d: "M6 0L-6 -5L-6 5Z", transform: `translate(${endX.toFixed(1)} ${endY.toFixed(1)}) rotate(${angle.toFixed(1)})`,
    }),
  ];
}

function way(at, { points, className, mark }) {
  const places = points.map(({ w, loss }) => [at.x(w), at.y(loss)]);
  const last = places[places.length - 1];
  return [
    svg("path", { class: `l ${className}`, d: path(places) }),
    ...places.map(([x, y]) => svg("circle", { class: mark, cx: x.toFixed(1), cy: y.toFixed(1), r: 2.25 })),
    svg("circle", { class: `ring ${className.split(" ")[0]}`, cx: last[0].toFixed(1), cy: last[1].toFixed(1), r: 5 }),
  ];
}

/** Draws the curve, and on it a place with its slope, or ways. */
export function drawValley(drawing, curve, { stand = null, slope = null, ways = [], label }) {
  const { width, height } = drawing.viewBox.baseVal;
  const box = [margin.left, width - margin.right, margin.top, height - margin.bottom];
  const range = [curve[0].w, curve[curve.length - 1].w];
  const ceiling = Math.max(1e-6, ...curve.map(({ loss }) => loss));
  const at = { x: scale(range, [box[0], box[1]]), y: scale([0, ceiling], [box[3], box[2]]) };
  const clip = `${drawing.id}-clip`;
  const inside = svg("g", { "clip-path": `url(#${clip})` });
  inside.append(
    svg("path", { class: "curve", d: path(curve.map(({ w, loss }) => [at.x(w), at.y(loss)])) }),
    ...ways.flatMap((each) => way(at, each)));
  if (stand) inside.append(svg("circle", { class: "stand", cx: at.x(stand.w), cy: at.y(stand.loss), r: 5 }));
  if (stand && slope !== null) inside.append(...tangent(at, stand, slope));
  drawing.setAttribute("aria-label", label);
  drawing.replaceChildren(
    svg("clipPath", { id: clip }, svg("rect", {
      x: box[0] - 8, y: 0, width: box[1] - box[0] + 16, height: box[3] + 8,
    })),
    ...axes(at, box, range, ceiling), inside);
}
