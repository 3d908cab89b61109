// Questions: a card for each stopped job, with the picture of its pages and answers as sentences.
//
// Theory of operation.  An answer belongs to the question that its person read: a card carries the epoch and the step in
// doubt with which it was drawn, also after later events, and a new epoch is a new card (P7).  A confirmation closes with its
// card, and no order goes out whose question is another one by then.  No answer is a default:
// focus is never put on one, Enter presses none, and what cannot be taken back is asked once more, with what it loses.

import { answerButton, ask, byWhom, capital, el, fill, has, keywords, linesOf, nameField, offeringField, pictures, reasons, renewed, replace, say, sentence, short, span, summary, t, tOr, when } from "./elements.js";
import { TERMINAL_STATES, bytesOf } from "./connection.js";

const SETTLED = new Set(["stale-question", "already-answered", "unknown-job"]);
const OPENS_PAGE = ["turn", "next-sheet", "next-book"];
const OVER_PAPER = ["storage-rolled-back", "book-over-known-lines", "book-content-repeated", "book-gap"];
const APART = ["terminal-silent", "appliance-silent", "not-spooled", "store-copied"];

let ringFile = null;

/** Fields for the key ring: its file and passphrase.  The file is read when it is needed, and nothing is kept of it. */
export function ringFields() {
  const file = el("input", { type: "file" });
  const passphrase = el("input", { type: "password", autocomplete: "off" });
  const known = el("small");
  const tell = () => fill(known, ringFile ? t("ring.chosen", { name: ringFile.name }) : t("ring.none"));
  file.addEventListener("change", () => {
    ringFile = file.files[0] ?? ringFile;
    tell();
  });
  tell();
  const box = el("fieldset", { class: "ring" }, el("legend", t("ring")),
    el("div", { class: "identity" }, el("label", t("ring.file"), file), el("label", t("ring.passphrase"), passphrase)), known);
  const open = (order) => openRing(order, passphrase).catch((error) => {
    // A browser tells no change of a field whose file is chosen once more.
    if (!ringFile) file.value = "";
    tell();
    throw error;
  });
  return { box, open };
}

/** Have a worker open the ring for one deed, and end the worker. */
async function openRing(order, passphrase) {
  if (!ringFile) throw Object.assign(new Error("no ring"), { code: "no-ring" });
  let ring;
  try {
    ring = await ringFile.slice(0, 1 << 20).arrayBuffer();
  } catch {
    ringFile = null;
    throw Object.assign(new Error("ring changed"), { code: "ring-unreadable" });
  }
  const worker = new Worker("keys.js", { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => (data.fault ? reject(Object.assign(new Error(data.fault), { code: data.fault, facts: data.facts })) : resolve(data.done));
      worker.onerror = () => reject(Object.assign(new Error("worker"), { code: "ring-unreadable" }));
      worker.postMessage({ ...order, ring, passphrase: passphrase.value }, [ring]);
    });
  } finally {
    worker.terminate();
    passphrase.value = "";
  }
}

// Rules of a question, as the other terminals have them

const furthest = (question) => Math.max(question.inDoubt, question.job.confirmed, question.sentBefore);

function unconfirmed(question) {
  const others = question.linesInDoubt - 1;
  if (others <= 0) return [];
  const sent = Math.max(question.inDoubt, question.job.confirmed);
  return linesOf(question.outline).map((one) => one.step).filter((step) => step <= sent && step !== question.inDoubt).slice(-others);
}

/** The standing of each step of a question. */
export function standingOf(question) {
  const doubted = new Set([question.inDoubt, ...unconfirmed(question)]);
  return (step) => {
    if (doubted.has(step)) return "doubt";
    if (step <= question.job.confirmed) return "on";
    return step <= question.sentBefore ? "again" : "left";
  };
}

/** The step from which a job goes on at a line of its document; one past the last line says that all are on paper. */
function stepOfLine(question, number) {
  const lines = linesOf(question.outline);
  const sent = furthest(question);
  if (number > lines.length) return Math.max(lines.at(-1)?.step ?? 0, sent) + 1;
  let step = lines[number - 1].step;
  while (step > sent + 1 && OPENS_PAGE.includes(question.outline[step - 2].kind)) step -= 1;
  return step;
}

/** What a question says and does: with another mark it is not the one that its person read. */
const markOf = ({ job, proposed, inDoubt, linesInDoubt, sentBefore, readable }) =>
  JSON.stringify([job.job, job.epoch, job.heldBy, job.confirmed, job.contentGone, job.reasons, job.book?.reason, job.right, job.lent, proposed, inDoubt, linesInDoubt, sentBefore, readable]);

/** What became of a question that somebody decides about just now, as a sentence. */
function newsOf(branch, id) {
  const question = branch.questions.get(id);
  if (!question) return closedWords(branch.closed.get(id) ?? {}, branch.name);
  if (question.job.heldBy) return t("warn.held", { by: byWhom(question.job.heldBy) });
  return question.proposed ? proposedWords(question) : t("answer.anew");
}

