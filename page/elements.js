// Elements, words and pictures.
//
// Theory of operation.  Everything that a peer says - names, reasons, persons, texts of a document - reaches the screen
// by createTextNode alone, so no text is ever read as markup.  Characters that turn the direction of writing, and
// control characters, are replaced first: a name cannot turn the sentence around it.  Words come from catalogue.json;
// a text there may name facts in braces, and has one form for each plural of its language or for a number.

import { bytesOf } from "./connection.js";

const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
const SVG = "http://www.w3.org/2000/svg";
/** 1/2160 inch of a page for one unit of a picture. */
const SCALE = 20;
/** The height of a capital letter, in 1/2160 inch. */
const CAPITAL = 210;

let words = {};
let plurals = new Intl.PluralRules("en");
export let language = "en";
let zone;

/** Read the catalogue and choose a language of it. */
export async function loadWords(wanted) {
  const answer = await fetch("catalogue.json", { cache: "no-store" });
  const all = await answer.json();
  language = wanted.map((one) => one.split("-")[0]).find((one) => one in all) ?? "en";
  words = all[language];
  plurals = new Intl.PluralRules(language);
  document.documentElement.lang = language;
  return Object.keys(all);
}

/** Show times in this zone; empty for that of the browser. */
export function setZone(name) {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name || undefined });
    zone = name || undefined;
  } catch {
    zone = undefined;
  }
}

/** Whether the catalogue has a text of that name. */
export const has = (key) => key in words;

/** What stands behind the beginning of a key, in the order of the catalogue, where it is one word. */
export const keywords = (prefix) => Object.keys(words).filter((key) => key.startsWith(prefix) && !key.slice(prefix.length).includes(".")).map((key) => key.slice(prefix.length));

/** The text of that name with its facts; a fact named `n` chooses the plural. */
export function t(key, facts = {}) {
  let text = words[key] ?? key;
  if (typeof text === "object") text = text[facts.n] ?? text[plurals.select(facts.n ?? 0)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? harmless(facts[name]) : whole));
}

/** The text of a keyword, or the keyword itself where the catalogue is older than the appliance. */
export const tOr = (prefix, keyword, facts) => (has(prefix + keyword) ? t(prefix + keyword, facts) : harmless(keyword));

/** Text without characters that draw nothing or turn the direction of writing. */
export const harmless = (text) => String(text ?? "").replace(CONTROLS, "\ufffd");

/** The same text with a large first letter. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** An element with attributes, listeners (`onclick`), the property `.value` and children; text is only text. */
export function el(name, ...rest) {
  return filled(document.createElement(name), rest);
}

/** The same for an element of a picture. */
export function svg(name, ...rest) {
  return filled(document.createElementNS(SVG, name), rest);
}

function filled(element, rest) {
  const [first, ...others] = rest;
  const isPlain = first && typeof first === "object" && !(first instanceof Node) && !Array.isArray(first);
  for (const [key, value] of Object.entries(isPlain ? first : {})) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === ".value") element.value = value;
    else element.setAttribute(key, value === true ? "" : harmless(value));
  }
  for (const child of (isPlain ? others : rest).flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : document.createTextNode(harmless(child)));
  }
  return element;
}

/** Put children into an element in place of its own. */
export function fill(element, ...children) {
  const fresh = [...el("div", children).childNodes];
  return renewed(element, () => element.replaceChildren(...fresh));
}

/** What had the focus when the open dialog was asked for; the focus comes back to it. */
let asker = null;

/** Make children of an element anew; focus goes from a button to the new one that has its words, also after a dialog. */
export function renewed(element, make) {
  const had = element.contains(document.activeElement) ? document.activeElement.closest("button") : null;
  const waits = element.contains(asker) ? asker : null;
  const words = (button) => button.getAttribute("aria-label") ?? button.textContent;
  const heir = (button) => [...element.querySelectorAll("button")].find((one) => words(one) === words(button));
  make();
  if (had && !had.isConnected) heir(had)?.focus();
  if (waits && !waits.isConnected) asker = heir(waits) ?? null;
  return element;
}

