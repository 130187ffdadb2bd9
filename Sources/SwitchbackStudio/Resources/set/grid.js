// The grid of images: of 100,000 only those in sight are in the page, and only their pieces of the list are fetched.

import { api, labelPage, tile } from "/data/parts.js";
import { get } from "/frame/ask.js";
import { html } from "/frame/drawing.js";
import { failed } from "/frame/frame.js";

const GAP = 8;
const LEAST_WIDTH = 148;
const PIECE = 100;
const MOST_PIECES = 12;

export class Grid {
  constructor(element) {
    this.element = element;
    this.total = 0;
    this.query = "";
    this.pieces = new Map();
    this.shown = new Map();
    this.canOpen = true;
    this.selection = null;
    addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(element);
  }

  /** Shows what a filter takes; answers with how many images that are. */
  async show(query) {
    this.query = query;
    this.pieces.clear();
    this.clear();
    await this.fetch(0);
    return this.total;
  }

  clear() {
    for (const element of this.shown.values()) element.remove();
    this.shown.clear();
  }

  async fetch(number) {
    if (this.pieces.has(number)) return;
    const query = this.query;
    this.pieces.set(number, null);
    if (this.pieces.size > MOST_PIECES) this.pieces.delete(this.pieces.keys().next().value);
    try {
      const list = await get(`${api()}/images?${query}&boxes=1&from=${number * PIECE}&count=${PIECE}`);
      if (query !== this.query) return;
      this.total = list.total;
      this.pieces.set(number, list.images);
      for (const [index, element] of this.shown) {
        if (Math.floor(index / PIECE) === number) { element.remove(); this.shown.delete(index); }
      }
      this.draw();
    } catch (error) {
      this.pieces.delete(number);
      failed(error);
    }
  }

  /** The image at a place, if its piece of the list is here. */
  image(index) { return this.pieces.get(Math.floor(index / PIECE))?.[index % PIECE]; }

  /** Shows which images are selected. */
  mark(ids) {
    for (const [index, element] of this.shown) {
      const image = this.image(index);
      if (image) element.setAttribute("aria-pressed", ids.has(image.id));
    }
  }

  layout() {
    const width = this.element.clientWidth;
    const least = width < 500 ? 104 : LEAST_WIDTH;
    const columns = Math.max(1, Math.floor((width + GAP) / (least + GAP)));
    const side = (width - GAP * (columns - 1)) / columns;
    return { columns, side, height: Math.round(side * 0.75) };
  }

  draw() {
    const { columns, side, height } = this.layout();
    if (side <= 0) return;
    const rows = Math.ceil(this.total / columns);
    this.element.style.height = `${Math.max(0, rows * (height + GAP) - GAP)}px`;
    const top = -this.element.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(top / (height + GAP)) - 1);
    const last = Math.min(rows - 1, Math.ceil((top + innerHeight) / (height + GAP)) + 1);
    const wanted = new Set();
    for (let index = first * columns; index < Math.min(this.total, (last + 1) * columns); index++) wanted.add(index);
    for (const [index, element] of this.shown) {
      if (!wanted.has(index)) { element.remove(); this.shown.delete(index); }
    }
    for (const index of wanted) {
      const element = this.shown.get(index) ?? this.make(index);
      const style = element.style;
      style.width = `${side}px`;
      style.height = `${height}px`;
      style.transform = `translate(${(index % columns) * (side + GAP)}px, ${Math.floor(index / columns) * (height + GAP)}px)`;
    }
  }

  make(index) {
    const number = Math.floor(index / PIECE);
    const image = this.image(index);
    if (!image) this.fetch(number);
    const element = image ? tile(image, labelPage(image, this.query)) : html("div", "tile waiting");
    if (image && !this.canOpen) element.removeAttribute("href");
    if (image && this.selection?.isOn) this.select(element, index, image);
    this.shown.set(index, element);
    // In the order of the images, for those who go through them by keyboard.
    const next = [...this.shown.keys()].filter((other) => other > index).sort((a, b) => a - b)[0];
    this.element.insertBefore(element, next === undefined ? null : this.shown.get(next));
    return element;
  }

  /** Makes of a tile one that is selected instead of opened. */
  select(element, index, image) {
    element.href = "#";
    element.setAttribute("role", "button");
    element.setAttribute("aria-pressed", this.selection.ids.has(image.id));
    const act = (event) => {
      event.preventDefault();
      this.selection.toggle(index, image, event.shiftKey);
    };
    element.addEventListener("click", act);
    element.addEventListener("keydown", (event) => { if (event.key === " ") act(event); });
  }
}