/** Refuse an order whose question is closed, held, or another one by now. */
function mustStand(branch, question) {
  const { job } = question.job;
  const now = branch.questions.get(job);
  if (now && markOf(now) === markOf(question)) return;
  throw Object.assign(new Error("overtaken"), { sentence: `${t("answer.overtaken")} ${newsOf(branch, job)}` });
}

/** Close a confirmation whose question is not the one that its person read any more, and say what came between. */
function leave(dialog, news) {
  if (!dialog?.open || !dialog.isConnected) return;
  dialog.close();
  // An order that is on its way says itself what became of it.
  if (!dialog.isBusy) say(`${t("answer.overtaken")} ${news}`);
}

/** An order that waits for a second person, as a sentence. */
function proposedWords({ job, proposed }, about = "question.proposed") {
  return t(about, { order: orderWords(proposed, job), by: byWhom(proposed), where: secondPlace(job) });
}

/** How a question was closed, as a sentence for a person at the terminal `here`. */
function closedWords({ question, job }, here) {
  if (!job) return t("closed.away");
  if (job.heldBy) return t("closed.held", { by: byWhom(job.heldBy) });
  const last = job.answered?.epoch === question.job.epoch ? job.answered : null;
  if (!last) return t("closed.state", { state: tOr("state.", job.state) });
  return t(last.terminal === here ? "closed.here" : "closed.by", { by: byWhom(last), order: orderWords(last, job), when: when(last.at) });
}

const isElsewhere = (question) => question.job.right !== "here";
const takesClaim = (question) => isElsewhere(question) && question.job.reasons.some((one) => APART.includes(one));

/** The lines that an order prints once more: those that are on paper, and those of which nobody knows it. */
function linesAgain(question, order) {
  if (!["print", "resume"].includes(order.verdict)) return { certain: [], perhaps: [] };
  const standing = standingOf(question);
  const again = linesOf(question.outline).filter((line) => line.step >= order.step);
  return { certain: again.filter((line) => standing(line.step) === "on"), perhaps: again.filter((line) => ["doubt", "again"].includes(standing(line.step))) };
}

/** Whether the appliance takes an order from two people only; `takes_two` of passbook/job/reprinting.py is the rule. */
function takesTwo(question, order) {
  const { job } = question;
  const isEnd = order.verdict === "discard" || (order.verdict === "resume" && order.step > job.steps);
  if ((job.lent && isEnd) || order.verdict === "new-book") return true;
  if (isEnd || order.verdict === "hold") return false;
  return takesClaim(question) || job.reasons.some((one) => OVER_PAPER.includes(one)) || linesAgain(question, order).certain.length > 0;
}

/** Whether an order is asked once more.  One that goes on at a line is the word of a person who looked at the lines before. */
function isGrave(question, order) {
  if (order.verdict === "hold") return false;
  if (order.verdict === "discard" || objectionOf(question) || takesTwo(question, order)) return true;
  return order.verdict === "print" && question.job.begun;
}

/** Whether an order at this terminal is the second one that a proposed order waits for. */
function seconds({ job, proposed }, order, here) {
  if (!proposed || (here && proposed.terminal === here && job.side !== "terminal")) return false;
  // Both "all of it" and "from the first step" print the whole.
  const plain = ({ verdict, step }) => (verdict !== "resume" ? verdict : step === 1 ? "print" : step);
  return plain(order) === plain(proposed);
}

/** What the memory of its book says against an untouched update; null where people are asked for another reason. */
function objectionOf({ job }) {
  return !job.begun && job.book && job.reasons.includes(job.book.reason) ? job.book : null;
}

/** Whether the order to print takes one person, who looks at the book: what the memory knows does not speak against it. */
const takesOne = (book) => book.reason === "book-not-known";

/** Where a book stands, and by which job, as a sentence; empty where that is not known. */
export function standsWords(book) {
  if (!book.place) return "";
  const [page, line] = book.place;
  const key = book.isFull ? (book.mayBeMore ? "book.full-unless" : "book.full") : book.mayBeMore ? "book.at-least" : "book.at";
  const stands = t(key, { page, line }) + (book.mayBeLess && !book.isFull ? t("book.less") : "");
  return book.job ? t("book.left", { stands, job: short(book.job), when: when(book.at) }) : t("book.stands", { stands });
}

/** Where an update is to be sent again, behind a verb. */
function againWords(book) {
  if (book.mayBeMore || !book.place) return t("book.again.behind");
  return book.isFull ? t("book.again.new") : t("book.again.at", { page: book.place[0], line: book.place[1] });
}

