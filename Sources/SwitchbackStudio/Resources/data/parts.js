// What the pages about data have in common: addresses, names, dialogs, colors of classes, tiles.

import { html, svg } from "/frame/drawing.js";
import { t, whole } from "/frame/words.js";

// ---- the studio

/** The name of the data set that the page is about, from `/data/NAME…`. */
export const setName = () => decodeURIComponent(location.pathname.split("/")[2] ?? "");
export const api = (name = setName()) => `/api/v1/data/${encodeURIComponent(name)}`;
export const page = (name = setName()) => `/data/${encodeURIComponent(name)}`;
/** The first image that nobody has labelled: those to learn from and those to validate with come by turns. */
export const firstPage = (name = setName()) => `${page(name)}/label/first?state=unlabeled&order=mixed`;
export const preview = (image, kind, name = setName()) => `${api(name)}/images/${image.id}/${kind}?v=${image.version}`;
/** Where a model of a data set is trained; `path` is another one than its own for a version of it. */
export function trainPage(data, path = data.path) {
  const task = data.keypoints?.length ? "pose" : data.kind === "classes" ? "classify" : "detect";
  return `/train?${new URLSearchParams({ task, data: path })}`;
}

/** The last part of a path: mere images in the studio's own folder have no other name. */
export const folderName = (set) => set.path.split("/").at(-1);
/** Whether mere images lie there of which no data set of `sets` was made yet. */
export const isPending = (set, sets) => set.kind === "images" && !sets.some((other) => other.source === set.path);
export const labelPage = (image, query = "", name = setName()) => `${page(name)}/label/${image.id}${query && `?${query}`}`;

/**
 * A name that nothing else has: of an edit, of a browser, of a page. Browsers have `randomUUID` only for pages of this
 * machine and of HTTPS.
 */
export const freshName = () => [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("-");

/** This browser, by which its edits are known for undoing: also after the page was closed. */
export function who() {
  const key = "switchback.who";
  if (!localStorage.getItem(key)) localStorage.setItem(key, freshName());
  return localStorage.getItem(key);
}

// ---- saying things

let toast = null;
const MILLISECONDS = 4000, MILLISECONDS_FOR_UNDO = 8000;

function show(milliseconds, ...children) {
  if (!toast) {
    toast = html("div", "toast");
    toast.setAttribute("role", "status");
    document.body.append(toast);
  }
  toast.replaceChildren(...children);
  toast.classList.add("on");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => toast.classList.remove("on"), milliseconds);
}

/** Says what was done, and leaves again. */
export const say = (sentence) => show(MILLISECONDS, sentence);

/** Says what was done, with a button that does something about it: for a while. */
export function offer(sentence, words, act) {
  const button = html("button", "", words);
  button.type = "button";
  button.addEventListener("click", () => {
    toast.classList.remove("on");
    act();
  });
  show(MILLISECONDS_FOR_UNDO, sentence, button);
}

/** Makes the buttons of dialogs that close them do so. */
export function startDialogs() {
  for (const closer of document.querySelectorAll("[data-close]")) {
    closer.addEventListener("click", () => closer.closest("dialog").close());
  }
}

// ---- classes and images

// Of the same lightness on photographs, and apart for the color-blind; beyond eight they repeat with dashes.
const colors = ["#2a56c6", "#cb4600", "#078058", "#ae4f9e", "#70230f", "#6b4fe0", "#1c7fa0", "#35303f"];
export const classColor = (index) => colors[index % colors.length];
export const classDash = (index) => (index < colors.length ? "" : "4 2");

export function swatch(index) {
  const element = html("span", "sw");
  element.style.setProperty("--class", classColor(index));
  return element;
}

/** The boxes of an image over its thumbnail, which is cut to its tile as `object-fit: cover` does. */
export function overlay(image) {
  const boxes = image.boxes ?? [];
  const drawing = svg("svg", {
    viewBox: `0 0 ${image.width} ${image.height}`, preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true",
  });
  for (const [index, x1, y1, x2, y2] of boxes) {
    drawing.append(svg("rect", {
      x: x1 * image.width, y: y1 * image.height, width: Math.max(0, (x2 - x1) * image.width),
      height: Math.max(0, (y2 - y1) * image.height), fill: "none", stroke: classColor(index),
      "stroke-width": 1.5, "stroke-dasharray": classDash(index), "vector-effect": "non-scaling-stroke",
    }));
  }
  return drawing;
}

export const stateWord = (image) => (image.state === "labeled" ? whole(image.objects) : t(`data.state.${image.state}`));

/** The small image, which says nothing to those who do not see it: what it stands in has the words. */
export function thumbnail(image, name = setName()) {
  const picture = html("img");
  picture.src = preview(image, "thumb", name);
  picture.alt = "";
  picture.decoding = "async";
  return picture;
}

/** An image with its boxes, that leads to an address; with its name and `more` below it. */
export function tile(image, address, more = stateWord(image), label = t("data.tile", { name: image.name, state: more })) {
  const element = html("a", "tile");
  element.href = address;
  const caption = html("span", "cap", html("span", "", image.name), html("span", "", more));
  element.append(thumbnail(image), overlay(image), caption);
  element.setAttribute("aria-label", label);
  return element;
}