/** Put an element in the place of an older one; what a person typed into its fields, and the focus in one, go to those of the same names. */
export function replace(old, fresh) {
  const had = document.activeElement;
  const known = fieldsOf(old);
  const heirs = fieldsOf(fresh);
  for (const [name, field] of known) {
    const heir = heirs.get(name);
    if (heir && field.type !== "file" && field.value) heir.value = field.value;
  }
  const focused = [...known].find(([, field]) => field === had);
  const heir = focused && heirs.get(focused[0]);
  const place = [had?.selectionStart ?? null, had?.selectionEnd ?? null];
  const opened = [...old.querySelectorAll("details[open] > summary")].map((one) => one.textContent);
  for (const one of fresh.querySelectorAll("details > summary")) one.parentElement.open = opened.includes(one.textContent);
  old.replaceWith(fresh);
  heir?.focus();
  if (heir && place[0] !== null) heir.setSelectionRange(...place);
}

/** The fields of an element by the words of their labels; fields of the same words are told apart by their order. */
function fieldsOf(element) {
  const found = new Map();
  for (const field of element.querySelectorAll("input, select")) {
    const words = field.closest("label")?.textContent ?? "";
    let name = words;
    for (let n = 2; found.has(name); n++) name = `${words} ${n}`;
    found.set(name, field);
  }
  return found;
}

/** A moment of the protocol in the branch's zone: time of day, with the date unless it is today. */
export function when(stamp) {
  const moment = new Date(stamp);
  if (!stamp || Number.isNaN(moment.getTime())) return harmless(stamp || "-");
  const day = (one) => one.toLocaleDateString(language, { timeZone: zone });
  const time = moment.toLocaleTimeString(language, { timeZone: zone, hour: "2-digit", minute: "2-digit", hour12: false });
  return day(moment) === day(new Date()) ? time : `${day(moment)} ${time}`;
}

/** The first or the last minute of a day of the branch's zone, as the protocol has moments: in UTC. */
export function momentOf(day, isEnd) {
  const local = Date.parse(`${day}T${isEnd ? "23:59" : "00:00"}Z`);
  // The clocks may be changed on that very day: then the hours before and after are different ones ahead of UTC.
  const possible = [-1, 1].map((days) => local - ahead(local + days * 86400000));
  const fitting = possible.filter((one) => one + ahead(one) === local);
  // A minute that the clocks leave out is the one after the gap; of one that comes twice the day has both.
  const moment = fitting.length && !isEnd ? Math.min(...fitting) : Math.max(...(fitting.length ? fitting : possible));
  return new Date(moment).toISOString().slice(0, 16);
}

/** How many milliseconds the clocks of the branch's zone are ahead of UTC at a moment. */
function ahead(moment) {
  const options = { timeZone: zone, year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", hourCycle: "h23" };
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en", options).formatToParts(moment).map((one) => [one.type, Number(one.value)]));
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute) - moment;
}

/** A length of time in the largest unit that it fills. */
export function span(seconds) {
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (seconds >= 2 * length) return t(`span.${unit}`, { n: Math.floor(seconds / length) });
  }
  return t("span.second", { n: Math.max(0, Math.round(seconds)) });
}

/** The beginning of a job's id, which people read. */
export const short = (job) => harmless(job).slice(0, 8);

/** A list of reasons in words. */
export const reasons = (job) =>
  job.reasons.filter((one) => one !== "job-hold-until-specified").map((one) => tOr("reason.", one)).join(t("and"));

/** "by Ann at till-1", with the second person. */
export function byWhom(who) {
  if (!who) return "";
  const operator = who.terminal === "@operator";
  const place = operator ? "by.operator" : "by.terminal";
  const first = t(who.person ? place : `${place}.unnamed`, who);
  return who.secondedBy ? t("by.second", { first, second: byWhom(who.secondedBy) }) : first;
}

let pointerPlace = "";
/** What lay under the pointer when it moved last; null after a wheel, when a person looks for a new place. */
let pointed = null;
let pressedLast = null;

for (const kind of ["pointermove", "pointerdown"]) {
  document.addEventListener(kind, ({ screenX, screenY, target }) => {
    // A browser also tells of moves when something else came to lie under a pointer at rest.
    const now = `${screenX} ${screenY}`;
    if (now !== pointerPlace) pointed = target;
    pointerPlace = now;
  }, true);
}
document.addEventListener("wheel", () => { pointed = null; }, { capture: true, passive: true });

/** Whether a click meets another button than the one at which its person pointed, or another than the first of two clicks met. */
function isUnseen(event, button) {
  const isElsewhere = pointed && !button.contains(pointed);
  return event.detail > 0 && (isElsewhere || (event.detail > 1 && pressedLast !== button));
}