/** After an update was discarded that did not fit to its book: where to send it again; empty for another job. */
export function discardedWords(job) {
  const { book } = job;
  if (!book?.place || job.state !== "canceled" || book.isOverruled) return "";
  return `${standsWords(book)} ${t(bookKey("book.discarded", book), { again: againWords(book) })}`;
}

const bookKey = (key, book) => (has(`${key}.${book.reason}`) ? `${key}.${book.reason}` : key);

/** The possible orders, the likely ones first: text, verdict, step, and what it does. */
function orders(question) {
  const lines = linesOf(question.outline);
  if (question.job.format === "message") return [...whole(question, lines)];
  const standing = standingOf(question);
  const total = lines.length;
  const resume = (number, key) => ({
    verdict: "resume", step: stepOfLine(question, number), line: number,
    text: t(key, { n: total - number + 1, line: number, before: number - 1 }),
  });
  const found = [];
  if (!question.job.contentGone) {
    for (const one of lines.filter((line) => standing(line.step) === "doubt")) found.push(resume(one.number, "answer.line-missing"));
    const again = lines.filter((line) => standing(line.step) === "again");
    if (again.length) found.push(resume(again[0].number, "answer.line-missing"));
    const next = 1 + lines.filter((line) => line.step <= furthest(question)).length;
    if (next <= total && question.job.begun) {
      const before = question.outline[lines[next - 1].step - 2]?.kind;
      const doubts = lines.some((line) => standing(line.step) === "doubt" || standing(line.step) === "again");
      found.push(resume(next, before === "next-book" ? "answer.new-book" : doubts ? "answer.line-there" : "answer.go-on"));
    }
  }
  if (total && lines.at(-1).step <= furthest(question) && question.job.begun) found.push({ verdict: "resume", step: stepOfLine(question, total + 1), line: total + 1, text: t("answer.all-there", { n: total }) });
  return [...found, ...whole(question, lines)];
}

function* whole(question, lines) {
  const { begun, contentGone, format } = question.job;
  const book = objectionOf(question);
  if (book && !contentGone) {
    const [{ page, line }] = lines;
    const facts = { n: lines.length, page, line, again: againWords(book) };
    // Each verdict for which the catalogue has words is an answer to such a question.
    for (const verdict of keywords("book.answer.")) {
      yield { verdict, step: 0, text: t(bookKey(`book.answer.${verdict}`, book), facts), kind: verdict === "discard" ? "grave" : "" };
    }
    return;
  }
  if (!contentGone) {
    const key = format === "message" ? "answer.relay" : begun ? "answer.print-again" : "answer.print";
    yield { verdict: "print", step: 0, text: t(key, { n: lines.length }) };
  }
  const left = lines.filter((line) => line.step > furthest(question)).length;
  yield { verdict: "discard", step: 0, text: t("answer.discard", { n: left }), kind: "grave" };
  yield { verdict: "hold", step: 0, text: t("answer.hold") };
}

/** What an order loses or prints twice, and who must order it too, as sentences of the confirmation. */
function losses(question, order, here) {
  const lines = linesOf(question.outline);
  const told = [];
  if (order.verdict === "discard") {
    const left = lines.filter((line) => line.step > furthest(question));
    told.push(left.length ? t("loss.unprinted", { n: left.length, first: left[0].number, last: left.at(-1).number }) : t("loss.document"));
    told.push(t("loss.erased"));
    if (question.inDoubt) told.push(t("loss.doubt"));
  } else {
    const { certain, perhaps } = linesAgain(question, order);
    const book = objectionOf(question);
    const facts = (some) => ({ n: some.length, first: some[0].number, last: some.at(-1).number });
    if (certain.length) told.push(t("loss.twice", facts(certain)));
    if (perhaps.length) told.push(t("loss.perhaps", facts(perhaps)));
    if (takesClaim(question)) told.push(t("loss.claim"));
    if (book) {
      const key = order.verdict === "print" ? `book.loss.${book.reason}` : `book.loss.${order.verdict}`;
      if (has(key)) told.push(t(key, { page: lines[0].page, line: lines[0].line }));
    }
  }
  if (takesTwo(question, order) && !seconds(question, order, here)) told.push(t("loss.second", { where: secondPlace(question.job) }));
  return told.map((one) => el("p", one));
}

const secondPlace = (job) => t(job.side === "terminal" ? "second.name" : "second.terminal");

const needsKey = (question, verdict) => !["discard", "hold"].includes(verdict) && !question.readable && !question.job.contentGone;

/** The words for the medium of a job. */
export const mediumOf = (job) => t(["text", "form", "pdf"].includes(job.format) ? "medium.sheet" : "medium.book");

/** Whether a job may go to a substitute: it waits, nothing of it is in doubt, and its document and print right are here. */
export function mayMove(branch, job) {
  const isAsked = !job.valid && !job.heldBy && job.reasons.includes("substitute-ready") && (!job.begun || job.reasons.length === 1);
  const waits = isAsked || (job.valid && job.state === "pending");
  const isHere = job.side === "appliance" && job.right === "here" && job.choice?.keep !== "terminal";
  return branch.may("Spooler.MoveJob") && waits && isHere && !job.sending && !job.contentGone;
}

