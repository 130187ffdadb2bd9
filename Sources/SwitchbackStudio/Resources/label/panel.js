// What stands around the canvas: classes, objects in words, the state of saving, the images before and after.

import { labelPage, stateWord, swatch, thumbnail } from "/data/parts.js";
import { find, html } from "/frame/drawing.js";
import { percent, t, whole } from "/frame/words.js";
import { pointsOf, UNKNOWN } from "./keypoints.js";
import { bounds, corners } from "./shapes.js";

// By the visibility of a keypoint.
const STATES = ["unknown", "hidden", "seen"];

export class Panel {
  constructor(editor, parts) { Object.assign(this, { editor, ...parts }); }

  start(acts) {
    this.acts = acts;
    find("nothing").addEventListener("change", () => { acts.nothing(); this.draw(); });
  }

  draw() {
    const { image, strokes, progress } = this.current();
    if (!image) return;
    find("name").textContent = image.name;
    find("split").textContent = image.split;
    find("size").textContent = t("label.size", { width: image.width, height: image.height });
    find("file").textContent = image.name;
    find("at").textContent = this.place(image, progress);
    find("undo").disabled = !strokes.server.canUndo && strokes.isSaved;
    find("redo").disabled = !strokes.server.canRedo;
    find("nothing").checked = strokes.isLabeled && this.editor.objects.size === 0;
    find("nothing").disabled = this.editor.objects.size > 0;
    this.drawSaved(strokes);
    this.drawNotes(strokes);
    this.drawClasses(strokes);
    this.drawObjects();
    this.drawPoints();
    this.drawProposals();
  }

  /** Where one is in the list; among those without labels, of which there are ever fewer, how many have some by now. */
  place(image, progress) {
    if (this.images.query.get("state") === "unlabeled") return progress ? t("label.done", { count: progress.count, total: progress.total }) : "";
    const place = this.images.place(image.id);
    return place < 0 ? "" : t("label.at", { at: this.images.list.from + place + 1, total: this.images.list.total });
  }

  drawZoom() { find("zoom").textContent = percent(this.canvas.scale); }

  drawSaved(strokes) {
    const key = strokes.server.readOnly ? "data.readOnly" : strokes.problem ? "label.unsaved"
      : strokes.isSaved ? "label.saved" : "label.saving";
    const saved = find("saved");
    if (saved.textContent !== t(key)) saved.textContent = t(key);
    saved.classList.toggle("bad", Boolean(strokes.problem || strokes.server.readOnly));
  }

  drawNotes(strokes) {
    const unread = strokes.server.objects.filter(({ value }) => value.unread).length;
    const sentences = [
      strokes.server.readOnly ?? "",
      strokes.problem && !strokes.isSaved ? t("label.unsaved.more", { sentence: strokes.problem.message }) : "",
      unread ? t("label.unread", { count: unread }) : "",
    ].filter(Boolean);
    find("notes").replaceChildren(...sentences.map((sentence) => html("p", "", sentence)));
  }

  drawClasses(strokes) {
    const counts = new Map();
    for (const { class: index } of this.editor.objects.values()) counts.set(index, (counts.get(index) ?? 0) + 1);
    find("classes").replaceChildren(...strokes.server.classes.map((name, index) => {
      const item = html("button", "item", swatch(index), html("span", "name", name));
      const end = html("span", "end", counts.has(index) ? whole(counts.get(index)) : "");
      if (index < 9) end.append(html("kbd", "", `${index + 1}`));
      item.append(end);
      item.type = "button";
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", index === this.editor.classIndex);
      item.addEventListener("click", () => this.acts.classNumber(index));
      return item;
    }));
  }

  drawObjects() {
    const { image, strokes } = this.current();
    const objects = [...this.editor.objects].filter(([, value]) => !value.unread);
    find("count").textContent = whole(objects.length);
    const items = objects.map(([id, value]) => {
      const [x1, y1, x2, y2] = bounds(corners(value));
      const size = `${whole(Math.round((x2 - x1) * image.width))} × ${whole(Math.round((y2 - y1) * image.height))}`;
      const name = strokes.server.classes[value.class] ?? t("label.class.none", { index: value.class });
      const item = html("button", "item", swatch(value.class), html("span", "name", name), html("span", "end", size));
      item.type = "button";
      item.dataset.object = id;
      item.setAttribute("aria-pressed", id === this.editor.selected);
      item.setAttribute("aria-label", t("label.object", {
        name, size, x: Math.round(x1 * image.width), y: Math.round(y1 * image.height),
      }));
      item.addEventListener("click", () => this.editor.select(id));
      return item;
    });
    const focused = document.activeElement?.dataset?.object;
    find("objects").replaceChildren(...(items.length ? items : [html("p", "pad muted small", t("label.none"))]));
    if (focused) find("objects").querySelector(`[data-object="${focused}"]`)?.focus();
  }

  /** The keypoints of the selected object: a click chooses one, and one more toggles it. */
  drawPoints() {
    const { layout, selected, point } = this.editor;
    const value = layout && this.editor.objects.get(selected);
    find("points-section").hidden = !layout;
    if (!layout) return;
    const points = value && !value.unread ? pointsOf(value, layout) : [];
    const marked = points.filter(([, , visibility]) => visibility !== UNKNOWN).length;
    find("points-count").textContent = points.length ? t("label.at", { at: marked, total: points.length }) : "";
    const items = points.map(([, , visibility], index) => {
      const state = t(`label.points.${STATES[visibility]}`);
      const item = html("button", "item", html("span", `dot ${STATES[visibility]}`), html("span", "name", layout.names[index]), html("span", "end", state));
      item.type = "button";
      item.dataset.point = index;
      item.setAttribute("aria-pressed", index === point);
      item.setAttribute("aria-label", t("label.points.one", { name: layout.names[index], state }));
      item.addEventListener("click", () => (index === this.editor.point ? this.acts.togglePoint() : this.acts.choosePoint(index)));
      return item;
    });
    const focused = document.activeElement?.dataset?.point;
    find("points").replaceChildren(...(items.length ? items : [html("p", "pad muted small", t("label.points.choose"))]));
    if (focused) find("points").querySelector(`[data-point="${focused}"]`)?.focus();
  }

  drawProposals() {
    const list = this.editor.visibleProposals;
    find("prop").hidden = list.length === 0 || Boolean(this.editor.outliner.value);
    find("prop-words").textContent = t("label.proposed", { count: list.length, run: this.proposals.run ?? "" });
  }

  drawFilm() {
    const { image } = this.current();
    const links = this.images.list.images.map((one) => {
      const link = html("a");
      link.href = labelPage(one, `${this.images.query}`);
      link.setAttribute("aria-label", t("data.tile", { name: one.name, state: stateWord(one) }));
      if (one.id === image.id) link.setAttribute("aria-current", "true");
      link.append(thumbnail(one), html("span", "", one.state === "labeled" ? whole(one.objects) : one.state === "empty" ? "0" : "–"));
      link.addEventListener("click", (event) => { event.preventDefault(); this.open(one); });
      return link;
    });
    find("film").replaceChildren(...links);
    find("film").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
