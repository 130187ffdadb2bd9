// The figures of a data set: how many of what, where and how large.

import { swatch } from "/data/parts.js";
import { find, html, svg } from "/frame/drawing.js";
import { number, percent, t, whole } from "/frame/words.js";

const sum = (list, value) => list.reduce((total, element) => total + value(element), 0);

function figure(key, value, more) {
  return html("div", "", html("dt", "", t(key)), html("dd", "", value), html("dd", "", more));
}

export function showFigures(data) {
  const images = sum(data.parts, (part) => part.images);
  const objects = sum(data.parts, (part) => part.objects);
  const unlabeled = sum(data.parts, (part) => part.unlabeled);
  const empty = sum(data.parts, (part) => part.empty);
  const parts = data.parts.map((part) => `${whole(part.images)} ${part.split}`).join(" · ");
  const figures = [figure("set.images", whole(images), parts)];
  if (data.kind === "yolo") {
    figures.push(
      figure("set.objects", whole(objects), t("set.each", { count: number(images ? objects / images : 0, 2) })),
      figure("set.unlabeled", whole(unlabeled), t("set.unlabeled.more", { count: empty })),
      figure("set.middle", data.middleSize === undefined ? "–" : percent(data.middleSize), t("set.middle.more")));
  }
  const [least, middle, most] = data.sides;
  figures.push(figure("set.pixels", middle === undefined ? "–" : whole(middle), middle === undefined ? ""
    : least === most ? t("set.pixels.all") : t("set.pixels.more", { least, most })));
  find("figures").replaceChildren(...figures);
}

export function showClasses(data) {
  const total = (one) => sum(one.objects, (count) => count);
  const largest = Math.max(1, ...data.classes.map(total));
  const rows = data.classes.map((one, index) => {
    const bar = svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" });
    let x = 0;
    one.objects.forEach((count, part) => {
      const width = 100 * count / largest;
      bar.append(svg("rect", { x, y: 0, width, height: 10, class: `c${part + 1}` }));
      x += width;
    });
    const name = html("span", "row", swatch(index), html("span", "", one.name));
    name.title = one.name;
    return html("div", "barrow", name, bar, html("span", "num", whole(total(one))));
  });
  find("classes").replaceChildren(...rows);
  find("legend").replaceChildren(...data.parts.map((part, index) =>
    html("span", `k${index + 1}`, html("i"), part.split)));
}

export function showPlaces(data) {
  const [rows, columns] = [data.places.length, data.places[0].length];
  const most = Math.max(1, ...data.places.flat());
  const drawing = find("places");
  drawing.setAttribute("viewBox", `0 0 ${columns} ${rows}`);
  drawing.setAttribute("aria-label", t("set.places"));
  drawing.replaceChildren(...data.places.flatMap((row, y) => row.map((count, x) => svg("rect", {
    x: x + 0.05, y: y + 0.05, width: 0.9, height: 0.9, rx: 0.15, opacity: 0.06 + 0.94 * count / most,
  }))));
}

export function showSizes(data) {
  const most = Math.max(1, ...data.sizes);
  const drawing = find("sizes");
  drawing.setAttribute("viewBox", "0 0 280 136");
  drawing.setAttribute("aria-label", t("set.sizes"));
  const bars = data.sizes.map((count, index) => svg("rect", {
    x: index * 14 + 1, y: 112 - 108 * count / most, width: 12, height: 108 * count / most, rx: 1.5,
  }));
  const labels = [0, 0.25, 0.5, 0.75, 1].map((share) => svg("text", {
    x: share * 280, y: 130, "text-anchor": share === 0 ? "start" : share === 1 ? "end" : "middle",
  }, percent(share)));
  drawing.replaceChildren(svg("line", { x1: 0, x2: 280, y1: 112.5, y2: 112.5, class: "axis" }), ...bars, ...labels);
}