/** Ask for the substitute to which a job shall go, and send it there with the line that its person saw. */
export function askMove(branch, job) {
  const others = (branch.status?.printers ?? []).map((one) => one.printer).filter((one) => one !== job.printer);
  const goal = offeringField("move.to", others);
  if (others.length === 1) goal.input.value = others[0];
  const name = nameField();
  const line = job.linesDone + 1;
  const facts = { job: short(job.job), requester: job.requester, printer: job.printer, line, n: Math.max(0, job.lines - job.linesDone) };
  return ask(t("move.title", facts), [el("p", t(job.begun ? "move.does.begun" : "move.does", facts)), el("p", t("move.which")), goal.label, name.label], [[t("move.yes"), async () => {
    const person = name.value();
    const to = goal.input.value.trim();
    if (!to) throw Object.assign(new Error("goal"), { sentence: t("fault.no-goal") });
    const there = await branch.command("Spooler.MoveJob", { job: job.job, to, person, ...(job.begun ? { fromLine: line } : {}) });
    branch.takeJob(there);
    say(t("move.done", { ...facts, to, there: short(there.job) }));
    branch.changed("question");
  }]]);
}

// Cards

class Card {
  constructor(branch, question) {
    this.branch = branch;
    this.question = question;
    this.texts = null;
    this.element = el("article", { class: "card question", id: `question-${short(question.job.job)}`, "aria-labelledby": `q-${question.job.job}` });
    this.trouble = el("div", { role: "alert", class: "trouble" });
    this.since = el("p", { class: "why" });
    this.medium = el("p");
    this.others = el("p");
    this.wasOut = false;
    this.draw();
  }

  /** Say what changes while a question stays the same: its age, the medium, and who else is asked. */
  tell() {
    const { job } = this.question;
    const age = Math.max(0, (Date.now() - new Date(job.changedAt).getTime()) / 1000);
    const told = [[this.since, t("question.since", { when: when(job.changedAt), ago: span(age), why: reasons(job) || t("question.unknown") })],
      [this.medium, this.lies()], [this.others, this.asked()]];
    for (const [place, text] of told) if (place.textContent !== text) place.textContent = text;
  }

  /** Where the medium is: as the printer says now, else as it was when the job stopped. */
  lies() {
    const { question, branch } = this;
    const { job } = question;
    const view = branch.status?.printers.find((one) => one.printer === job.printer && one.age >= 0);
    const media = view?.status.media ?? question.media;
    // A medium that was taken out is the job's own no more, and what lies there later may be another one.
    const isOut = media === "notPresent";
    this.wasOut ||= isOut || question.media === "notPresent";
    const isOthers = [...branch.jobs.values()].some((one) => one.printer === job.printer && one.state === "processing");
    const medium = isOut || (job.begun && !this.wasOut && !isOthers) ? mediumOf(job) : t("medium.any");
    const said = tOr("media.", media, { medium, printer: job.printer });
    return view?.age > 20 ? `${said} ${t("printer.age", { ago: span(view.age) })}` : said;
  }

  draw() {
    const { question, branch } = this;
    const { job } = question;
    this.name = nameField();
    const order = orders(question);
    this.ring = order.some((one) => needsKey(question, one.verdict)) || branch.may("Spooler.GetSealed") ? ringFields() : null;
    this.tell();
    fill(this.element,
      el("header",
        el("h2", { id: `q-${job.job}` }, t("question.title", { job: short(job.job), requester: job.requester, printer: job.printer })),
        this.since,
        job.name || job.documentDate ? el("p", t("question.document", { name: job.name || "-", date: job.documentDate || "-" })) : null),
      el("div", { class: "split" }, this.picture(), el("div", this.facts(), this.form(order))),
    );
  }

  picture() {
    const { question } = this;
    if (!linesOf(question.outline).length) return el("div", this.mail());
    const drawn = pictures(question.outline, this.branch.layouts.get(question.job.layout), standingOf(question), this.texts);
    const shown = drawn.filter(({ states }) => states.size > 1 || states.has("doubt") || states.has("again"));
    const next = drawn.findIndex(({ states }) => states.has("left"));
    // Where a turn or a change is in doubt, the page before it is looked at too.
    if (!shown.length) shown.push(...drawn.slice(Math.max(0, next - Boolean(question.inDoubt)), Math.max(0, next) + 1));
    const rest = drawn.filter((one) => !shown.includes(one));
    return el("figure", { class: "pages" }, shown.map((one) => one.picture),
      rest.length ? el("details", el("summary", t("page.others", { n: rest.length })), rest.map((one) => one.picture)) : null,
      el("figcaption", legend()));
  }