/** A button that decides: Enter alone never presses it; the space bar and a click on what its person saw there do, else it says `moved`. */
export function answerButton(text, act, attributes = {}, moved = t("answer.moved")) {
  const press = (event) => {
    const refused = isUnseen(event, button);
    pointed = pressedLast = button;
    if (!refused) act(event);
    else if (button.closest("dialog")) fill(button.closest("dialog").querySelector(".trouble"), moved);
    else say(moved);
  };
  const button = el("button", { type: "button", class: "answer", ...attributes, onclick: press }, text);
  button.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  return button;
}

/** Ask in a dialog; `body` are its elements, `answers` pairs of a text and a deed, after which it closes unless the deed says true; it is busy until then. */
export function ask(title, body, answers) {
  const heading = el("h2", { tabindex: "-1", autofocus: true }, title);
  const trouble = el("p", { class: "trouble", role: "alert" });
  const dialog = el("dialog", { "aria-label": title });
  const leave = () => dialog.close();
  const deeds = answers.map(([text, deed, kind]) =>
    answerButton(text, async (event) => {
      event.target.disabled = true;
      dialog.isBusy = true;
      try {
        if (!(await deed())) leave();
        event.target.disabled = false;
      } catch (error) {
        // It closes while its deed is done where another person was quicker.
        if (dialog.open) fill(trouble, sentence(error));
        else say(sentence(error));
        event.target.disabled = false;
      } finally {
        dialog.isBusy = false;
      }
    }, { class: `answer ${kind ?? ""}` }),
  );
  dialog.append(el("article", heading, body, trouble,
    el("div", { class: "answers" }, deeds, el("button", { type: "button", class: "secondary", onclick: leave }, t("leave")))));
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (document.activeElement === document.body) asker?.focus();
  });
  asker = document.activeElement;
  document.getElementById("main").append(dialog);
  dialog.showModal();
  heading.focus();
  return dialog;
}

/** The sentence of an error: the page's own, else in the language of the person, else as the appliance said it. */
export function sentence(error) {
  const key = error.code && [`fault.${error.code}`, `error.${error.code}`].find(has);
  const text = key ? t(key, error.facts) : harmless(error.sentence ?? t("fault.page", { why: error.message }));
  // Everywhere else a person reads the beginning of a job's id, and times of the branch.
  return text.replace(/\b[0-9a-f]{32}\b/g, (job) => short(job)).replace(/\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)/g, (stamp) => when(stamp));
}

/** The problems in a status, as sentences in the language of the person where the page has them. */
export function problems(status) {
  return [...(status?.findings ?? []).map(finding), ...(status?.terminalFindings ?? []).map((one) => t("problem.terminal", { problem: finding(one) }))];
}

function finding({ code, sentence: said, facts }) {
  const { reason, side, since } = facts;
  const own = { ...facts, ...(reason && { condition: tOr("reason.", reason) }), ...(side && { side: tOr("side.", side) }), ...(since && { since: when(since) }) };
  return has(`error.${code}`) ? t(`error.${code}`, own) : harmless(said);
}

/** The storage areas of a status, each with its state in words. */
export function areas(status) {
  return Object.entries(status?.areaStates ?? {}).map(([area, state]) => t("printers.area-state", { area, state: tOr("area.", state) }));
}

/** Say something once, at the foot of the page and to a screen reader. */
export function say(text) {
  const place = document.getElementById("said");
  const line = el("p", text);
  place.replaceChildren(line);
  setTimeout(() => line.remove(), 8000);
}

/** A field that offers names and takes any other one. */
export function offeringField(key, names) {
  const id = `names-${key.replaceAll(".", "-")}`;
  const input = el("input", { type: "text", autocomplete: "off", maxlength: 128, list: id });
  return { input, label: el("label", t(key), input, el("datalist", { id }, names.map((one) => el("option", { value: one })))) };
}

let person = "";
/** A field for the name of the person who decides; it offers the last name, and no browser keeps it. */
export function nameField() {
  const input = el("input", { type: "text", autocomplete: "off", maxlength: 128, ".value": person });
  input.addEventListener("input", () => { person = input.value.trim(); });
  const label = el("label", t("person"), input);
  return { label, input, value: () => nameOf(input) };
}

function nameOf(input) {
  person = input.value.trim();
  if (person) return person;
  input.setAttribute("aria-invalid", "true");
  input.focus();
  throw Object.assign(new Error("person"), { sentence: t("fault.no-person") });
}

