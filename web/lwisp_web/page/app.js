/** The page: a RAW file in, a picture out. */

import { Darkroom } from "./client.js";
import { Compare } from "./compare.js";
import { Settings } from "./settings.js";

/** @import { DevelopRequest, Finished } from "./darkroom.js" */

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const progress = /** @type {HTMLProgressElement} */ (element("progress"));
const picker = /** @type {HTMLInputElement} */ (element("file"));

const darkroom = new Darkroom((share) => (progress.value = share));
const compare = new Compare();
/** The file's name without its suffix; empty while none is open. */
let title = "";
/** Work is done one after another. @type {Promise<void>} */
let tail = Promise.resolve();
/** Whether the open file's picture is there. */
let isDeveloped = false;
/** Whether a development waits that will read the form when it begins. */
let isWaiting = false;

/**
 * Does work once what came before is done; what fails is shown.
 *
 * @param {string} text
 * @param {() => Promise<void>} work
 */
function enqueue(text, work) {
  tail = tail.then(async () => {
    showError("");
    element("status").textContent = text;
    progress.value = 0;
    progress.hidden = false;
    document.body.setAttribute("aria-busy", "true");
    await work().catch(fail);
    progress.hidden = true;
    document.body.removeAttribute("aria-busy");
  });
  return tail;
}

/** @param {unknown} error */
function fail(error) {
  element("status").textContent = "";
  showError(error instanceof Error ? error.message : String(error));
}

/** @param {string} text */
function showError(text) {
  element("error").textContent = text;
  element("error").hidden = !text;
}

/** @param {string} name @param {() => Promise<ArrayBuffer>} read */
async function openFile(name, read) {
  await enqueue(`Reading ${name} …`, async () => {
    await darkroom.open(await read());
    title = name.replace(/\.[^.]*$/, "");
    isDeveloped = false;
    develop();
  });
}

function develop() {
  if (isWaiting || !title) return;
  isWaiting = true;
  enqueue("Developing …", async () => {
    isWaiting = false;
    show(await darkroom.develop(settings.read()));
  });
}

function changeTone() {
  if (!isDeveloped) develop();
  else enqueue("Changing the tone …", async () => show(await darkroom.print(settings.read().tone)));
}

/** @param {Finished} finished */
function show(finished) {
  compare.show(finished);
  element("drop").hidden = true;
  element("actions").hidden = false;
  element("status").textContent = summary(finished);
  element("notes").replaceChildren(
    ...finished.notes.map((note) => Object.assign(document.createElement("li"), { textContent: note })),
  );
  isDeveloped = true;
}

/** @param {Finished} finished */
function summary({ after, run }) {
  const { time, totalMs, tiles, backend, threads } = run;
  const where = backend === "gpu" ? "GPU" : `CPU, ${threads} thread${threads === 1 ? "" : "s"}`;
  const parts = `model ${seconds(time.inferenceMs)}, loading ${seconds(time.compileMs)}, pre-processing ${seconds(time.prepareMs)}`;
  return (
    `${after.widthPx} × ${after.heightPx} px in ${seconds(totalMs)} (${parts}) on the ${where}` +
    (tiles > 1 ? `, in ${tiles} tiles.` : ".")
  );
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1000).toFixed(2)} s`;
}

async function savePng() {
  await enqueue("Writing the PNG …", async () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await darkroom.png());
    link.download = `${title}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    element("status").textContent = `Saved ${link.download}.`;
  });
}

async function openSample() {
  await openFile("sample.dng", async () => {
    const response = await fetch(new URL("sample.dng", import.meta.url));
    if (!response.ok) throw new Error(`The sample can't be loaded (${response.status}).`);
    return response.arrayBuffer();
  });
}

/** @param {File | undefined} file */
async function openChosen(file) {
  if (file) await openFile(file.name, () => file.arrayBuffer());
}

function acceptDrops() {
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("dragging");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    void openChosen(event.dataTransfer?.files[0]);
  });
}

/** The form; without it, what is wrong with the site is shown. */
async function loadSettings() {
  try {
    return await Settings.load();
  } catch (error) {
    fail(error);
    throw error;
  }
}

const settings = await loadSettings();
settings.listen({ onModel: develop, onTone: changeTone });
picker.addEventListener("change", async () => {
  await openChosen(picker.files?.[0]);
  picker.value = "";
});
element("other").addEventListener("click", () => picker.click());
element("sample").addEventListener("click", openSample);
element("save").addEventListener("click", savePng);
element("settings").addEventListener("submit", (event) => event.preventDefault());
acceptDrops();
document.documentElement.dataset.ready = "true";