  mail() {
    const { mail } = this.question.job;
    if (!mail) return null;
    return [el("p", t("mail.of", { sender: mail.sender || "-" })),
      el("ul", mail.recipients.map((one) => el("li", t(`mail.${one.delivery}`, one), one.reply ? ` (${one.reply})` : "")))];
  }

  facts() {
    const { question } = this;
    const { job } = question;
    const standing = standingOf(question);
    const told = [];
    const lines = linesOf(question.outline);
    if (lines.length) told.push(el("p", { class: "summary" }, capital(summary(lines, standing))));
    const step = question.outline[question.inDoubt - 1];
    if (step && !step.line) told.push(el("p", { class: "summary" }, tOr("doubt.", step.kind, { page: step.page })));
    told.push(this.medium, this.others);
    if (job.reasons.includes("storage-rolled-back")) told.push(el("p", { class: "warning" }, t("warn.rolled-back")));
    if (lines.some((line) => standing(line.step) === "again")) told.push(el("p", { class: "warning" }, t("warn.again")));
    if (isElsewhere(question)) told.push(el("p", { class: "warning" }, t(takesClaim(question) ? "warn.claim" : "warn.elsewhere", { requester: job.requester })));
    told.push(...this.bookFacts());
    if (job.contentGone) told.push(el("p", { class: "warning" }, t("warn.gone")));
    if (job.heldBy) told.push(el("p", { class: "warning" }, t("warn.held", { by: byWhom(job.heldBy) })));
    const before = question.answered;
    if (before) told.push(el("p", t("question.before", { order: orderWords(before, job), by: byWhom(before), when: when(before.at) })));
    const { proposed } = question;
    const about = objectionOf(question) ? "book.proposed" : "question.proposed";
    if (proposed) told.push(el("p", { class: "warning" }, proposedWords(question, about)));
    return told;
  }

  /** What the memory of its book says, and where the update would go. */
  bookFacts() {
    const book = objectionOf(this.question);
    const [first] = linesOf(this.question.outline);
    if (!book || !first) return [];
    const told = [standsWords(book), t("book.this", { page: first.page, line: first.line })];
    if (book.mayBeMore || takesOne(book)) told.push(t("book.away"));
    if (takesOne(book)) told.push(t("book.look"));
    return [el("p", { class: "warning" }, told.filter(Boolean).join(" "))];
  }

  asked() {
    const { requester, heldBy } = this.question.job;
    if (heldBy) return "";
    const { name, status } = this.branch;
    if (requester === name) return t("asked.you");
    if (requester.startsWith("@") || requester.includes(":")) return t("asked.representatives");
    return t(status?.terminals.includes(requester) ? "asked.connected" : "asked.away", { requester });
  }

  form(order) {
    const { question, branch } = this;
    if (!branch.may("Recovery.AnswerQuestion") || question.job.heldBy) return null;
    const { proposed } = question;
    const buttons = [];
    const same = proposed && { verdict: proposed.verdict, step: proposed.verdict === "resume" ? proposed.step : 0, text: t("answer.confirm", { order: orderWords(proposed, question.job), by: proposed.person }) };
    if (same && seconds(question, same, branch.name)) buttons.push(answerButton(same.text, () => this.choose(same)));
    if (question.job.reasons.includes("substitute-ready") && mayMove(branch, question.job)) {
      buttons.push(answerButton(t("answer.move"), () => { this.dialog = askMove(branch, question.job); }));
    }
    buttons.push(...order.map((one) => answerButton(one.text, () => this.choose(one), { class: `answer ${one.kind ?? ""}` })));
    return el("div", { class: "form" }, this.name.label, this.ring?.box, this.textButton(), this.trouble,
      el("h3", t("question.how")), el("p", { class: "hint" }, t("question.hint")), el("div", { class: "answers" }, buttons), this.otherLine(), this.rekeying());
  }

  /** Draw texts in place of bars, or bars again where there are none. */
  drawTexts(texts) {
    this.texts = texts;
    this.draw();
    this.element.querySelector("button.texts")?.focus();
  }

  textButton() {
    const button = (key, act) => el("button", { type: "button", class: "secondary texts", onclick: act }, t(key));
    if (this.texts) return button("question.hide-text", () => this.drawTexts(null));
    if (!this.branch.may("Spooler.GetSealed") || this.question.job.contentGone || !this.question.job.keyRef) return null;
    return button("question.show-text", (event) => this.guarded(event.target, () => this.showTexts()));
  }

  /** What a representative does about a key that is lost: the page answers with the key that the job has. */
  rekeying() {
    const { job } = this.question;
    if (!this.branch.roles.has("representative") || job.requester === this.branch.name || !job.keyRef || job.contentGone) return null;
    const order = job.begun ? "--from-line N" : "--print";
    return el("details", el("summary", t("rekey.title")), el("p", t("rekey.how", { key: job.keyRef, requester: job.requester })),
      el("p", el("code", `teller answer ${short(job.job)} ${order} --new-key ${t("rekey.name")} --person ${t("rekey.person")}`)));
  }