// Pictures

const USUAL = { page_width: 12586, cpi: 10, left_units: 255, pages: [1, 1], first_page: null, staggering: [] };
const USUAL_LINES = { first_y: 1620, pitch_units: 540, fold: null };

/** The measures of a page: those of its layout, or usual ones where that is not known. */
function measures(book, outline) {
  if (book) return book;
  const lines = Math.max(24, ...outline.map((one) => one.line));
  const low = USUAL_LINES.first_y + lines * USUAL_LINES.pitch_units;
  const bands = outline.map((one) => (one.band ? one.band[0] + one.band[1] + 1000 : 0));
  return { ...USUAL, usual_page: USUAL_LINES, page_height: Math.max(low, ...bands) };
}

/** The width of a cell in units of a picture: 16.7 and 17.1 are the names of 16 2/3 and 17 1/7. */
const cellWidth = (cpi) => 2160 / ({ 16.7: 50 / 3, 17.1: 120 / 7 }[cpi] ?? cpi) / SCALE;

/** Measures of the lines of one page, and how much lower than usual they lie. */
function linesOfPage(book, page) {
  const lines = book.first_page && page === book.pages[0] ? book.first_page : book.usual_page;
  const lower = book.staggering.length ? book.staggering[(page - book.pages[0]) % book.staggering.length] : 0;
  return { ...lines, lower };
}

function lineY(lines, line) {
  const gap = lines.fold && line > lines.fold.after ? lines.fold.gap_units : 0;
  return lines.first_y + lines.pitch_units * (line - 1) + gap + lines.lower;
}

/** The name of a page; `book` is 0 for a job of one book. */
const pageName = (book, page) => (book ? t("page.of-book", { book, page }) : t("page.number", { page }));

function frame(book, name, fold, label, marks, isWide) {
  const [width, height] = [book.page_width / SCALE || 620, book.page_height / SCALE];
  const right = isWide ? 130 : 12;
  const picture = svg("svg", { class: "page", role: "img", "aria-label": label, viewBox: `-52 -44 ${width + 52 + right} ${height + 56}` });
  picture.append(svg("text", { class: "number", x: 0, y: -14 }, name));
  picture.append(svg("rect", { class: "sheet", x: 0, y: 0, width, height, rx: 6 }));
  if (fold) {
    picture.append(svg("line", { class: "fold", x1: 0, x2: width, y1: fold / SCALE, y2: fold / SCALE }));
    picture.append(svg("text", { class: "fold-name", x: width - 8, y: fold / SCALE - 5, "text-anchor": "end" }, t("fold")));
  }
  picture.append(...marks);
  return picture;
}

function foldOf(lines) {
  if (!lines.fold) return 0;
  return lines.fold.at ?? (lineY(lines, lines.fold.after) + lineY(lines, lines.fold.last + 1)) / 2 - lines.lower;
}

/** The standings of lines in the order of a summary. */
const STANDINGS = ["on", "now", "doubt", "again", "left"];

/** Whether a job goes on in a new book: then its pages are counted anew, and each is named with its book. */
const hasBooks = (outline) => outline.some((one) => one.kind === "next-book");

/** The lines of an outline: number in the document, step, book from 1, and place. */
export function linesOf(outline) {
  let [number, book] = [0, 1];
  return outline.flatMap((one, at) => {
    if (one.kind === "next-book") book += 1;
    return one.line ? [{ number: ++number, step: at + 1, book, ...one }] : [];
  });
}

/** "lines 1 to 5 are on paper; line 6 is in doubt" */
export function summary(lines, standing) {
  const parts = STANDINGS.flatMap((one) => {
    const numbers = lines.filter((line) => standing(line.step) === one).map((line) => line.number);
    if (!numbers.length) return [];
    const [first, last] = [numbers[0], numbers.at(-1)];
    return [t(`standing.${one}.lines`, { n: numbers.length, first, last })];
  });
  return parts.join(t("semicolon")) + t("full-stop");
}

/** Pictures of the pages of an outline on their layout.  `standing` tells that of a step, `texts` the texts of each line. */
export function pictures(outline, layout, standing, texts) {
  const book = measures(layout, outline);
  const lines = linesOf(outline);
  const isNamed = hasBooks(outline);
  return [...Map.groupBy(lines, (line) => `${line.book} ${line.page}`).values()].map((own) => {
    const [{ book: number, page }] = own;
    const name = pageName(isNamed && number, page);
    const states = new Set(own.map((line) => standing(line.step)));
    const isWide = ["doubt", "again", "now"].some((one) => states.has(one));
    const label = `${name}: ${summary(own, standing)}`;
    const marks = own.flatMap((line) => marksOf(book, line, standing(line.step), texts?.[line.number - 1]));
    return { book: number, page, states, picture: frame(book, name, foldOf(linesOfPage(book, page)), label, marks, isWide) };
  });
}

