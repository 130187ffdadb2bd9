// The page /data/NAME/label/IMAGE: draws, changes and deletes the objects of one image after another.

import { api, freshName, labelPage, offer, page, say, setName, startDialogs, trainPage } from "/data/parts.js";
import { ask, get } from "/frame/ask.js";
import { find } from "/frame/drawing.js";
import { failed, startPage, succeeded } from "/frame/frame.js";
import { t } from "/frame/words.js";
import { Canvas } from "./canvas.js";
import { Images } from "./images.js";
import { nextUnknown, pointsOf, toggled, UNKNOWN, withOwnPoints, withPoint } from "./keypoints.js";
import { showKeymap, startKeys } from "./keys.js";
import { Outliner } from "./outliner.js";
import { Panel } from "./panel.js";
import { Progress } from "./progress.js";
import { Proposals } from "./proposals.js";
import { bounds, corners, gripped, moved } from "./shapes.js";
import { Skeleton } from "./skeleton.js";
import { Strokes } from "./strokes.js";
import { Tools } from "./tools.js";

const images = new Images();
// Also those of images that were left while strokes were on their way.
const strokesOf = new Map();
let strokes = null;
let image = null;
let copied = null;
// What is known of the data set as a whole.
let data = null;
let progress = null;

const editor = {
  classIndex: 0,
  selected: null,
  /** The number of the keypoint that is chosen of the selected object. */
  point: null,
  /** The keypoints that objects of the data set have; null where they have none. */
  get layout() { return strokes?.server?.keypoints ?? null; },
  get objects() { return strokes?.server ? strokes.objects : new Map(); },
  get visibleProposals() { return proposals.visible(this.objects); },

  select(id) {
    this.choosePoint(id, null);
    const value = selected();
    if (value && tools.tool === "point") this.choosePoint(id, nextUnknown(value, this.layout));
  },
  choosePoint(id, index) {
    [this.selected, this.point] = [id, index];
    this.redraw();
  },
  add(value) {
    const id = `o${freshName()}`;
    [this.selected, this.point] = [id, null];
    strokes.add([{ object: id, value: this.layout ? withOwnPoints(value, this.layout) : value }]);
    // The keypoints of a box are set next.
    if (this.layout && !value.keypoints) setTool("point");
  },
  /** An object of which a keypoint was moved, or set: then the next one is chosen, and behind the last the next box drawn. */
  placed(id, value, index) {
    if (index !== null) this.point = nextUnknown(value, this.layout, index + 1);
    this.change(id, value);
    if (index === null || this.point !== null) return;
    say(t("label.points.done"));
    setTool("box");
  },
  change(id, value) { strokes.add([{ object: id, value }]); },
  remove(id) {
    this.selected = null;
    strokes.add([{ object: id, value: null }]);
  },
  accept(list) {
    if (!list.length) return;
    const changes = list.map(({ value }) => ({ object: `o${freshName()}`, value }));
    proposals.drop(list);
    if (list.length === 1) this.selected = changes[0].object;
    strokes.add(changes);
    say(t("label.accepted", { count: list.length }));
  },
  /** Looks for the outline of what is at a place, or in a box. */
  look(place) {
    this.select(null);
    this.outliner.look(image, place, this.classIndex);
  },
  /** Takes the outline that a model proposes, to be changed before it is accepted. */
  offer(proposal) {
    proposals.drop([proposal]);
    this.outliner.offer(proposal.value);
  },
  acceptOutline() {
    const value = this.outliner.take();
    if (value) this.add(value);
    return Boolean(value);
  },
  /** The name of the keypoint that a click sets. */
  get nextName() {
    if (tools.tool === "find" && !this.outliner.value) return t("label.find.hint");
    const value = tools.tool === "point" && this.layout && selected();
    return (value && this.layout.names[this.point ?? nextUnknown(value, this.layout)]) ?? "";
  },
  redraw() {
    if (!strokes?.server) return;
    showTools();
    if (this.selected && !this.objects.has(this.selected)) [this.selected, this.point] = [null, null];
    Object.assign(canvas.scene, {
      objects: this.objects, proposals: this.visibleProposals, selected: this.selected, layout: this.layout, point: this.point,
      hint: this.nextName, candidate: this.outliner.value,
    });
    canvas.draw();
    panel.draw();
  },
};

const canvas = new Canvas(
  find("canvas"), (index) => strokes.server.classes[index] ?? t("label.class.none", { index }), () => panel.drawZoom());
editor.outliner = new Outliner(canvas, () => editor.redraw());
const proposals = new Proposals(() => editor.redraw());
const panel = new Panel(editor, { canvas, images, proposals, current: () => ({ image, strokes, progress }), open });
const tools = new Tools(canvas, editor);

// ---- images

function clash(from, stroke) {
  if (from !== strokes) {
    // Of an image that was left: what others did stays, and what was drawn is said to be lost.
    from.resolve(false);
    say(t("label.lost", { name: from.server.image.name }));
    return;
  }
  editor.redraw();
  const dialog = find("conflict");
  let keepsOwn = false;
  find("mine").onclick = () => { keepsOwn = true; dialog.close(); };
  find("theirs").onclick = () => dialog.close();
  dialog.onclose = () => from.resolve(keepsOwn);
  dialog.showModal();
}