  otherLine() {
    const { question } = this;
    const lines = linesOf(question.outline).filter((line) => line.step <= furthest(question));
    if (lines.length < 2 || question.job.contentGone) return null;
    const total = linesOf(question.outline).length;
    const pick = el("select", lines.map((line) => el("option", { value: line.number }, line.number)));
    const choose = () => {
      const number = Number(pick.value);
      return this.choose({ verdict: "resume", step: stepOfLine(question, number), line: number, text: t("answer.go-on", { line: number, n: total - number + 1 }) });
    };
    return el("details", el("summary", t("answer.other")), el("label", t("answer.other-line"), pick), answerButton(t("answer.other-do"), choose));
  }

  /** Open the content by a key of the ring: the sealed copy here, or for a representative the document by its key. */
  async showTexts() {
    const { job } = this.question;
    const isOwn = job.requester === this.branch.name;
    const copy = await this.branch.command("Spooler.GetSealed", { job: job.job }).catch((error) => {
      if (isOwn || error.code !== "not-permitted") throw error;
      return null;
    });
    this.drawTexts(copy ? await this.ring.open({ deed: "texts", copy, keyRef: job.keyRef }) : await this.textsByDocument());
  }

  async textsByDocument() {
    const { job, outline } = this.question;
    const person = this.name.value();
    const { document, format } = await this.branch.command("Spooler.GetDocument", { job: job.job, person, ...(await this.keyOf()) });
    const start = job.format.startsWith("passbook") ? { start: startOf(outline, this.branch.layouts.get(job.layout)) } : {};
    const request = { printer: job.printer, format, layout: job.layout, ...start };
    const placed = await this.branch.apart("Spooler.CheckDocument", request, undefined, bytesOf(document));
    return textsOf(placed);
  }

  /** The field of an answer with the key that opens this job. */
  async keyOf() {
    const { job, identity, wraps } = this.question;
    const keys = await this.ring.open({ deed: "answer", questions: [{ job: job.job, keyRef: job.keyRef, identity, wraps }] });
    const found = keys[job.job];
    if (found.fault) throw Object.assign(new Error(found.fault), { code: found.fault, facts: { job: job.job, key_ref: job.keyRef } });
    return found;
  }

  /** Do a deed of a button; what fails is told beside it. */
  async guarded(button, deed) {
    // Whoever presses twice orders once.
    if (this.element.hasAttribute("aria-busy")) return;
    fill(this.trouble);
    this.element.setAttribute("aria-busy", "true");
    if (button) button.disabled = true;
    try {
      await deed();
    } catch (error) {
      fill(this.trouble, el("p", sentence(error)));
      // A card that another one took the place of shows nothing any more.
      if (!this.element.isConnected) say(sentence(error));
    } finally {
      this.element.removeAttribute("aria-busy");
      if (button) button.disabled = false;
    }
  }

  choose(order) {
    let person;
    try {
      person = this.name.value();
    } catch (error) {
      fill(this.trouble, el("p", sentence(error)));
      return;
    }
    if (!isGrave(this.question, order)) {
      this.guarded(null, () => this.send(order, person));
      return;
    }
    this.dialog = ask(t("confirm.title"), [el("p", el("strong", order.text)), losses(this.question, order, this.branch.name)],
      [[t("confirm.yes", { order: order.text }), () => this.send(order, person), "grave"]]);
  }

  /** Ask no more about a question that is closed, or another one by now. */
  leave() {
    leave(this.dialog, newsOf(this.branch, this.question.job.job));
  }

  async send(order, person) {
    const { question } = this;
    const { job } = question;
    const answer = { job: job.job, epoch: job.epoch, verdict: order.verdict, person, step: order.step, inDoubt: question.inDoubt };
    if (job.side !== "appliance") answer.side = job.side;
    if (needsKey(question, order.verdict)) Object.assign(answer, await this.keyOf());
    mustStand(this.branch, question);
    try {
      const result = await this.branch.command("Recovery.AnswerQuestion", answer);
      this.taken(result, order, person);
    } catch (error) {
      if (SETTLED.has(error.code)) this.branch.changed("question");
      throw error;
    }
  }

  taken(result, order, person) {
    const { question } = this;
    const waits = order.verdict !== "hold" && !result.valid && result.epoch === question.job.epoch && !TERMINAL_STATES.has(result.state);
    this.branch.takeJob(result);
    if (waits) {
      say(t("answer.waits", { person, where: secondPlace(result) }));
      return;
    }
    this.branch.close(result);
    say(`${t("answer.taken", { job: short(result.job), order: order.text })} ${discardedWords(result)}`);
    this.branch.changed("question");
  }
}

