// The strokes of one image on their way to the studio.
//
// The page shows a stroke at once, and says "Saved" only when the studio has it on disk. Until then it is kept in the
// browser's storage, so that it is sent again after a reload or when the studio is back; a stroke has a name, so that
// sending it twice does nothing twice. It also says on which state of the image it stands: where somebody else has
// changed the same object since, the studio refuses it and the page asks.

import { api, freshName, who } from "/data/parts.js";
import { ask, get } from "/frame/ask.js";

const RETRY = 1500;
const POLL = 2000;
const pageName = freshName();

export class Strokes {
  /** `changed` is called when objects or the state of saving change, `clashed` when somebody else was faster. */
  constructor(id, { changed, clashed, refused }) {
    this.address = `${api()}/images/${id}`;
    this.storage = `switchback.strokes.${this.address}`;
    Object.assign(this, { id, changed, clashed, refused });
    this.server = null;
    this.queue = JSON.parse(localStorage.getItem(this.storage) ?? "[]");
    this.problem = null;
    this.isSending = false;
    this.isAsking = false;
  }

  async open() {
    this.server = await get(`${this.address}/labels?who=${who()}`);
    this.send();
    return this;
  }

  get isSaved() { return this.queue.length === 0; }

  /** The objects with the strokes that are on their way; while the page asks, as somebody else has left them. */
  get objects() {
    const objects = new Map(this.server.objects.map((object) => [object.id, object.value]));
    for (const { changes } of this.isAsking ? [] : this.queue) {
      for (const { object, value } of changes) {
        if (value) objects.set(object, value); else objects.delete(object);
      }
    }
    return objects;
  }

  get isLabeled() {
    const last = this.queue.findLast((stroke) => stroke.labeled !== undefined);
    return this.objects.size > 0 || (last ? last.labeled : this.server.labeled || this.queue.length > 0);
  }

  add(changes, labeled) {
    if (this.server.readOnly) { this.refused(new Error(this.server.readOnly)); return; }
    this.queue.push({ id: freshName(), base: this.server.revision, changes, labeled });
    this.keep();
    this.changed();
    this.send();
  }

  keep() {
    if (this.queue.length) localStorage.setItem(this.storage, JSON.stringify(this.queue));
    else localStorage.removeItem(this.storage);
  }

  async send() {
    if (this.isSending || this.isAsking) return;
    this.isSending = true;
    try {
      while (this.queue.length && !this.isAsking) await this.sendFirst();
    } finally {
      this.isSending = false;
    }
    this.changed();
  }

  async sendFirst() {
    const stroke = this.queue[0];
    try {
      this.server = await ask(`${this.address}/edits`, { ...stroke, who: who(), page: pageName });
      this.problem = null;
      this.queue.shift();
    } catch (error) {
      if (error.status === 409) {
        this.server = error.answer;
        this.isAsking = true;
        this.clashed(this, stroke);
      } else if (error.status === 400) {
        this.queue.shift();
        this.refused(error);
      } else {
        // The studio is away, or its disk is full: nothing is lost here.
        this.problem = error;
        this.changed();
        await new Promise((done) => setTimeout(done, RETRY));
      }
    }
    this.keep();
    this.changed();
  }

  /** Goes on after a clash: with the own stroke on top of what others did, or without it. */
  resolve(keepsOwn) {
    const stroke = this.queue.shift();
    if (keepsOwn) this.queue.unshift({ ...stroke, id: freshName(), base: this.server.revision });
    this.isAsking = false;
    this.keep();
    this.send();
  }

  /** Takes back the last stroke of this browser, or does it again: also one from before the page was opened. */
  async step(direction) {
    while (this.isSending && !this.problem) await new Promise((done) => setTimeout(done, 10));
    if (this.queue.length) return;
    try {
      this.server = await ask(`${this.address}/${direction}`, { id: freshName(), who: who(), page: pageName });
    } catch (error) {
      if (error.status === 409) this.server = error.answer;
      this.refused(error);
    }
    this.changed();
  }

  /** Looks whether others, or other programs, changed the labels. */
  async look() {
    if (this.queue.length || document.hidden) return;
    try {
      const found = await get(`${this.address}/labels?who=${who()}&seen=${this.server.seen}`);
      if (found && !this.queue.length) { this.server = found; this.changed(); }
      if (this.problem) { this.problem = null; this.changed(); }
    } catch (error) {
      this.problem = error;
      this.changed();
    }
  }

  watch() {
    clearInterval(this.timer);
    this.timer = setInterval(() => this.look(), POLL);
  }

  stop() { clearInterval(this.timer); }
}