function strokesFor(id) {
  for (const [other, one] of strokesOf) if (other !== id && one.isSaved) strokesOf.delete(other);
  if (!strokesOf.has(id)) {
    strokesOf.set(id, new Strokes(id, {
      changed: () => editor.redraw(), clashed: clash,
      refused: (error) => {
        failed(error);
        setTimeout(succeeded, 8000);
        editor.redraw();
      },
    }));
  }
  return strokesOf.get(id);
}

/** Shows an image of the list. */
async function open(next, replaces = false) {
  strokes?.stop();
  countLabeled();
  const opened = strokesFor(next.id);
  try {
    const [, bitmap] = await Promise.all([
      opened.server ? opened.look() : opened.open(), images.bitmap(next).catch((error) => { failed(error); return null; }),
    ]);
    [strokes, image] = [opened, opened.server.image];
    [editor.selected, editor.point] = [null, null];
    editor.outliner.take();
    if (tools.tool === "point") setTool("box");
    const address = labelPage(next, `${images.query}`);
    if (replaces) history.replaceState(null, "", address); else history.pushState(null, "", address);
    document.title = `${next.name} · ${t("label.title")} · Switchback`;
    canvas.show(bitmap, bitmap && !image.width ? bitmap : image);
    strokes.watch();
    editor.redraw();
    succeeded();
    proposals.open(next);
    if (images.place(next.id) < 2 || images.place(next.id) > images.list.images.length - 6) await images.around(next.id);
    images.prepare(next.id);
    panel.drawFilm();
  } catch (error) {
    failed(error);
  }
}

/** Where the image that is left was labelled here: says when there are enough for a first model. */
function countLabeled() {
  const isNew = image?.state === "unlabeled" && strokes.isLabeled;
  if (!isNew || !progress) return;
  if (progress.add(image.id)) offer(t("label.enough", { count: progress.count }), t("frame.train"), () => { location.href = trainPage(data); });
  showEnough();
}

/** Once there are enough, training stays one click away. */
function showEnough() {
  find("to-train").hidden = !progress.isEnough;
  find("to-train").href = trainPage(data);
}

async function go(step) {
  const next = images.neighbor(image.id, step);
  if (next) await open(next);
  else if (step < 0) say(t("label.first"));
  else if (!data) say(t("label.last"));
  // Whoever is through with all images trains next.
  else offer(t("label.last"), t("frame.train"), () => { location.href = trainPage(data); });
}

/** The image of the address; `first` is the first that the filter takes. */
async function start() {
  const id = decodeURIComponent(location.pathname.split("/")[4] ?? "first");
  try {
    let list = await images.around(id === "first" ? null : id);
    if (!list.images.length) {
      say(t("label.all"));
      images.query = new URLSearchParams();
      list = await images.around(null);
    }
    const first = id === "first" ? list.images[0] : list.images[images.place(id)];
    if (first) await open(first, true); else location.href = page();
  } catch (error) {
    failed(error);
  }
}

// ---- acts

