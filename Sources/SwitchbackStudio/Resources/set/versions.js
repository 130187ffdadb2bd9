// Versions of a data set: named, compared with what is there now, trained on, gone back to.

import { api, labelPage, say, tile, trainPage } from "/data/parts.js";
import { ask, get } from "/frame/ask.js";
import { find, html, link } from "/frame/drawing.js";
import { button } from "/frame/jobs.js";
import { moment, t } from "/frame/words.js";

const KINDS = ["added", "removed", "moved", "replaced", "relabeled"];
const address = (version, verb) => `${api()}/versions/${encodeURIComponent(version.name)}/${verb}`;
let changed = () => {}, data = () => null;

function problem(error) {
  find("version-problem").hidden = false;
  find("version-problem").textContent = t("frame.problem", { sentence: error.message });
}

/** What differs, as a sentence, with the images below it. */
function differences(found) {
  const parts = KINDS.filter((kind) => found.counts[kind] > 0);
  const sentences = parts.map((kind) => t(`set.version.${kind}`, { count: found.counts[kind] }));
  if (found.newClasses.length) sentences.push(t("set.version.newClasses", { names: found.newClasses.join(", ") }));
  if (found.oldClasses.length) sentences.push(t("set.version.oldClasses", { names: found.oldClasses.join(", ") }));
  if (found.damaged.length) sentences.push(t("set.version.damaged", { names: found.damaged.join(", ") }));
  const list = html("ul", "sentences", ...(sentences.length ? sentences : [t("set.version.same")]).map((sentence) => html("li", "", sentence)));
  const images = [...found.added, ...found.moved, ...found.replaced, ...found.relabeled].slice(0, 12);
  const tiles = html("div", "tiles", ...images.map((image) => tile(image, data().kind === "yolo" ? labelPage(image) : "#")));
  return html("div", "stack tight", list, ...(images.length ? [tiles] : []));
}

function line(version) {
  const facts = t("set.version.facts", { images: version.images, objects: version.objects });
  const name = html("div", "", html("b", "", version.name), html("p", "muted small", `${moment(version.created)} · ${facts}`));
  const place = html("div", "changes");
  const actions = html("div", "actions",
    button(t("set.version.compare"), "sm", async () => { place.replaceChildren(differences(await get(address(version, "changes")))); }, problem),
    link(t("frame.train"), trainPage(data(), version.data), "btn sm"),
    button(t("set.version.restore"), "sm", async () => {
      const { versions, kept } = await ask(address(version, "restore"));
      show(versions);
      say(t("set.version.restored", { name: version.name, kept }));
      await changed();
    }, problem),
    button(t("jobs.remove"), "sm quiet", async () => { show((await ask(address(version, "remove"))).versions); }, problem));
  return html("li", "version", html("div", "row between wrap", name, actions), place);
}

function show(versions) {
  find("version-problem").hidden = true;
  find("version-list").replaceChildren(...(versions.length ? versions.map(line) : [html("li", "muted", t("set.version.none"))]));
}

/** `refreshed` is called when the data set has become another. */
export function startVersions(shown, refreshed) {
  [data, changed] = [shown, refreshed];
  find("versions").addEventListener("click", async () => {
    find("version-problem").hidden = true;
    find("version-list").replaceChildren();
    find("versioning").showModal();
    try {
      show((await get(`${api()}/versions`)).versions);
    } catch (error) {
      problem(error);
    }
  });
  find("versioning").querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const go = find("version-keep");
    go.disabled = true;
    try {
      show((await ask(`${api()}/versions`, { name: find("version-name").value })).versions);
      find("version-name").value = "";
    } catch (error) {
      problem(error);
    }
    go.disabled = false;
  });
}