/** The place at which a job was begun, as a document names it: with a full book it is behind the last line. */
function startOf(outline, layout) {
  const [first] = linesOf(outline);
  if (first?.book > 1 && layout) return { page: layout.pages[1] + 1, line: 1 };
  return first ? { page: first.page, line: first.line } : null;
}

/** For each line of a placed document its texts from left to right; a line of dots has none. */
function textsOf({ outline, pages }) {
  const rows = new Map(pages.map((page) => [`${page.book} ${page.number}`, [...Map.groupBy(page.texts, (one) => one.y).values()]]));
  return linesOf(outline).map((line) => (line.band ? [] : (rows.get(`${line.book} ${line.page}`)?.shift() ?? []).map((one) => one.text)));
}

function legend() {
  return el("span", { class: "legend" }, ["on", "doubt", "left"].map((one) => [el("span", { class: `key ${one}`, "aria-hidden": "true" }), el("span", t(`standing.${one}`))]));
}

/** An order of an answer in words. */
export function orderWords(answered, job) {
  if (answered.verdict !== "resume") return t(`order.${answered.verdict}`);
  if (answered.step >= job.steps) return t(answered.step > job.steps ? "order.all" : "order.eject");
  return t("order.line", { line: answered.line || "?" });
}

// The view

/** The view of open questions, answered ones and notices. */
export class QuestionsView {
  constructor(branch) {
    this.branch = branch;
    this.cards = new Map();
    this.seen = new Set();
    this.many = el("div");
    // A book that is printed in part comes first: a customer waits for it.
    this.begun = el("div", { class: "cards" });
    this.open = el("div", { class: "cards" });
    this.done = el("div", { class: "cards" });
    this.ends = el("section");
    this.none = el("p", { class: "empty" });
    this.element = el("div", el("h1", t("view.questions")), this.none, this.begun, this.many, this.open, this.done, this.ends);
  }

  update(change) {
    const { branch } = this;
    if (change === "Spooler.StepEvent") return;
    if (change === "status") {
      for (const card of this.cards.values()) card.tell();
      return;
    }
    for (const [job, card] of this.cards) {
      if (!branch.questions.has(job)) {
        card.leave();
        card.element.remove();
        this.cards.delete(job);
      }
    }
    const sorted = [...branch.questions.values()].sort((one, other) => one.job.changedAt.localeCompare(other.job.changedAt));
    for (const question of sorted) {
      const { job } = question;
      const mark = markOf(question);
      const card = this.cards.get(job.job);
      if (card && markOf(card.question) === mark) {
        card.tell();
        continue;
      }
      const fresh = new Card(branch, question);
      card?.leave();
      if (card?.question.job.epoch === job.epoch) replace(card.element, fresh.element);
      else if (card) card.element.replaceWith(fresh.element);
      else (job.begun ? this.begun : this.open).append(fresh.element);
      this.cards.set(job.job, fresh);
    }
    fill(this.none, branch.questions.size ? "" : t("questions.none"));
    this.drawMany(sorted);
    this.drawClosed();
    this.drawEnds();
  }

  drawMany(sorted) {
    const { branch } = this;
    const groups = new Map();
    for (const one of sorted.filter((question) => !question.job.begun && !question.job.heldBy && question.asked)) {
      groups.set(one.job.requester, [...(groups.get(one.job.requester) ?? []), one]);
    }
    const several = [...groups].filter(([, all]) => all.length > 1);
    const mark = JSON.stringify(several.map(([who, all]) => [who, all.map(markOf)]));
    if (mark === this.manyMark || !branch.may("Recovery.AnswerQuestion")) return;
    this.manyMark = mark;
    leave(this.manyDialog, t("answer.anew"));
    const before = this.many;
    this.many = el("div", several.map(([who, all]) => this.manyCard(who, all)));
    renewed(this.element, () => replace(before, this.many));
  }

  manyCard(requester, all) {
    const trouble = el("div", { role: "alert", class: "trouble" });
    const name = nameField();
    const ring = all.some((one) => needsKey(one, "print")) ? ringFields() : null;
    const lines = all.reduce((sum, one) => sum + one.job.lines, 0);
    const books = all.filter((one) => objectionOf(one) && !takesOne(one.job.book)).length;
    const order = (verdict) => answerButton(t(`many.${verdict}`, { n: all.length, lines }), async () => {
      fill(trouble);
      try {
        const person = name.value();
        const send = () => this.answerMany(verdict, all, person, ring);
        if (verdict === "discard") this.manyDialog = ask(t("confirm.title"), [el("p", t("many.loss", { n: all.length, lines }))], [[t("many.discard", { n: all.length, lines }), send, "grave"]]);
        else await send();
      } catch (error) {
        fill(trouble, el("p", sentence(error)));
        if (!trouble.isConnected) say(sentence(error));
      }
    }, { class: `answer ${verdict === "discard" ? "grave" : ""}` });
    return el("article", { class: "card many" }, el("h2", t("many.title", { n: all.length, requester })),
      el("p", t("many.explain")), books ? el("p", { class: "warning" }, t("many.books", { n: books })) : null, name.label, ring?.box, trouble, el("div", { class: "answers" }, ["print", "discard", "hold"].map(order)));
  }

