// What the pointer does on the canvas, by the tool in hand.

import { area, corners, gripped, grips, holds, moved, withCorners } from "./shapes.js";

const GRIP = 10;
// Smaller boxes are clicks, in pixels of the screen.
const LEAST = 4;

export class Tools {
  /**
   * `editor` has the objects (`objects`, `visibleProposals`), the class for new ones (`classIndex`), the selection
   * (`selected`, `select(id)`), and does what is drawn: `add(value)`, `change(id, value)`, `accept(proposals)`.
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

  grip(at) {
    const value = this.editor.objects.get(this.editor.selected);
    if (!value || value.unread) return null;
    const near = grips(value).map((grip) => {
      const [x, y] = this.canvas.toScreen(grip.at);
      return { index: grip.index, distance: Math.hypot(x - at[0], y - at[1]) };
    }).sort((a, b) => a.distance - b.distance)[0];
    return near && near.distance <= GRIP ? near.index : null;
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
    } else if (drag?.kind === "box") {
      drag.to = at;
      drag.value = withCorners({ box: [], class: this.editor.classIndex }, [drag.from, point]);
      canvas.scene.draft = drag.value;
    } else if (drag) {
      drag.value = drag.kind === "grip" ? gripped(drag.start, drag.grip, point)
        : moved(drag.start, point[0] - drag.from[0], point[1] - drag.from[1]);
      canvas.scene.objects = new Map(this.editor.objects).set(drag.id, drag.value);
    }
    canvas.draw();
  }

  up() {
    const { canvas, drag, editor } = this;
    this.drag = null;
    if (!drag) return;
    if (drag.kind === "box") {
      canvas.scene.draft = null;
      const isLarge = drag.to && Math.abs(drag.to[0] - drag.at[0]) >= LEAST && Math.abs(drag.to[1] - drag.at[1]) >= LEAST;
      if (isLarge && area(drag.value) > 0) editor.add(drag.value);
      else this.takeUp(this.hit(drag.from), drag.from);
      this.drag = null;
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