function setTool(tool) {
  if ((editor.layout ? ["outline", "find"] : ["point"]).includes(tool)) return;
  editor.outliner.take();
  tools.choose(tool);
  const value = selected();
  if (tool === "point") editor.choosePoint(editor.selected, value ? nextUnknown(value, editor.layout) : null);
  for (const button of document.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", button.dataset.tool === tool);
  editor.redraw();
}

/** Of objects with keypoints no outlines are drawn, and of others no keypoints set. */
function showTools() {
  const hasPoints = Boolean(editor.layout);
  document.querySelector("[data-tool=point]").hidden = !hasPoints;
  for (const tool of ["outline", "find"]) document.querySelector(`[data-tool=${tool}]`).hidden = hasPoints;
}

/** The selected object, if it can be changed. */
function selected() {
  const value = editor.objects.get(editor.selected);
  return value && !value.unread ? value : null;
}

const acts = {
  next: () => go(1),
  before: () => go(-1),
  tool: setTool,
  nothing() {
    if (editor.objects.size) { say(t("label.nothing.no")); return; }
    strokes.add([], !strokes.isLabeled);
  },
  propose: () => proposals.toggle(image),
  rejectFirst: () => { proposals.drop(editor.visibleProposals.slice(0, 1)); editor.redraw(); },
  rejectAll: () => { proposals.drop(editor.visibleProposals); editor.redraw(); },
  accept: (isAll) => editor.acceptOutline() || editor.accept(isAll ? editor.visibleProposals : editor.visibleProposals.slice(0, 1)),
  hide() {
    canvas.scene.hidden = !canvas.scene.hidden;
    find("hide").setAttribute("aria-pressed", canvas.scene.hidden);
    canvas.draw();
  },
  fitSelected: () => { if (selected()) canvas.fitTo(bounds(corners(selected()))); },
  help() {
    showKeymap(Boolean(editor.layout));
    find("keys").showModal();
  },
  escape() {
    if (editor.outliner.take()) return;
    tools.cancel();
    editor.choosePoint(editor.point === null ? null : editor.selected, null);
  },
  remove() {
    if (editor.outliner.take()) return;
    if (editor.point !== null) { setPoint(([x, y]) => [x, y, UNKNOWN]); return; }
    if (editor.objects.has(editor.selected)) editor.remove(editor.selected);
  },
  undo: () => editor.outliner.take() ?? strokes.step("undo"),
  smaller: () => editor.outliner.step(-1),
  larger: () => editor.outliner.step(1),
  redo: () => strokes.step("redo"),
  duplicate() { if (selected()) editor.add(moved(selected(), 0.02, 0.02, editor.layout)); },
  copy() { copied = selected() ?? copied; return Boolean(selected()); },
  paste() { if (copied) editor.add({ ...copied }); },
  shift(x, y) {
    const [dx, dy] = [x / image.width, y / image.height];
    if (editor.point !== null) setPoint(([px, py, seen]) => [px + dx, py + dy, seen]);
    else if (selected()) editor.change(editor.selected, moved(selected(), dx, dy, editor.layout));
  },
  size(x, y) {
    const value = selected();
    if (!value?.box) return;
    const [, [right, bottom]] = corners(value);
    const larger = gripped(value, 2, [right + x / image.width, bottom + y / image.height]);
    if (larger.box[2] > 0 && larger.box[3] > 0) editor.change(editor.selected, larger);
  },
  /** Seen, hidden, not marked: the chosen keypoint. */
  togglePoint() {
    const value = selected();
    if (!value || editor.point === null) { if (editor.layout) say(t("label.points.choose")); return; }
    setPoint((point) => toggled(point, editor.layout, value.box.slice(0, 2)));
  },
  /** Chooses the keypoint before or after. */
  pointStep(step) {
    if (!editor.layout || !selected()) return;
    const count = editor.layout.names.length;
    const from = editor.point ?? (step > 0 ? -1 : 0);
    editor.choosePoint(editor.selected, (from + step + count) % count);
  },
  choosePoint(index) { editor.choosePoint(editor.selected, index); },
  classNumber(index) {
    if (index >= strokes.server.classes.length) return;
    editor.classIndex = index;
    if (editor.outliner.setClass(index)) return;
    if (selected() && selected().class !== index) editor.change(editor.selected, { ...selected(), class: index });
    else editor.redraw();
  },
  /** Goes through the objects; false where there is no further one. */
  through(step) {
    const ids = [...editor.objects].filter(([, value]) => !value.unread).map(([id]) => id);
    const next = ids[ids.indexOf(editor.selected) + step];
    if (!next || (step < 0 && !editor.selected)) return false;
    editor.select(next);
    return true;
  },
};

/** Changes the chosen keypoint of the selected object. */
function setPoint(change) {
  const value = selected();
  const before = pointsOf(value, editor.layout)[editor.point];
  const after = change(before);
  if (before[2] !== UNKNOWN || after[2] !== UNKNOWN) {
    editor.change(editor.selected, withPoint(value, editor.layout, editor.point, after));
  }
}

async function addClass(event) {
  event.preventDefault();
  try {
    await ask(`${api()}/classes`, { name: find("class-name").value });
    strokes.server.classes = (await get(`${strokes.address}/labels`)).classes;
    editor.classIndex = strokes.server.classes.length - 1;
    find("naming").close();
    editor.redraw();
  } catch (error) {
    find("class-problem").hidden = false;
    find("class-problem").textContent = t("frame.problem", { sentence: error.message });
  }
}

// ---- start

await startPage(() => { showTools(); editor.redraw(); });
startDialogs();
new Skeleton({
  layout: () => editor.layout,
  example: () => selected() ?? [...editor.objects.values()].find((value) => value.keypoints),
  changed: () => strokes.look(),
});
showTools();
setTool("box");
find("back").href = `${page(setName())}`;
panel.start(acts);
startKeys(canvas, tools, acts);
const clicks = {
  next: acts.next, before: acts.before, undo: acts.undo, redo: acts.redo, help: acts.help, hide: acts.hide,
  propose: acts.propose, accept: () => acts.accept(false), "accept-all": () => acts.accept(true), reject: acts.rejectAll,
  "found-accept": () => editor.acceptOutline(), "found-drop": () => editor.outliner.take(), "found-smaller": acts.smaller, "found-larger": acts.larger,
  fit: () => canvas.fit(), larger: () => canvas.zoom(1.25), smaller: () => canvas.zoom(0.8),
  "class-new": () => { find("class-problem").hidden = true; find("class-name").value = ""; find("naming").showModal(); },
};
for (const [id, act] of Object.entries(clicks)) find(id).addEventListener("click", act);
for (const button of document.querySelectorAll("[data-tool]")) button.addEventListener("click", () => setTool(button.dataset.tool));
find("naming").querySelector("form").addEventListener("submit", addClass);
addEventListener("popstate", () => start());
get(api()).then((found) => {
  data = found;
  progress = new Progress(found);
  showEnough();
  panel.draw();
}, failed);
addEventListener("beforeunload", (event) => { if (strokes && !strokes.isSaved) event.preventDefault(); });
start();
