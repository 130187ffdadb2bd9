// Images that are selected in the grid: moved to another split or class, or deleted, all of which can be undone.

import { api, offer, say } from "/data/parts.js";
import { ask } from "/frame/ask.js";
import { find } from "/frame/drawing.js";
import { t } from "/frame/words.js";

export class Selection {
  /** `done` is called when images have other places. */
  constructor(data, grid, failed, done) {
    Object.assign(this, { data, grid, failed, done, ids: new Set(), isOn: false, last: null });
    find("select").addEventListener("click", () => this.turn(!this.isOn));
    find("selection-end").addEventListener("click", () => this.turn(false));
    find("delete").addEventListener("click", () => this.arrange({ delete: true }));
    for (const [id, key] of [["move-split", "split"], ["move-class", "class"]]) {
      find(id).addEventListener("change", () => {
        const value = find(id).value;
        find(id).value = "";
        if (value) this.arrange({ [key]: value });
      });
    }
  }

  turn(isOn) {
    this.isOn = isOn;
    this.ids.clear();
    find("select").setAttribute("aria-pressed", isOn);
    find("selection").hidden = !isOn;
    find("move-class").hidden = this.data().kind !== "classes";
    if (this.data().kind === "classes") {
      find("move-class").replaceChildren(new Option(t("set.move.class"), ""), ...this.data().classes.map((one) => new Option(one.name)));
    }
    this.grid.clear();
    this.grid.draw();
    this.show();
  }

  /** Selects an image or no longer; with Shift all from the last one on. */
  toggle(index, image, isRange) {
    const from = isRange && this.last !== null ? Math.min(index, this.last) : index;
    const to = isRange && this.last !== null ? Math.max(index, this.last) : index;
    const isSelected = isRange || !this.ids.has(image.id);
    for (let at = from; at <= to; at++) {
      const id = at === index ? image.id : this.grid.image(at)?.id;
      if (!id) continue;
      if (isSelected) this.ids.add(id); else this.ids.delete(id);
    }
    this.last = index;
    this.grid.mark(this.ids);
    this.show();
  }

  show() {
    find("selected").textContent = t("set.selected", { count: this.ids.size });
    for (const id of ["move-split", "move-class", "delete"]) find(id).disabled = this.ids.size === 0;
  }

  async arrange(wish) {
    try {
      const { count, id } = await ask(`${api()}/arrangements`, { images: [...this.ids], ...wish });
      this.turn(false);
      await this.done();
      if (!id) { say(t("set.arranged.none")); return; }
      offer(t(wish.delete ? "set.deleted" : "set.moved", { count: count }), t("label.undo"), async () => {
        try {
          await ask(`${api()}/arrangements/${id}/undo`);
          await this.done();
        } catch (error) {
          this.failed(error);
        }
      });
    } catch (error) {
      this.failed(error);
    }
  }
}
