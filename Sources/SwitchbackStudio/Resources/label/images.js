// The images around the one that is labelled: a piece of the list, and bitmaps that are ready before they are asked for.

import { api, preview } from "/data/parts.js";
import { get } from "/frame/ask.js";

const MOST_KEPT = 12;
const BEFORE = 8;
const COUNT = 32;

export class Images {
  constructor() {
    this.bitmaps = new Map();
    this.list = { total: 0, from: 0, images: [] };
    this.query = new URLSearchParams(location.search);
  }

  /** Fetches the list around an image, or from its beginning. */
  async around(id) {
    const query = new URLSearchParams(this.query);
    query.set("count", COUNT);
    if (id) { query.set("around", id); query.set("before", BEFORE); }
    this.list = await get(`${api()}/images?${query}`);
    return this.list;
  }

  place(id) { return this.list.images.findIndex((image) => image.id === id); }

  neighbor(id, step) { return this.list.images[this.place(id) + step]; }

  /** The bitmap of an image, which is kept for a while. */
  bitmap(image) {
    const key = `${image.id} ${image.version}`;
    const known = this.bitmaps.get(key);
    if (known) {
      this.bitmaps.delete(key);
      this.bitmaps.set(key, known);
      return known;
    }
    const made = (async () => {
      const response = await fetch(preview(image, "view"));
      if (!response.ok) throw new Error((await response.json()).error?.message ?? response.statusText);
      return createImageBitmap(await response.blob());
    })();
    made.catch(() => this.bitmaps.delete(key));
    this.bitmaps.set(key, made);
    if (this.bitmaps.size > MOST_KEPT) {
      const [oldest, bitmap] = this.bitmaps.entries().next().value;
      this.bitmaps.delete(oldest);
      bitmap.then((one) => one.close(), () => {});
    }
    return made;
  }

  /** Gets the next three and the one before ready. */
  prepare(id) {
    for (const step of [1, 2, 3, -1]) {
      const image = this.neighbor(id, step);
      if (image) this.bitmap(image).catch(() => {});
    }
  }
}
