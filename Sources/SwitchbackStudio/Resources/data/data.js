// The page /data: the data sets below the studio's folder, and new ones.

import { ask, get } from "/frame/ask.js";
import { find, html, link, svg } from "/frame/drawing.js";
import { failed, startPage, succeeded } from "/frame/frame.js";
import { button } from "/frame/jobs.js";
import { t } from "/frame/words.js";
import { api, firstPage, folderName, isPending, page, say, startDialogs, thumbnail } from "./parts.js";

let list = { folder: "", sets: [] };

/** A few images, so that one knows the data set again. */
async function strip(set) {
  if (set.images === 0) return blank();
  const element = html("div", "strip");
  const { images } = await get(`${api(set.name)}/images?count=3`);
  element.append(...images.map((image) => thumbnail(image, set.name)));
  return element;
}

function sentence(set) {
  if (set.kind === "foreign") return t("data.foreign");
  if (set.kind === "images") return t("data.loose", { images: set.images });
  if (set.images === 0) return t("data.empty");
  const values = { images: set.images, labeled: set.labeled };
  return set.kind === "classes" ? t("data.sorted", values) : t("data.labeled", values);
}

async function importSet(set) {
  const { report } = await ask(`${api(set.name)}/imports`);
  const sentence = t("data.imported", { images: report.added, problems: report.problems.length });
  await refresh();
  const sentences = [...report.problems, ...report.remarks];
  if (!sentences.length) { say(sentence); return; }
  find("imported-title").textContent = sentence;
  find("imported-sentences").replaceChildren(...sentences.map((one) => html("li", "", one)));
  find("imported").showModal();
}

/** A drawing where there are no images to show. */
function blank() {
  const frame = svg("rect", { x: 14, y: 14, width: 30, height: 24, rx: 3 });
  const other = svg("rect", { x: 52, y: 14, width: 30, height: 24, rx: 3, "stroke-dasharray": "4 3" });
  const hills = svg("path", { d: "M18 34l7-8 6 6 4-4 6 6M67 21v10M62 26h10" });
  return html("div", "strip blank", svg("svg", { viewBox: "0 0 96 52", "aria-hidden": "true" }, frame, other, hills));
}

function actions(set) {
  if (set.kind === "foreign") return [button(t("data.import"), "", () => importSet(set), failed)];
  if (set.kind === "images") return [button(t("data.make"), isPending(set, list.sets) ? "primary" : "", () => startCreating(set), failed)];
  const open = link(t("data.open"), page(set.name), "btn");
  return set.kind === "yolo" && set.images > 0 ? [open, link(t("data.check"), `${page(set.name)}/check`, "btn quiet")] : [open];
}

async function card(set) {
  const element = html("section", "card");
  const isShown = set.kind === "yolo" || set.kind === "classes";
  const name = !isShown ? html("span", "", folderName(set)) : link(set.name, page(set.name));
  const text = html("div", "text", html("h2", "", name), html("p", "", set.problem ?? sentence(set)));
  if (set.classes.length) text.append(html("p", "muted", set.classes.slice(0, 8).join(" · ")));
  text.append(html("p", "mono small", set.path));
  const footer = html("footer", "", ...(set.problem ? [] : actions(set)));
  element.append(!isShown || set.problem ? blank() : await strip(set), text, footer);
  return element;
}

async function draw() {
  find("folder").textContent = list.folder;
  find("none").hidden = list.sets.length > 0;
  // The one button that stands out is the next step.
  find("new").classList.toggle("primary", !list.sets.some((set) => isPending(set, list.sets)));
  find("sets").replaceChildren(...await Promise.all(list.sets.map(card)));
}

async function refresh() {
  try {
    list = await get("/api/v1/data");
    await draw();
    succeeded();
  } catch (error) {
    failed(error);
  }
}

/** Opens the dialog, for an empty data set or for one of the images of a folder. */
function startCreating(source = null) {
  find("source").value = source?.name ?? "";
  find("source-words").hidden = !source;
  find("source-words").textContent = source ? t("data.from", { images: source.images, path: source.path }) : "";
  find("kinds").hidden = Boolean(source);
  if (source) {
    document.querySelector("[name=kind][value=boxes]").checked = true;
    find("name").value = `${folderName(source)}-set`;
  }
  showKind();
  find("create").showModal();
  // Its name is a good one already: what is to be found, only the user knows.
  if (source) find("classes").focus();
}

const kindOf = () => document.querySelector("[name=kind]:checked").value;

/** Only what is found with keypoints has names of these. */
function showKind() {
  find("points-field").hidden = kindOf() !== "poses";
  find("points").required = kindOf() === "poses";
  find("classes-words").textContent = t(kindOf() === "classes" ? "data.names.sorted" : "data.names");
  find("classes-help").textContent = t(kindOf() === "classes" ? "data.names.sorted.help" : "data.names.help");
}

const names = (text) => text.split(",").map((name) => name.trim()).filter(Boolean);

async function create(event) {
  event.preventDefault();
  const [kind, classes] = [kindOf() === "classes" ? "classes" : "boxes", names(find("classes").value)];
  const keypoints = kindOf() === "poses" ? names(find("points").value) : [];
  try {
    const made = await ask("/api/v1/data", {
      name: find("name").value, kind, classes, keypoints, ...(find("source").value ? { source: find("source").value } : {}),
    });
    location.href = made.images ? firstPage(made.name) : `${page(made.name)}?add=1`;
  } catch (error) {
    find("create-problem").hidden = false;
    find("create-problem").textContent = t("frame.problem", { sentence: error.message });
  }
}

await startPage(() => {
  draw();
  showKind();
});
startDialogs();
for (const id of ["new", "new-first"]) find(id).addEventListener("click", () => startCreating());
find("create").querySelector("form").addEventListener("submit", create);
for (const choice of document.querySelectorAll("[name=kind]")) choice.addEventListener("change", showKind);
await refresh();
const asked = new URLSearchParams(location.search).get("make");
const source = list.sets.find((set) => set.kind === "images" && set.name === asked);
if (source) startCreating(source);
