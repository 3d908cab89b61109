// History, printers, terminals, and the wall: what is told of the branch.

import { areas, byWhom, el, fill, momentOf, problems, reasons, sentence, short, span, svg, t, tOr, when } from "./elements.js";
import { orderWords } from "./questions.js";
import { fedBy, printerWords, promptWords, row, waitingWords } from "./work.js";
import { bytesOf } from "./connection.js";

const GROUPS = ["outcome", "terminal", "hour", "waiting", "side"];
/** The parts of a bar of a summary, from left to right. */
const PARTS = ["completed", "canceled", "aborted"];
const OUTCOMES = ["completed", "canceled", "aborted", "discarded-by-answer", "closed-by-answer", "expired"];

/** The view of what happened. */
export class HistoryView {
  constructor(branch) {
    this.branch = branch;
    this.looks = false;
    this.entries = [];
    this.trouble = el("div", { role: "alert", class: "trouble" });
    this.found = el("div", { class: "wide" });
    this.plots = el("div", { class: "plots" });
    this.verified = el("div", { role: "status" });
    this.fields = {};
    const field = (name, input) => {
      this.fields[name] = input;
      return el("label", t(`history.${name}`), input);
    };
    const text = () => el("input", { type: "text", autocomplete: "off", maxlength: 128 });
    const search = el("section", { class: "grid search", "aria-label": t("history.search") },
      field("job", text()), field("requester", text()), branch.roles.has("representative") || branch.roles.has("auditor") ? field("person", text()) : null,
      field("outcome", el("select", ["", ...OUTCOMES].map((one) => el("option", { value: one }, one ? t(`outcome.${one}`) : t("history.any"))))),
      field("since", el("input", { type: "date" })), field("until", el("input", { type: "date" })),
      field("last", el("select", [50, 200, 1000].map((one) => el("option", { value: one }, one)))));
    search.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.tagName === "INPUT") this.search(); });
    const button = (key, deed, kind = "secondary") => el("button", { type: "button", class: kind, onclick: deed }, t(key));
    this.element = el("div", el("h1", t("view.history")), search,
      el("div", { class: "bar" }, button("history.find", () => this.search(), ""), button("history.summaries", () => this.summarize()),
        button("history.verify", () => this.verify()), button("history.csv", () => this.give("csv")), button("history.json", () => this.give("json"))),
      this.trouble, this.verified, this.plots, this.found);
  }

  update(change) {
    if (change === "all" && !this.asked) {
      this.asked = true;
      this.search();
    }
  }

  wanted() {
    const wanted = {};
    for (const [name, input] of Object.entries(this.fields)) {
      const value = input.value.trim();
      if (!value) continue;
      wanted[name] = name === "last" ? Number(value) : ["since", "until"].includes(name) ? momentOf(value, name === "until") : value;
    }
    return wanted;
  }

  async guarded(deed) {
    fill(this.trouble);
    try {
      await deed();
    } catch (error) {
      fill(this.trouble, el("p", sentence(error)));
    }
  }

  /** Ask for entries or a summary; an auditor gets whole entries, and the same columns are made of them. */
  async ask(wanted) {
    if (this.branch.may("Spooler.GetHistory")) return this.branch.command("Spooler.GetHistory", wanted);
    const { entries, summary } = await this.branch.command("Appliance.ListHistory", wanted);
    return { entries: entries.map(lineOf), summary };
  }

  search() {
    return this.guarded(async () => {
      const reply = await this.ask(this.wanted());
      this.entries = (reply.entries ?? []).toReversed();
      this.age = reply.age ?? 0;
      this.draw();
    });
  }

  draw() {
    const columns = ["at", "what", "job", "document", "date", "from", "printer", "sent", "lines", "side", "fed", "told"];
    const rows = this.entries.map((one) => row([when(one.at), tOr("kind.", one.kind), short(one.job.job), one.job.name || "-", one.job.documentDate || "-", one.job.requester,
      one.job.printer, when(one.job.acceptedAt), `${one.job.linesDone}/${one.job.lines}`, t(`keep.${one.job.choice?.keep ?? "appliance"}`), t(`side.${fedBy(one.job)}`), told(one)], columns, undefined));
    fill(this.found, this.age ? el("p", { class: "warning" }, t("history.age", { ago: span(this.age) })) : null,
      this.entries.length ? el("table", { class: "stack" }, el("caption", t("history.count", { n: rows.length })),
        el("thead", el("tr", columns.map((one) => el("th", { scope: "col" }, t(`column.${one}`))))), el("tbody", rows)) : el("p", { class: "empty" }, t("history.none")));
  }

  summarize() {
    return this.guarded(async () => {
      const wanted = { ...this.wanted(), last: undefined };
      const drawn = [];
      for (const group of GROUPS) {
        const { summary = [] } = await this.ask({ ...wanted, summary: group });
        drawn.push(plot(group, summary));
      }
      fill(this.plots, drawn);
    });
  }

  /** Compare the history with what this page was told earlier of it, and say what the chain is now. */
  verify() {
    return this.guarded(async () => {
      const known = this.heads ?? {};
      const entries = Object.fromEntries(Object.entries(known).map(([area, head]) => [area, head.entries]));
      const { now, then } = await this.branch.command("Spooler.GetHistoryHeads", { entries });
      const before = Object.fromEntries(then.map((one) => [one.area, one.chain]));
      const lines = now.map((one) => {
        const old = known[one.area];
        const broken = old && (one.entries < old.entries || (one.area in before && before[one.area] !== old.chain));
        const chain = [...bytesOf(one.chain)].slice(0, 6).map((byte) => byte.toString(16).padStart(2, "0")).join("");
        return el("li", { class: broken ? "bad" : "good" }, t(broken ? "verify.broken" : old ? "verify.same" : "verify.first", { area: one.area, n: one.entries, chain, since: old ? when(old.at) : "" }));
      });
      const at = new Date().toISOString();
      const merged = { ...known };
      for (const one of now) if (!(one.area in known) || one.entries >= known[one.area].entries) merged[one.area] = { ...one, at: known[one.area]?.at ?? at };
      if (!lines.some((one) => one.className === "bad")) this.heads = merged;
      const entriesToo = this.branch.may("Appliance.VerifyArea") ? await this.verifyAreas() : [el("li", { class: "plain" }, t("verify.explain"))];
      fill(this.verified, el("section", { class: "card" }, el("h2", t("verify.title")), el("ul", { class: "verified" }, lines, entriesToo)));
    });
  }

  /** Have every entry and record of each area checked; an area may take minutes. */
  async verifyAreas() {
    const { areas } = await this.branch.command("Appliance.ListAreas");
    const told = [];
    for (const { name } of areas) {
      fill(this.verified, el("p", t("verify.under-way", { area: name })));
      const looked = await this.branch.apart("Appliance.VerifyArea", { area: name }, 600000);
      told.push(looked.findings.length
        ? looked.findings.map((one) => el("li", { class: "bad" }, sentence({ code: one.code, sentence: one.sentence, facts: one.facts })))
        : el("li", { class: "good" }, t("verify.area", { area: name, n: looked.entries, unfinished: looked.unfinished, ended: looked.ended })));
    }
    return told;
  }

  give(kind) {
    const columns = ["at", "kind", "job", "name", "documentDate", "requester", "printer", "acceptedAt", "lines", "linesDone", "state", "keep", "fedBy", "verdict", "person", "terminal", "reasons"];
    const flat = this.entries.map((one) => ({ at: one.at, kind: one.kind, job: one.job.job, name: one.job.name, documentDate: one.job.documentDate, requester: one.job.requester, printer: one.job.printer,
      acceptedAt: one.job.acceptedAt, lines: one.job.lines, linesDone: one.job.linesDone, state: one.job.state, keep: one.job.choice?.keep ?? "appliance", fedBy: fedBy(one.job), verdict: one.answered?.verdict ?? "",
      person: one.answered?.person ?? "", terminal: one.answered?.terminal ?? "", reasons: one.job.reasons.join(" ") }));
    // Spreadsheets take a text for UTF-8 by its mark at the beginning.
    const text = kind === "json" ? JSON.stringify(this.entries, null, 1) : "\ufeff" + [columns.join(","), ...flat.map((one) => columns.map((name) => cell(one[name])).join(","))].join("\r\n") + "\r\n";
    const link = el("a", { href: URL.createObjectURL(new Blob([text], { type: kind === "json" ? "application/json" : "text/csv" })), download: `history.${kind}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
}

/** An entry as it lies in its area, in the columns of a terminal. */
function lineOf({ entry, name, documentDate }) {
  const { record, at, kind, chosen } = entry;
  const lines = record.onPaper?.lines ?? 0;
  const linesDone = record.onPaper?.confirmed ?? 0;
  const { answered, proposed, reprints, releasedBy } = record;
  return { at, kind, answered, proposed, reprints, releasedBy, chosen, job: { ...record, job: record.jobId, lines, linesDone, name, documentDate } };
}

/** A cell of CSV; one that a spreadsheet would read as a formula is made text. */
function cell(value) {
  const text = String(value ?? "");
  const safe = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A priority as it is, or the side of a copy in words. */
function choice(one, which) {
  return one.kind === "priority-set" ? one.chosen[which] : tOr("side.", one.chosen[which]);
}

function told(one) {
  const parts = [];
  if (one.kind === "released" && one.releasedBy) parts.push(t("told.released", { by: byWhom(one.releasedBy) }));
  else if (one.chosen) parts.push(t(`told.${one.kind}`, { by: byWhom(one.chosen.by), before: choice(one, "before"), now: choice(one, "now") }));
  else if (one.kind === "proposed" && one.proposed) parts.push(t("told.proposed", { order: orderWords(one.proposed, one.job), by: byWhom(one.proposed) }));
  else if (one.answered) parts.push(t("told.ordered", { order: orderWords(one.answered, one.job), by: byWhom(one.answered) }));
  const why = reasons(one.job);
  if (why && !one.answered) parts.unshift(t("told.why", { why }));
  if (one.kind === "ended") parts.unshift(t("told.state", { state: tOr("state.", one.job.state) }));
  if (one.job.moved) parts.push(t("send.moved", { why: tOr("reason.", one.job.moved) }));
  if (one.reprints) parts.push(t("told.reprints", { n: one.reprints }));
  return parts.join(" ");
}

/** The name of a group of a summary, in words and in the branch's zone. */
function groupName(group, name) {
  if (group === "hour") return when(`${name}Z`);
  if (group === "outcome") {
    const [state, ...why] = name.split(" ");
    return [tOr("state.", state), ...why.map((one) => `(${tOr("reason.", one.slice(1, -1))})`)].join(" ");
  }
  return group === "terminal" ? name : tOr("group.", name);
}

/** A summary as bars, with its figures as text. */
function plot(group, groups) {
  const summary = groups.map((one) => ({ ...one, group: groupName(group, one.group) }));
  const most = Math.max(1, ...summary.map((one) => one.jobs));
  const height = 26;
  const shown = summary.slice(-24);
  const bars = shown.flatMap((one, at) => {
    const y = at * height;
    let x = 150;
    const parts = PARTS.map((name) => {
      const width = (one[name] / most) * 300;
      const bar = svg("rect", { class: `plot-${name}`, x, y: y + 4, width, height: height - 8 });
      x += width;
      return bar;
    });
    const label = one.group.length > 18 ? `${one.group.slice(0, 17)}…` : one.group;
    return [svg("text", { x: 144, y: y + 18, "text-anchor": "end" }, label), ...parts, svg("text", { x: x + 6, y: y + 18 }, one.jobs)];
  });
  const title = t(`summary.${group}`);
  const columns = ["group", "jobs", "completed", "canceled", "aborted", "reprinted", "median", "worst"];
  const seconds = (value) => (value === null ? "-" : span(value));
  const rows = summary.map((one) => row([one.group, one.jobs, one.completed, one.canceled, one.aborted, one.reprinted, seconds(one.medianWaiting), seconds(one.worstWaiting)], columns, undefined));
  return el("section", { class: "card" }, el("h2", title), summary.length
    ? [svg("svg", { class: "plot", role: "img", "aria-label": title, viewBox: `0 0 500 ${Math.max(1, shown.length) * height}` }, bars),
      el("p", { class: "legend" }, PARTS.map((one) => [el("span", { class: `key plot-${one}`, "aria-hidden": "true" }), el("span", t(`column.${one}`))])),
      el("details", el("summary", t("summary.figures")), el("div", { class: "wide" }, el("table", { class: "stack" }, el("thead", el("tr", columns.map((one) => el("th", { scope: "col" }, t(`column.${one}`))))), el("tbody", rows))))]
    : el("p", { class: "empty" }, t("history.none")));
}

/** The view of printers, stock and areas. */
export class PrintersView {
  constructor(branch) {
    this.branch = branch;
    this.readings = new Map();
    this.cards = el("div", { class: "cards" });
    this.areas = el("div");
    this.element = el("div", el("h1", t("view.printers")), this.cards, this.areas);
  }

  update(change) {
    if (!["all", "status", "reading"].includes(change)) return;
    const { status } = this.branch;
    if (!status) return;
    const mark = JSON.stringify([status.printers.map((one) => [one.printer, one.status, one.jobs, Math.floor(one.age / 10)]), status.problems, status.areas, [...this.readings]]);
    if (mark === this.mark) return;
    this.mark = mark;
    const told = problems(status);
    fill(this.cards, status.printers.map((one) => this.card(one)), told.length
      ? el("article", { class: "card" }, el("h2", t("printers.problems")), el("ul", { class: "warning" }, told.map((one) => el("li", one)))) : null);
    const read = [...this.readings.values()].at(-1)?.areas;
    fill(this.areas, el("h2", t("printers.areas")), read ? read.map(areaLine) : el("ul", areas(status).map((one) => el("li", one))));
  }

  card(view) {
    const reading = this.readings.get(view.printer);
    const counts = Object.entries(view.jobs).map(([name, n]) => t(`printers.jobs.${name}`, { n })).join(t("semicolon"));
    return el("article", { class: "card" }, el("h2", view.printer), el("p", printerWords(view)), todo(view), el("p", counts + t("full-stop")),
      reading?.fault ? el("p", { class: "trouble", role: "alert" }, reading.fault) : null, reading?.at ? figures(reading) : null,
      this.branch.may("Spooler.GetEnvironment") && el("button", { type: "button", class: "secondary", disabled: Boolean(reading?.waits), onclick: () => this.read(view.printer) }, t(reading?.waits ? "printers.waits" : "printers.read")));
  }

  async read(printer) {
    const before = this.readings.get(printer) ?? {};
    this.readings.set(printer, { ...before, waits: true, fault: "" });
    this.update("reading");
    try {
      this.readings.set(printer, await this.branch.apart("Spooler.GetEnvironment", { printer }, 305000));
    } catch (error) {
      this.readings.set(printer, { ...before, waits: false, fault: sentence(error) });
    }
    this.update("reading");
  }
}

function todo(view) {
  const all = view.status.conditions.filter((one) => one).map((one) => tOr("todo.", one));
  return all.length ? el("ul", { class: "warning" }, all.map((one) => el("li", one))) : null;
}

function areaLine(area) {
  const used = Math.round(100 * (1 - area.free / Math.max(1, area.quota)));
  const label = t("printers.area", { area: area.name, percent: used, n: area.jobs, state: tOr("area.", area.state) });
  return el("div", { class: "area" }, el("p", label), el("meter", { min: 0, max: 100, low: 70, high: 90, optimum: 10, value: used, "aria-label": label }));
}

function figures(reading) {
  const columns = ["count", "books", "pages", "printed-lines"];
  const rows = ["printed", "pending", "held"].map((one) => row([t(`printers.${one}`), reading[one].books, reading[one].pages, reading[one].lines], columns, undefined));
  const stock = (reading.stock ?? []).map((one) => el("li", { class: one.level === "enough" ? "" : "warning" }, t("printers.stock", { n: one.left, form: one.form, cassette: one.cassette, level: tOr("level.", one.level), next: one.next || "-" })));
  const needed = (reading.needed ?? []).map((one) => el("li", t("printers.needed", { form: one.form, pending: one.pending, held: one.held, n: one.pending + one.held })));
  return [el("table", { class: "stack" }, el("caption", t("printers.at", { when: when(reading.at) })), el("thead", el("tr", columns.map((one) => el("th", { scope: "col" }, t(`column.${one}`))))), el("tbody", rows)),
    el("p", tOr("place.", reading.status.media)), reading.stock === null ? el("p", t("printers.no-stock")) : null, stock.length || needed.length ? el("ul", stock, needed) : null];
}

/** The view of terminals (F3). */
export class TerminalsView {
  constructor(branch) {
    this.branch = branch;
    this.table = el("div", { class: "wide" });
    this.element = el("div", el("h1", t("view.terminals")), this.table);
  }

  async update(change) {
    if (!["all", "status"].includes(change) || this.branch.state !== "ready") return;
    const { terminals } = await this.branch.command("Spooler.ListTerminals").catch(() => ({}));
    if (!terminals) return;
    const columns = ["terminal", "connected", "heard", "questions", "stopped", "waiting", "representative"];
    const rows = terminals.map((one) => row([one.terminal, one.connections ? t("yes") : t("no"), one.heardAt ? t("terminals.ago", { when: when(one.heardAt), ago: span(one.silent) }) : t("terminals.never"),
      one.questions, one.held, one.pending, t(one.representative ? "yes" : "no")], columns, undefined));
    fill(this.table, el("table", { class: "stack" }, el("caption", t("terminals.count", { n: terminals.length })), el("thead", el("tr", columns.map((one) => el("th", { scope: "col" }, t(`column.${one}`))))), el("tbody", rows)));
  }
}

/** The wall: large, without content, without orders. */
export class WallView {
  constructor(branch) {
    this.branch = branch;
    this.board = el("div", { class: "wall" });
    this.element = el("div", el("h1", t("view.wall")), this.board);
  }

  update() {
    const { status, jobs, prompts } = this.branch;
    if (!status) return;
    const all = [...jobs.values()];
    const questions = status.jobs.questions;
    const mark = JSON.stringify([status.jobs, status.printers.map((one) => [one.status, one.jobs]), all.map((job) => [job.job, job.state, job.linesDone, job.waiting]), [...prompts.keys()]]);
    if (mark === this.mark) return;
    this.mark = mark;
    fill(this.board, el("p", { class: questions ? "big urgent" : "big" }, t("wall.questions", { n: questions })),
      el("p", { class: "big" }, t("wall.jobs", { n: status.jobs.pending + status.jobs.processing })),
      status.printers.map((view) => {
        const own = all.filter((job) => job.printer === view.printer).slice(0, 8);
        const prompt = prompts.get(view.printer);
        return el("article", { class: "card" }, el("h2", view.printer), el("p", printerWords(view)), prompt ? el("p", { class: "prompt" }, promptWords(prompt, this.branch)) : null,
          el("ul", own.map((job) => el("li", t("wall.job", { job: short(job.job), requester: job.requester, done: job.linesDone, n: job.lines }), " ", waitingWords(job)))));
      }));
  }
}
