// The page's words in the reader's language, and numbers as that language writes them.

const languages = { en: "English", zh: "中文", tr: "Türkçe", fr: "Français" };
const storageKey = "switchback.language";

let language = "en";
let table = {};

/** The language asked for in the address, chosen before, or preferred by the browser. */
function preferred() {
  const asked = new URLSearchParams(location.search).get("lang");
  const wanted = [asked, localStorage.getItem(storageKey), ...navigator.languages];
  const known = wanted.map((tag) => tag?.slice(0, 2).toLowerCase()).find((tag) => Object.hasOwn(languages, tag));
  return known ?? "en";
}

/** A sentence, in which each {name} is replaced by its value. */
export function t(key, values = {}) {
  return (table[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** A number with at most so many decimals. */
export const number = (value, decimals = 0) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: decimals }).format(value);

/** Writes the words of elements that name their keys: as their text, or as their label. */
function write(root) {
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
    if (element.matches("input")) element.placeholder = t(element.dataset.tLabel);
    else element.title = t(element.dataset.tLabel);
  }
}

async function load(tag) {
  const answer = await fetch(`/data/words.${tag}.json`);
  table = await answer.json();
  language = tag;
  document.documentElement.lang = tag;
  write(document);
  document.title = `${t(`${document.body.dataset.page}.title`)} · Switchback`;
}

/** Writes the page in the preferred language, and calls `redraw` when another is chosen. */
export async function startWords(redraw) {
  await load(preferred());
  const choice = document.getElementById("language");
  for (const [tag, name] of Object.entries(languages)) choice.add(new Option(name, tag, false, tag === language));
  for (const option of choice.options) option.lang = option.value;
  choice.addEventListener("change", async () => {
    localStorage.setItem(storageKey, choice.value);
    await load(choice.value);
    redraw();
  });
}