function marksOf(book, line, state, texts) {
  const cell = cellWidth(book.cpi);
  const left = book.left_units / SCALE;
  const band = line.band;
  const y = band ? band[0] / SCALE : lineY(linesOfPage(book, line.page), line.line) / SCALE - 15;
  const height = band ? Math.max(3, band[1] / SCALE - 1) : 16;
  const marks = [];
  if (!band || line.line % 5 === 1) marks.push(svg("text", { class: "line-number", x: -8, y: y + 15, "text-anchor": "end" }, line.number));
  line.bars.forEach(([column, width], at) => {
    const x = left + (column - 1) * (band ? 10.8 : cell);
    const length = width * (band ? 10.8 : cell);
    const text = texts?.[at];
    // A letter that is wide takes two cells; a text that fits to neither is another one.
    if (text !== undefined && [width, width / 2].includes([...text].length)) {
      marks.push(svg("text", { class: `run ${state}`, x, y: y + 15, textLength: length, lengthAdjust: "spacingAndGlyphs" }, text));
    } else marks.push(svg("rect", { class: `bar ${state}`, x, y, width: length - 1, height, rx: 2 }));
  });
  if (["doubt", "again", "now"].includes(state)) {
    const [width] = [book.page_width / SCALE || 620];
    marks.push(svg("rect", { class: `mark ${state}`, x: 3, y: y - 4, width: width - 6, height: height + 8, rx: 4 }));
    marks.push(svg("text", { class: `named ${state}`, x: width + 8, y: y + 15 }, t(`standing.${state}`)));
  }
  return marks;
}

/** The pictures of pages as they are printed, with their texts. */
export function drawnPictures(pages) {
  const isNamed = pages.some((one) => one.book > 1);
  return pages.map((page) => drawnPicture(page, pageName(isNamed && page.book, page.number)));
}

function drawnPicture(page, name) {
  const book = { page_width: page.width, page_height: page.height };
  const marks = page.texts.map((one) => {
    const cell = cellWidth(one.cpi);
    const x = one.left / SCALE + (one.column - 1) * cell;
    return svg("text", { class: "run on", x, y: one.y / SCALE, textLength: Math.max(1, [...one.text].length * (one.wide ? 2 : 1) * cell), lengthAdjust: "spacingAndGlyphs" }, one.text);
  });
  for (const [line, y] of page.rules) {
    if (page.texts.some((one) => one.y === y) || page.dots.some((band) => standsOn(band, y))) marks.push(svg("text", { class: "line-number", x: -8, y: y / SCALE, "text-anchor": "end" }, line));
  }
  if (page.dots.length) marks.push(svg("path", { class: "dots", d: page.dots.map(dotsPath).join("") }));
  return frame(book, name, page.fold ?? 0, t("page.drawn", { page: name }), marks, false);
}

const rowsOf = (band) => Math.floor(atob(band.dots).length / Math.ceil(band.width / 8));

/** Whether a band of dots has the letters of the line with that base line. */
const standsOn = (band, y) => band.y < y && band.y + rowsOf(band) * band.down > y - CAPITAL;

function dotsPath(band) {
  const bytes = bytesOf(band.dots);
  const row = Math.ceil(band.width / 8);
  const [across, down] = [band.across / SCALE, band.down / SCALE];
  let path = "";
  for (let at = 0; at * row < bytes.length; at++) {
    for (let dot = 0; dot < band.width; dot++) {
      const isInk = (n) => n < band.width && (bytes[at * row + (n >> 3)] >> (7 - (n & 7))) & 1;
      if (!isInk(dot)) continue;
      const first = dot;
      while (isInk(dot + 1)) dot++;
      const [x, y, wide] = [band.x / SCALE + first * across, band.y / SCALE + at * down, (dot - first + 1) * across];
      path += `M${x.toFixed(2)} ${y.toFixed(2)}h${wide.toFixed(2)}v${down.toFixed(2)}h-${wide.toFixed(2)}z`;
    }
  }
  return path;
}
