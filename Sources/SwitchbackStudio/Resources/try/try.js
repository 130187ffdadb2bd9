// The page /try: an image, what a model finds in it, and sliders that select among that.

import { get, runPath, send, talks } from "/frame/ask.js";
import { fillTrack, find, html, svg } from "/frame/drawing.js";
import { failed, startPage, succeeded } from "/frame/frame.js";
import { showSentenceForm, startSentences } from "./sentences.js";
import { clearTalk, startTalk } from "./talk.js";
import { startWebcam, stopWebcam } from "./webcam.js";
import { number, percent, t } from "/frame/words.js";

const READING = /^(sentiment|translate)\//;
const seeing = () => Boolean(runs.value) && !talks(runs.value) && !READING.test(runs.value);
const SERIES = 8;
const runs = find("run");
const sliders = ["conf", "iou", "temperature"].map(find);
// The image that is shown: its file, where the browser has it, and the name by which the studio knows it.
let image = null, answer = null, request = 0;

const query = () => new URLSearchParams({ conf: find("conf").value, iou: find("iou").value });
const address = () => `/api/v1/try/${runPath(runs.value)}`;

/** Sends the image to the model that is chosen. */
async function look() {
  if (!image || !seeing()) return;
  const own = ++request;
  // Frames of a camera follow each other: the answer to the last one stays until then.
  if (!answer) find("caption").textContent = t("try.looking");
  try {
    const found = await send(`${address()}?${query()}`, {
      method: "POST", headers: { "Content-Type": image.file.type || "application/octet-stream" }, body: image.file });
    if (own === request) show(found);
    succeeded();
  } catch (error) {
    if (own === request) {
      show(null);
      failed(error);
    }
  }
}

/** Selects again among what the network has said. */
async function again() {
  if (!answer || answer.task === "classify") return;
  const own = ++request;
  try {
    const found = await get(`${address()}/${answer.image}?${query()}`);
    if (own === request) show(found);
    succeeded();
  } catch (error) {
    if (error.status === 404) return look();
    failed(error);
  }
}

function take(file) {
  if (!file) return;
  stopWebcam();
  answer = null;
  return lookAt(file);
}

/** Looks at a file, or at a frame of the camera. */
async function lookAt(file) {
  const old = image;
  image = { file, url: URL.createObjectURL(file) };
  find("drop").classList.add("small");
  await look();
  if (old) URL.revokeObjectURL(old.url);
}

const path = (points) => `M${points.map(([x, y]) => `${x} ${y}`).join("L")}Z`;

function drawObject(object, size) {
  const group = svg("g", { class: `k${object.classIndex % SERIES}` });
  for (const outline of object.outlines) group.append(svg("path", { class: "mask", d: path(outline) }));
  group.append(svg("path", { class: "shape under", d: path(object.corners) }), svg("path", { class: "shape", d: path(object.corners) }));
  for (const [from, to] of answer.limbs ?? []) {
    const ends = [object.keypoints[from], object.keypoints[to]];
    if (ends.every((end) => end?.[2] > 0.5)) group.append(svg("path", { class: "limb", d: path(ends) }));
  }
  for (const [x, y, seen] of object.keypoints) {
    if (seen > 0.5) group.append(svg("circle", { class: "point", cx: x, cy: y, r: size / 4 }));
  }
  return group;
}

/** The names of objects, the most certain first: one that would lie on another stands in the list alone. */
function drawNames(objects, size) {
  const taken = [];
  return objects.flatMap((object) => {
    const [x, top] = object.corners.reduce((best, corner) => (corner[1] < best[1] ? corner : best));
    const words = `${object.class} ${percent(object.confidence)}`;
    const [y, width] = [Math.max(top - size / 4, size), 0.6 * size * words.length];
    if (taken.some((other) => Math.abs(other.y - y) < 1.2 * size && x < other.x + other.width && other.x < x + width)) return [];
    taken.push({ x, y, width });
    const text = svg("text", { x, y, "font-size": size, "stroke-width": size / 5 }, words);
    return [svg("g", { class: `k${object.classIndex % SERIES}` }, text)];
  });
}

