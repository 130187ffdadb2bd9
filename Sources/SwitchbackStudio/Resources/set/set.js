// The page /data/NAME: what a data set holds, and its images.

import { api, firstPage, page, setName, startDialogs, swatch, trainPage } from "/data/parts.js";
import { ask, get } from "/frame/ask.js";
import { find, html } from "/frame/drawing.js";
import { failed, startPage, succeeded } from "/frame/frame.js";
import { t, whole } from "/frame/words.js";
import { startAdding } from "./adding.js";
import { showClasses, showFigures, showPlaces, showSizes } from "./facts.js";
import { Grid } from "./grid.js";
import { Selection } from "./selecting.js";
import { startVersions } from "./versions.js";

let data = null;
const grid = new Grid(find("grid"));

/** The filter stands in the address, so that it can be kept and passed on. */
const filter = () => new URLSearchParams(location.search);

function choose(changes) {
  const query = filter();
  for (const [key, value] of Object.entries(changes)) {
    if (value === "" || value === null) query.delete(key); else query.set(key, value);
  }
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  showFilters();
  showGrid();
}

function chip(words, count, changes, isPressed, ...marks) {
  const element = html("button", "chip", ...marks, words, " ", html("span", "num faint", count));
  element.type = "button";
  element.setAttribute("aria-pressed", isPressed);
  element.addEventListener("click", () => choose(isPressed
    ? Object.fromEntries(Object.keys(changes).map((key) => [key, ""])) : changes));
  return element;
}

function showFilters() {
  const query = filter();
  const total = (key) => whole(data.parts.reduce((sum, part) => sum + part[key], 0));
  const isAll = !["split", "state", "class"].some((key) => query.get(key));
  const chips = [chip(t("set.all"), total("images"), { split: "", state: "", class: "" }, isAll)];
  if (data.parts.length > 1) {
    chips.push(...data.parts.map((part) =>
      chip(part.split, whole(part.images), { split: part.split }, query.get("split") === part.split)));
  }
  if (data.kind === "yolo") {
    // What there is none of is not offered.
    for (const state of ["unlabeled", "empty", "faulty"].filter((state) => query.get("state") === state || data.parts.some((part) => part[state]))) {
      chips.push(chip(t(`data.state.${state}`), total(state), { state }, query.get("state") === state));
    }
  }
  data.classes.slice(0, 20).forEach((one, index) => {
    chips.push(chip(one.name, whole(one.images), { class: index }, query.get("class") === `${index}`, swatch(index)));
  });
  find("filters").replaceChildren(...chips);
}

async function showGrid() {
  const query = filter();
  query.delete("add");
  query.delete("lang");
  const total = await grid.show(`${query}`);
  find("nothing").hidden = total > 0;
}

function draw() {
  const images = data.parts.reduce((sum, part) => sum + part.images, 0);
  find("name").textContent = setName();
  document.title = `${setName()} · Switchback`;
  find("path").textContent = data.path;
  find("sentence").textContent = t(`set.${data.keypoints.length ? "pose" : data.kind}.lead`);
  find("read-only").hidden = !data.readOnly;
  find("read-only").querySelector("p").textContent = data.readOnly ?? "";
  find("filled").hidden = images === 0;
  find("empty").hidden = images > 0;
  const isLabelable = data.kind === "yolo" && images > 0;
  for (const id of ["to-label", "to-check", "export"]) find(id).hidden = !isLabelable;
  find("to-label").href = firstPage();
  find("to-check").href = `${page()}/check`;
  find("to-train").href = trainPage(data);
  // The one button that stands out is the next step.
  const isUnlabeled = isLabelable && data.parts.some((part) => part.unlabeled > 0);
  const next = images === 0 ? "add" : isUnlabeled ? "to-label" : "to-train";
  for (const id of ["add", "to-label", "to-train"]) find(id).classList.toggle("primary", id === next);
  find("to-compare").href = `/compare?${new URLSearchParams({ set: setName() })}`;
  for (const id of ["to-train", "to-compare", "versions"]) find(id).hidden = images === 0;
  find("places-card").hidden = find("sizes-card").hidden = !data.parts.some((part) => part.objects) || data.kind !== "yolo";
  grid.canOpen = data.kind === "yolo";
  find("class-field").hidden = data.kind !== "classes";
  if (find("class").options.length !== data.classes.length) {
    find("class").replaceChildren(...data.classes.map((one) => new Option(one.name)));
  }
  showFigures(data);
  showClasses(data);
  showPlaces(data);
  showSizes(data);
  showFilters();
}

async function refresh() {
  try {
    data = await get(api());
    draw();
    await showGrid();
    succeeded();
  } catch (error) {
    failed(error);
  }
}

async function exportSet() {
  const go = find("export-go");
  go.disabled = true;
  go.setAttribute("aria-busy", "true");
  try {
    const made = await ask(`${api()}/exports`, { format: find("format").value });
    find("exported").hidden = false;
    find("exported-words").textContent = t(made.isEqual ? "set.equal" : "set.unequal", {
      images: made.images, objects: made.objects,
    });
    find("exported-path").textContent = made.path;
    const lost = [
      made.unlabeled ? t("set.without", { count: made.unlabeled }) : "",
      made.flattened ? t("set.flattened", { count: made.flattened }) : "",
    ].filter(Boolean);
    find("exported-sentences").replaceChildren(
      ...[...lost, ...made.differences, ...made.problems].map((sentence) => html("li", "", sentence)));
  } catch (error) {
    find("exported").hidden = false;
    find("exported-words").textContent = t("frame.problem", { sentence: error.message });
    find("exported-path").textContent = "";
    find("exported-sentences").replaceChildren();
  } finally {
    go.disabled = false;
    go.removeAttribute("aria-busy");
  }
}

await startPage(() => { if (data) { draw(); showGrid(); } });
startDialogs();
startAdding(() => data, refresh);
startVersions(() => data, refresh);
grid.selection = new Selection(() => data, grid, failed, refresh);
for (const id of ["add", "add-first"]) find(id).addEventListener("click", () => find("adding").showModal());
find("export").addEventListener("click", () => find("exporting").showModal());
find("export-go").addEventListener("click", exportSet);
let typing = null;
find("text").value = filter().get("q") ?? "";
find("text").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => choose({ q: find("text").value }), 200);
});
addEventListener("popstate", () => { showFilters(); showGrid(); });
await refresh();
if (filter().get("add")) { choose({ add: "" }); find("adding").showModal(); }