  /** Answer the questions that the person saw, each with its epoch: `Recovery.AnswerAll` would take held and newer jobs too. */
  async answerMany(verdict, all, person, ring) {
    const locked = all.filter((one) => needsKey(one, verdict));
    const found = locked.length && ring ? await ring.open({ deed: "answer", questions: locked.map(({ job, identity, wraps }) => ({ job: job.job, keyRef: job.keyRef, identity, wraps })) }) : {};
    const failed = [];
    for (const question of all) {
      const { job, inDoubt } = question;
      const { fault, ...key } = found[job.job] ?? {};
      const answer = { job: job.job, epoch: job.epoch, verdict, person, step: 0, inDoubt, ...key };
      if (job.side !== "appliance") answer.side = job.side;
      try {
        mustStand(this.branch, question);
        await this.branch.command("Recovery.AnswerQuestion", answer);
      } catch (error) {
        failed.push(fault ? { code: fault, facts: { key_ref: job.keyRef } } : error);
      }
    }
    if (failed.length) throw Object.assign(new Error("some"), { sentence: t("many.failed", { n: failed.length, why: sentence(failed[0]) }) });
    say(t("many.done", { n: all.length }));
  }

  drawClosed() {
    const all = [...this.branch.closed.values()].sort((one, other) => other.at - one.at).slice(0, 20);
    const mark = JSON.stringify(all.map(({ job, at }) => [job?.job, job?.state, at]));
    if (mark === this.closedMark) return;
    this.closedMark = mark;
    fill(this.done, all.map(({ question, job }) => this.closedCard(question, job)));
  }

  closedCard(question, job) {
    const drop = () => {
      this.branch.closed.delete(question.job.job);
      this.drawClosed();
    };
    return el("article", { class: "card closed" }, el("h2", t("closed.title", { job: short(question.job.job), requester: question.job.requester })),
      el("p", closedWords({ question, job }, this.branch.name)), job && discardedWords(job) ? el("p", { class: "warning" }, discardedWords(job)) : null,
      el("button", { type: "button", class: "secondary", onclick: drop }, t("closed.drop")));
  }

  drawEnds() {
    const all = [...this.branch.notices.values()];
    const mark = JSON.stringify(all.map((one) => [one.job.job, one.acknowledged]));
    if (mark === this.endsMark) return;
    this.endsMark = mark;
    if (!all.length) {
      fill(this.ends);
      return;
    }
    const trouble = el("div", { role: "alert", class: "trouble" });
    const note = async (jobs, button) => {
      button.disabled = true;
      try {
        for (const job of jobs) {
          await this.branch.command("Spooler.AcknowledgeNotice", { job });
          this.branch.notices.delete(job);
        }
        this.drawEnds();
      } catch (error) {
        fill(trouble, el("p", sentence(error)));
        button.disabled = false;
      }
    };
    const may = this.branch.may("Spooler.AcknowledgeNotice");
    const rows = all.slice(0, 100).map((one) => el("li", { class: "notice" }, el("span", endWords(one)),
      may ? el("button", { type: "button", class: "secondary small", onclick: (event) => note([one.job.job], event.target), "aria-label": `${t("notice.read")} ${short(one.job.job)}` }, t("notice.read")) : null));
    fill(this.ends, el("h2", t("notice.title", { n: all.length })), trouble, el("ul", { class: "notices" }, rows),
      may && all.length > 1 ? el("button", { type: "button", class: "secondary", onclick: (event) => note(all.slice(0, 100).map((one) => one.job.job), event.target) }, t("notice.read-all", { n: Math.min(100, all.length) })) : null);
  }
}

/** The end of a job in sentences. */
function endWords({ job, onPaper }) {
  const facts = { job: short(job.job), requester: job.requester, printer: job.printer, why: reasons(job), by: byWhom(job.answered) };
  const parts = [t(`end.${job.state}`, facts)];
  if (onPaper) {
    parts.push(t("end.lines", { n: onPaper.lines, done: onPaper.confirmed - onPaper.unsure }));
    if (onPaper.inDoubt || onPaper.unsure) parts.push(t("end.doubt", { line: onPaper.inDoubt || onPaper.confirmed }));
    if (onPaper.again) parts.push(t("end.again", { line: onPaper.again }));
  }
  if (job.reasons.includes("storage-rolled-back")) parts.push(t("warn.rolled-back"));
  parts.push(discardedWords(job));
  return parts.filter(Boolean).join(" ");
}

