// The page /train: a form made of the options that the command line has, and the queue of trainings.

import { api } from "/data/parts.js";
import { ask, get } from "/frame/ask.js";
import { copies } from "/frame/copy.js";
import { find, html } from "/frame/drawing.js";
import { failed, startPage, succeeded } from "/frame/frame.js";
import { isOpen, jobLine } from "/frame/jobs.js";
import { t } from "/frame/words.js";

// What most people choose; all else stands under "All options", as does whatever of these a task does not have.
const CHIEF = ["data", "model", "epochs", "time", "minutes", "imgsz", "batch"];
const OWN = ["name", "labeled-only", "diagnose"];
const VISION = ["detect", "segment", "pose", "obb", "classify"];
const SECONDS = 2;
// Beside as many epochs as there are: in minutes.
const DURATIONS = [15, 60, 480];
// Fewer steps than these make an epoch of a small data set learn next to nothing; then a step takes so many images.
const FEW_STEPS = 8, SMALL_STEP = "4";

const given = new URLSearchParams(location.search);
// What was entered, by the option's name: kept when another task is chosen.
const values = new Map([...given].filter(([name]) => name !== "task" && name !== "lang"));
let task = given.get("task") ?? "detect";
let tasks = [], options = [], sets = [], shownQueue = "";

function field(option) {
  const id = `option-${option.name}`;
  const isOwn = CHIEF.includes(option.name) || OWN.includes(option.name);
  const label = html("label", "", isOwn ? t(`train.option.${option.name}`) : `--${option.name}`);
  label.htmlFor = id;
  const input = html("input", option.isFlag ? "" : "input");
  input.id = id;
  input.name = option.name;
  if (option.isFlag) {
    input.type = "checkbox";
    input.checked = values.get(option.name) ?? (option.name === "diagnose" || (option.name === "labeled-only" && unlabeled() > 0));
    values.set(option.name, input.checked);
  } else {
    input.value = values.get(option.name) ?? "";
    input.placeholder = option.usual ?? "";
    input.autocomplete = "off";
    input.spellcheck = false;
  }
  input.addEventListener("input", () => {
    values.set(option.name, option.isFlag ? input.checked : input.value);
    showDurations();
    if (option.name === "data") showOwn();
    showCommand();
  });
  if (option.name === "data") input.setAttribute("list", "data-sets");
  const help = html("small", "", isOwn ? t(`train.help.${option.name}`, { count: unlabeled() }) : option.help);
  help.id = `${id}-help`;
  // All else is the command line's own.
  if (!isOwn) help.lang = "en";
  input.setAttribute("aria-describedby", help.id);
  if (option.isFlag) {
    const check = html("label", "check", input, label.textContent);
    return html("div", "field", check, help);
  }
  return html("div", "field", label, input, help);
}

function choices() {
  find("tasks").replaceChildren(...tasks.map((name) => {
    const input = html("input", "");
    Object.assign(input, { type: "radio", name: "task", value: name, checked: name === task });
    input.addEventListener("change", () => choose(name));
    return html("label", "choice", input, html("b", "", t(`train.task.${name}`)), html("span", "", t(`train.about.${name}`)));
  }));
}

const named = (names) => names.map((name) => options.find((option) => option.name === name)).filter(Boolean);

/** How long it may take, as choices: what most people know is how much time they have. */
function showDurations() {
  const limit = options.find((option) => ["time", "minutes"].includes(option.name));
  find("long").hidden = !limit;
  if (!limit) return;
  const value = (minutes) => (minutes === null ? "" : `${limit.name === "time" ? minutes / 60 : minutes}`);
  const words = (minutes) => (minutes === null ? t("train.long.epochs")
    : minutes < 60 ? t("train.long.minutes", { count: minutes }) : t("train.long.hours", { count: minutes / 60 }));
  find("durations").replaceChildren(...[...DURATIONS, null].map((minutes) => {
    const chip = html("button", "chip", words(minutes));
    chip.type = "button";
    chip.setAttribute("aria-pressed", (values.get(limit.name) ?? "") === value(minutes));
    chip.addEventListener("click", () => {
      values.set(limit.name, value(minutes));
      showForm();
      find("durations").querySelector("[aria-pressed=true]").focus();
    });
    return chip;
  }));
}

function showOwn() {
  // That images have no labels is a question only where some have none.
  find("own").replaceChildren(...named(OWN).filter(({ name }) => name !== "labeled-only" || unlabeled() > 0).map(field));
}

function showForm() {
  showDurations();
  find("chief").replaceChildren(...named(CHIEF).map(field));
  showOwn();
  const others = options.filter((option) => !CHIEF.includes(option.name) && !OWN.includes(option.name));
  find("count").textContent = t("train.count", { count: others.length });
  const sections = [...new Set(others.map((option) => option.section))];
  find("sections").replaceChildren(...sections.map((section) => {
    const fields = others.filter((option) => option.section === section).map(field);
    const title = html("legend", "", section || t("train.other"));
    if (section) title.lang = "en";
    return html("fieldset", "", title, html("div", "fields", ...fields));
  }));
  showCommand();
}

