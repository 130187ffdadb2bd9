// What the pointer does on the canvas, by the tool in hand.

import { HIDDEN, nextUnknown, pointsOf, SEEN, UNKNOWN, withPoint } from "./keypoints.js";
import { area, bounds, corners, gripped, grips, holds, moved, withCorners } from "./shapes.js";

const GRIP = 10;
// Smaller boxes are clicks, in pixels of the screen.
const LEAST = 4;

export class Tools {
  /**
   * `editor` has the objects (`objects`, `visibleProposals`), the class for new ones (`classIndex`), the keypoints that
   * objects have (`layout`), the selection (`selected`, `select(id)`, `point`, `choosePoint(id, index)`), and does what is
   * drawn: `add(value)`, `change(id, value)`, `placed(id, value, index)`, `accept(proposals)`; and for outlines that are found,
   * `outliner`, `look(place)` and `acceptOutline()`.
   */
  constructor(canvas, editor) {
    Object.assign(this, { canvas, editor, tool: "box", drag: null, isSpace: false });
    const element = canvas.element;
    element.addEventListener("pointerdown", (event) => this.down(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    element.addEventListener("pointerup", () => this.up());
    element.addEventListener("pointercancel", () => this.cancel());
    element.addEventListener("pointerleave", () => { canvas.scene.pointer = null; canvas.draw(); });
    element.addEventListener("dblclick", (event) => this.twice(event));
    element.addEventListener("wheel", (event) => {
      event.preventDefault();
      canvas.zoom(Math.exp(-event.deltaY * 0.0016), this.place(event));
    }, { passive: false });
  }

  choose(tool) {
    this.cancel();
    this.tool = tool;
    this.canvas.scene.hasGuides = tool === "box" || tool === "outline";
    this.canvas.scene.placesPoints = tool === "point";
    this.canvas.element.style.cursor = { pan: "grab", select: "default" }[tool] ?? "crosshair";
    this.canvas.draw();
  }

  place(event) {
    const frame = this.canvas.element.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }

  /** The smallest object or proposal at a place: what lies within another can be reached. */
  hit(point) {
    const objects = [...this.editor.objects].filter(([, value]) => !value.unread);
    const all = [
      ...objects.map(([id, value]) => ({ id, value })),
      ...this.editor.visibleProposals.map((proposal) => ({ proposal, value: proposal.value })),
    ];
    return all.filter(({ value }) => holds(value, point)).sort((a, b) => area(a.value) - area(b.value))[0];
  }

  /** The grip near a place, of the selected object if none is given. */
  grip(at, value = this.editor.objects.get(this.editor.selected)) {
    if (!value || value.unread) return null;
    const near = grips(value).map((grip) => {
      const [x, y] = this.canvas.toScreen(grip.at);
      return { index: grip.index, distance: Math.hypot(x - at[0], y - at[1]) };
    }).sort((a, b) => a.distance - b.distance)[0];
    return near && near.distance <= GRIP ? near.index : null;
  }

  /** Takes hold of a corner of the outline that was found, accepts it where it is clicked, or begins to look for another. */
  takeOutline(point, at) {
    const { outliner } = this.editor;
    const grip = outliner.value ? this.grip(at, outliner.value) : null;
    if (grip !== null) this.drag = { kind: "found", grip, value: outliner.value };
    else if (outliner.value && holds(outliner.value, point)) this.editor.acceptOutline();
    else this.drag = { kind: "find", at, from: point, value: null };
  }

  /** The keypoint near a place: of the selected object, and where keypoints are set, also of others. */
  nearPoint(at) {
    const { editor, canvas } = this;
    if (!editor.layout) return null;
    const others = this.tool === "point" ? editor.objects.keys() : [];
    for (const id of [editor.selected, ...others]) {
      const value = editor.objects.get(id);
      if (!value || value.unread) continue;
      const near = pointsOf(value, editor.layout).map(([x, y, visibility], index) => {
        const [atX, atY] = canvas.toScreen([x, y]);
        return { id, index, distance: visibility === UNKNOWN ? Infinity : Math.hypot(atX - at[0], atY - at[1]) };
      }).sort((a, b) => a.distance - b.distance)[0];
      if (near?.distance <= GRIP) return near;
    }
    return null;
  }

  /** Takes hold of a keypoint, or sets the next one of the selected object; false where there is none to set. */
  takePoint(point, at, isHidden) {
    const { editor } = this;
    const near = this.nearPoint(at);
    if (near) {
      const value = editor.objects.get(near.id);
      editor.choosePoint(near.id, near.index);
      this.drag = { kind: "point", id: near.id, index: near.index, value, start: value };
      return true;
    }
    const value = editor.objects.get(editor.selected);
    if (this.tool !== "point" || !value || value.unread) return false;
    const index = editor.point ?? nextUnknown(value, editor.layout);
    if (index === null) return false;
    const visibility = isHidden && editor.layout.dimensions === 3 ? HIDDEN : SEEN;
    const set = withPoint(value, editor.layout, index, [...point, visibility]);
    this.drag = { kind: "point", id: editor.selected, index, value: set, start: value, isNew: true };
    this.showDrag();
    return true;
  }

  /** Shows an object as it is while something is dragged. */
  showDrag() {
    this.canvas.scene.objects = new Map(this.editor.objects).set(this.drag.id, this.drag.value);
    this.canvas.draw();
  }

  down(event) {
    const { canvas, editor } = this;
    canvas.element.setPointerCapture(event.pointerId);
    const at = this.place(event);
    const point = canvas.toImage(at);
    if (this.tool === "pan" || event.button === 1 || this.isSpace) {
      this.drag = { kind: "pan", at };
      return;
    }
    if (event.button !== 0) return;
    if (this.tool === "outline") { this.addCorner(point, at); return; }
    if (this.tool === "find") { this.takeOutline(point, at); return; }
    if (this.takePoint(point, at, event.shiftKey)) return;
    if (this.tool === "point") { this.takeUp(this.hit(point), point); return; }
    const grip = this.grip(at);
    const selected = editor.objects.get(editor.selected);
    if (grip !== null) {
      this.drag = { kind: "grip", grip, id: editor.selected, value: selected, start: selected };
    } else if (this.tool === "box" && !(selected && !selected.unread && holds(selected, point))) {
      this.drag = { kind: "box", at, from: point, value: null };
    } else {
      this.takeUp(this.hit(point), point);
    }
  }

  /** Selects what was hit, to be moved; a proposal is accepted. */
  takeUp(hit, point) {
    const { editor } = this;
    if (hit?.proposal) { editor.accept([hit.proposal]); return; }
    editor.select(hit?.id ?? null);
    if (hit) this.drag = { kind: "move", id: hit.id, value: hit.value, start: hit.value, from: point };
  }

  move(event) {
    const { canvas, drag } = this;
    const at = this.place(event);
    canvas.scene.pointer = at;
    const point = canvas.toImage(at);
    if (drag?.kind === "pan") {
      canvas.move(at[0] - drag.at[0], at[1] - drag.at[1]);
      drag.at = at;
    } else if (drag?.kind === "box" || drag?.kind === "find") {
      drag.to = at;
      drag.value = withCorners({ class: this.editor.classIndex, box: [] }, [drag.from, point]);
      canvas.scene.draft = drag.value;
    } else if (drag?.kind === "found") {
      this.editor.outliner.change(gripped(drag.value, drag.grip, point));
    } else if (drag) {
      drag.value = this.dragged(drag, point);
      this.showDrag();
    }
    canvas.draw();
  }

  /** What an object becomes with what is dragged at a place. */
  dragged({ kind, start, value, grip, index, from }, point) {
    const { layout } = this.editor;
    if (kind === "grip") return gripped(start, grip, point);
    if (kind === "point") return withPoint(value, layout, index, [...point, pointsOf(value, layout)[index][2]]);
    return moved(start, point[0] - from[0], point[1] - from[1], layout);
  }

  up() {
    const { canvas, drag, editor } = this;
    this.drag = null;
    if (!drag) return;
    const isLarge = drag.to && Math.abs(drag.to[0] - drag.at[0]) >= LEAST && Math.abs(drag.to[1] - drag.at[1]) >= LEAST;
    if (drag.kind === "found") return;
    if (drag.kind === "find") {
      canvas.scene.draft = null;
      const hit = this.hit(drag.from);
      if (isLarge && area(drag.value) > 0) editor.look({ box: bounds(corners(drag.value)) });
      else if (hit?.proposal?.value.outline) editor.offer(hit.proposal);
      else editor.look({ at: drag.from });
    } else if (drag.kind === "box") {
      canvas.scene.draft = null;
      if (isLarge && area(drag.value) > 0) editor.add(drag.value);
      else this.takeUp(this.hit(drag.from), drag.from);
      this.drag = null;
    } else if (drag.kind === "point" && drag.value !== drag.start) {
      editor.placed(drag.id, drag.value, drag.isNew ? drag.index : null);
    } else if (drag.kind !== "pan" && drag.value !== drag.start && area(drag.value) > 0) {
      editor.change(drag.id, drag.value);
    }
    editor.redraw();
  }

  cancel() {
    this.drag = null;
    this.canvas.scene.draft = null;
    this.editor.redraw();
  }

  // ---- outlines

  addCorner(point, at) {
    const { scene } = this.canvas;
    const draft = scene.draft ?? { class: this.editor.classIndex, points: [] };
    const first = draft.points[0] && this.canvas.toScreen(draft.points[0]);
    if (first && draft.points.length > 2 && Math.hypot(first[0] - at[0], first[1] - at[1]) < GRIP) {
      this.close();
      return;
    }
    // The second click of a double click is at the same place.
    const last = draft.points.at(-1);
    if (!last || Math.hypot(last[0] - point[0], last[1] - point[1]) > 1e-4) draft.points.push(point);
    scene.draft = draft;
    this.canvas.draw();
  }

  get isDrawing() { return Boolean(this.canvas.scene.draft?.points); }

  removeCorner() {
    const { scene } = this.canvas;
    scene.draft.points.pop();
    if (!scene.draft.points.length) scene.draft = null;
    this.canvas.draw();
  }

  close() {
    const draft = this.canvas.scene.draft;
    this.canvas.scene.draft = null;
    if (draft?.points.length > 2) this.editor.add({ class: draft.class, outline: draft.points.flat() });
    this.canvas.draw();
  }

  /** Closes an outline; of a selected one a corner goes away, or a new one comes where its edge is. */
  twice(event) {
    if (this.isDrawing) { this.close(); return; }
    const { editor } = this;
    const value = editor.objects.get(editor.selected);
    if (!value?.outline) return;
    const at = this.place(event);
    const points = corners(value);
    const grip = this.grip(at);
    if (grip !== null) {
      if (points.length > 3) editor.change(editor.selected, withCorners(value, points.toSpliced(grip, 1)));
      return;
    }
    const point = this.canvas.toImage(at);
    const place = nearestEdge(points.map((corner) => this.canvas.toScreen(corner)), at);
    if (place !== null) editor.change(editor.selected, withCorners(value, points.toSpliced(place + 1, 0, point)));
  }
}

/** The number of the corner after which an edge passes near a place; null if none does. */
function nearestEdge(points, [x, y]) {
  const distances = points.map(([ax, ay], index) => {
    const [bx, by] = points[(index + 1) % points.length];
    const length = (bx - ax) ** 2 + (by - ay) ** 2 || 1;
    const along = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    return Math.hypot(ax + along * (bx - ax) - x, ay + along * (by - ay) - y);
  });
  const least = Math.min(...distances);
  return least <= GRIP ? distances.indexOf(least) : null;
}