function drawScene() {
  const scene = find("scene");
  const { width, height } = answer;
  scene.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const picture = svg("image", { href: image.url, width, height });
  if (Math.max(width, height) < 128) picture.setAttribute("class", "pixels");
  const size = Math.max(width, height) / 40;
  const objects = answer.detections.toSorted((a, b) => b.confidence - a.confidence);
  scene.replaceChildren(picture, ...objects.map((object) => drawObject(object, size)).reverse(), ...drawNames(objects, size));
}

function objectLine(object) {
  return html("li", `row between k${object.classIndex % SERIES}`,
    html("span", "row", html("span", "sw"), html("span", "", object.class)), html("span", "num", percent(object.confidence)));
}

function classLine(guess) {
  const bar = html("i", ""), track = html("div", "bar", bar);
  bar.style.width = `${100 * guess.probability}%`;
  return html("li", "guess", html("span", "", guess.class), html("span", "num", percent(guess.probability)), track);
}

function show(found) {
  answer = found;
  find("picture").hidden = !found;
  find("found").hidden = !found;
  if (!found) return;
  drawScene();
  const isSorted = found.task === "classify";
  const lines = isSorted ? found.classes.map(classLine) : found.detections.map(objectLine);
  const nothing = html("li", "muted", t("try.nothing"));
  find("objects").replaceChildren(...(lines.length ? lines : [nothing]));
  find("count").textContent = number(lines.length);
  const best = isSorted ? found.classes.slice(0, 1).map((guess) => guess.class) : found.detections.map((object) => object.class);
  const summary = best.length ? best.slice(0, 20).join(", ") : t("try.nothing");
  find("scene").setAttribute("aria-label", summary);
  find("caption").textContent = t("try.caption", {
    width: number(found.width), height: number(found.height), milliseconds: number(found.milliseconds, 3), count: lines.length });
}

function showSlider(slider) {
  find(`${slider.id}-value`).textContent = slider.id === "temperature" ? number(slider.value) : percent(slider.value);
  fillTrack(slider);
}

function showRuns(list) {
  const usable = list.filter((run) => run.canTry);
  find("none").hidden = usable.length > 0;
  find("bench").hidden = usable.length === 0;
  runs.replaceChildren(...usable.map((run) => new Option(run.id)));
  const asked = new URLSearchParams(location.search).get("run");
  if (usable.some((run) => run.id === asked)) runs.value = asked;
  showChosen();
}

function showChosen() {
  find("deploy").href = `/deploy?run=${encodeURIComponent(runs.value)}`;
  const [talking, reads] = [talks(runs.value), READING.test(runs.value)];
  find("sliders").hidden = !seeing() || runs.value.startsWith("classify/");
  find("seeing").hidden = !seeing();
  for (const part of ["talk", "writing"]) find(part).hidden = !talking;
  find("sentences").hidden = !reads;
  find("onward").hidden = reads;
  find("found").hidden ||= !seeing();
  if (!seeing()) stopWebcam();
  clearTalk();
  showSentenceForm(runs.value);
}

await startPage(() => {
  if (answer) show(answer);
  sliders.forEach(showSlider);
  showSentenceForm(runs.value);
});
for (const slider of sliders) {
  showSlider(slider);
  slider.addEventListener("input", () => {
    showSlider(slider);
    if (slider.id !== "temperature") again();
  });
}
startTalk(() => runs.value, failed);
startSentences(() => runs.value, failed);
startWebcam(lookAt, failed);
runs.addEventListener("change", () => {
  showChosen();
  look();
});
find("file").addEventListener("change", (event) => take(event.target.files[0]));
addEventListener("paste", (event) => take([...event.clipboardData.files].find((file) => file.type.startsWith("image/"))));
addEventListener("dragover", (event) => {
  event.preventDefault();
  find("drop").classList.add("over");
});
addEventListener("dragleave", () => find("drop").classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  find("drop").classList.remove("over");
  take(event.dataTransfer.files[0]);
});
try {
  showRuns((await get("/api/v1/runs")).runs);
} catch (error) {
  failed(error);
}