/** What was entered for the options that the task has. */
function entered() {
  const known = options.filter((option) => {
    // Where all images have labels it changes nothing.
    if (option.name === "labeled-only" && !unlabeled()) return false;
    const value = values.get(option.name);
    return option.isFlag ? value === true : value?.trim();
  });
  return Object.fromEntries(known.map((option) => [option.name, values.get(option.name)]));
}

function quoted(text) { return /^[\w\-./=:,+@%]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`; }

function showCommand() {
  const words = Object.entries(entered()).map(([name, value]) => (value === true ? `--${name}` : `--${name} ${quoted(value.trim())}`));
  showAdvice();
  find("command").textContent = [`switchback ${task} train`, ...words].join(" \\\n  ");
}

const chosenSet = () => sets.find((one) => one.path === values.get("data")?.trim());

/** How many images of the chosen data set nobody has labelled. */
function unlabeled() {
  const set = chosenSet();
  return set ? set.images - set.labeled : 0;
}

/** Says where the data set is so small that a step of the usual size takes most of it. */
function showAdvice() {
  const set = chosenSet();
  const usual = Number(options.find((option) => option.name === "nbs")?.usual);
  const isChosen = values.get("batch")?.trim() || values.get("nbs")?.trim();
  find("advice").hidden = !set || !usual || isChosen || set.images >= FEW_STEPS * usual;
  if (!find("advice").hidden) {
    find("advice-words").textContent = t("train.few", { images: set.images, usual: usual, few: SMALL_STEP });
  }
}

function takeAdvice() {
  for (const name of ["batch", "nbs"]) values.set(name, SMALL_STEP);
  showForm();
  find("option-batch").focus();
}

async function choose(name) {
  try {
    const answer = await get(`/api/v1/trainings/options/${encodeURIComponent(name)}`);
    task = name;
    options = answer.options;
    showForm();
    succeeded();
    await suggestData();
  } catch (error) {
    failed(error);
  }
}

/** The data sets that suit a task, and their versions, to choose from. */
async function suggestData() {
  ({ sets } = await get("/api/v1/data"));
  const suitable = sets.filter((set) => set.images > 0 && set.kind === (task === "classify" ? "classes" : "yolo"));
  const versions = await Promise.all(suitable.map((set) => get(`${api(set.name)}/versions`)));
  const isVision = VISION.includes(task);
  const options = suitable.flatMap((set, index) => [
    [set.path, set.name], ...versions[index].versions.map((version) => [version.data, `${set.name} · ${version.name}`]),
  ]);
  if (task === "classify") options.push(["digits", t("home.digits")]);
  find("data-sets").replaceChildren(...(isVision ? options : []).map(([value, words]) => {
    const option = new Option(words, value);
    option.label = words;
    return option;
  }));
  // With one data set there is nothing to choose.
  if (isVision && suitable.length === 1 && !values.get("data")) {
    values.set("data", suitable[0].path);
  }
  showForm();
}

async function start(event) {
  event.preventDefault();
  if (options.some((option) => option.name === "data") && !values.get("data")?.trim()) {
    find("refusal").hidden = false;
    find("refusal").lastElementChild.textContent = t("train.noData");
    find("option-data").focus();
    return;
  }
  const button = find("start"), refusal = find("refusal");
  button.disabled = true;
  button.textContent = t("train.checking");
  refusal.hidden = true;
  try {
    const job = await ask("/api/v1/trainings", { task, options: entered() });
    location.href = `/runs#${encodeURIComponent(job.run)}`;
  } catch (error) {
    refusal.hidden = false;
    refusal.lastElementChild.textContent = error.message;
  }
  button.disabled = false;
  button.textContent = t("train.start");
}

async function showQueue() {
  try {
    const { jobs } = await get("/api/v1/jobs");
    const open = jobs.filter((job) => job.kind === "training" && isOpen(job));
    const state = JSON.stringify([open, document.documentElement.lang]);
    // What has not changed is left as it is, with the focus in it.
    if (state === shownQueue) return;
    shownQueue = state;
    find("queue").hidden = open.length === 0;
    find("jobs").replaceChildren(...open.reverse().map((job) => jobLine(job, showQueue, failed)));
  } catch (error) {
    failed(error);
  }
}

await startPage(() => {
  choices();
  showForm();
  showQueue();
});
try {
  tasks = (await get("/api/v1/trainings/tasks")).tasks;
  choices();
  await choose(task);
} catch (error) {
  failed(error);
}
find("form").addEventListener("submit", start);
find("follow").addEventListener("click", takeAdvice);
copies(find("copy"), () => find("command").textContent);
setInterval(() => { if (!document.hidden) showQueue(); }, SECONDS * 1000);
await showQueue();
