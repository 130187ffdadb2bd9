// The page /data/NAME/check: what is likely wrong with a data set, with its images, and what mends it.

import { api, freshName, labelPage, page, say, tile, trainPage, who } from "/data/parts.js";
import { ask, get } from "/frame/ask.js";
import { find, html } from "/frame/drawing.js";
import { failed, startPage, succeeded } from "/frame/frame.js";
import { button } from "/frame/jobs.js";
import { t, whole } from "/frame/words.js";
import { bounds, corners } from "/label/shapes.js";

const pageName = freshName();
const kinds = ["doubled", "unread", "classless", "outside", "flat"];
let found = null;

/** The image with the faulty object alone over it. */
function faultTile(image, value) {
  const boxes = value?.box || value?.outline ? [[value.class, ...bounds(corners(value))]] : [];
  return tile({ ...image, boxes }, labelPage(image), image.split, t("check.open", { name: image.name }));
}

async function mend(kind, image) {
  const body = { id: freshName(), who: who(), page: pageName, kind, ...(image ? { image: image.id } : {}) };
  const { mended } = await ask(`${api()}/check/mend`, body);
  say(t("check.mended", { count: mended }));
  await refresh();
}

function fault({ kind, isMendable, image, object }) {
  const element = html("div", "fault", faultTile(image, object.value));
  if (object.value.unread) element.append(html("p", "mono", object.value.unread));
  if (isMendable) element.append(button(t(`check.${kind}.mend`), "sm", () => mend(kind, image), failed));
  return element;
}

function kindCard(kind) {
  const findings = found.findings.filter((finding) => finding.kind === kind);
  if (!findings.length) return null;
  const count = found.counts[kind];
  const head = html("header", "", html("h2", "", t(`check.${kind}`)), html("span", "tag warn", whole(count)));
  if (findings[0].isMendable) {
    head.append(button(t("check.mend.all"), "sm", () => mend(kind, null), failed));
  }
  const card = html("section", "card", head, html("p", "in muted", t(`check.${kind}.lead`)));
  card.append(html("div", "faults", ...findings.map(fault)));
  if (count > findings.length) card.append(html("p", "in muted", t("check.more", { count: count - findings.length })));
  return card;
}

function leaksCard() {
  if (!found.leaks.length) return null;
  const head = html("header", "", html("h2", "", t("check.leaks")), html("span", "tag warn", whole(found.leaks.length)));
  const card = html("section", "card", head, html("p", "in muted", t("check.leaks.lead")));
  card.append(html("div", "faults", ...found.leaks.map(({ training, heldOut }) =>
    html("div", "fault", html("div", "pair", faultTile(training), faultTile(heldOut))))));
  return card;
}

function sentencesCard() {
  if (!found.sentences.length) return null;
  const head = html("header", "", html("h2", "", t("check.files")), html("span", "tag warn", whole(found.sentences.length)));
  const list = html("ul", "sentences", ...found.sentences.map((sentence) => html("li", "", sentence)));
  return html("section", "card", head, list);
}

function fine() {
  return html("section", "note ok", html("span", "", "●"), html("div", "", html("b", "", t("check.fine")), html("p", "", t("check.fine.lead"))));
}

function draw() {
  if (!found) return;
  const cards = [...kinds.map(kindCard), leaksCard(), sentencesCard()].filter(Boolean);
  // With nothing to mend, training is next.
  find("to-train").hidden = cards.length > 0;
  find("kinds").replaceChildren(...(cards.length ? cards : [fine()]));
  const counts = [
    ...kinds.map((kind) => [t(`check.${kind}`), found.counts[kind]]),
    [t("check.leaks"), found.comparesImages ? found.leaks.length : null], [t("check.files"), found.sentences.length],
  ];
  find("groups").replaceChildren(...counts.map(([words, count]) => html(
    "li", count ? "some" : "", html("span", "", words), html("span", "", count === null ? t("check.notcompared") : whole(count)))));
  find("results").hidden = false;
}

async function refresh() {
  find("waiting").hidden = false;
  try {
    found = await get(`${api()}/check`);
    draw();
    succeeded();
  } catch (error) {
    failed(error);
  }
  find("waiting").hidden = true;
}

await startPage(draw);
find("back").href = page();
get(api()).then((data) => { find("to-train").href = trainPage(data); }, failed);
find("again").addEventListener("click", refresh);
refresh();
