// Now: what prints, and the queue.  Send: a document, shown on its page before it goes.

import { answerButton, areas, ask, byWhom, capital, drawnPictures, el, fill, linesOf, nameField, offeringField, pictures, problems, renewed, say, sentence, short, span, summary, t, tOr, when } from "./elements.js";
import { askMove, mayMove, mediumOf, ringFields, standsWords } from "./questions.js";
import { randomName } from "./connection.js";

/** Bytes of the largest document that is taken. */
const LARGEST = 1024 * 1024;
/** The priority of a document for which a person chose no other. */
const USUAL_PRIORITY = 50;

const tooLarge = (size) => t("fault.too-large", { size: Math.ceil(size / 1024), most: LARGEST / 1024 });

/** Why a job waits, in one sentence. */
export function waitingWords(job) {
  if (job.movedTo) return t("waits.moved", { to: job.movedTo.split(" ")[0] });
  const { waiting } = job;
  if (!waiting) return job.state === "processing" ? t("waits.printing") : "";
  const reason = waiting.reason ? tOr("reason.", waiting.reason) : t("question.unknown");
  const facts = { n: waiting.ahead, printer: job.printer, requester: job.requester, page: waiting.page, other: short(waiting.job), reason, medium: mediumOf(job), by: byWhom(job.heldBy) };
  return tOr("waits.", waiting.why, facts);
}

/** What a person shall do with a book, as a sentence. */
export function promptWords(prompt, branch) {
  const job = branch.jobs.get(prompt.job) ?? branch.notices.get(prompt.job)?.job;
  const kind = branch.layouts.get(prompt.layout || job?.layout)?.kind;
  const medium = t(kind === "passbook" ? "medium.book" : kind ? "medium.sheet" : "medium.any");
  const { printer, page, form, number, cassette, book, books } = prompt;
  const facts = { printer, page, medium, form, number, cassette, book, books, n: page };
  const isInsert = prompt.action === "insert";
  if (form && isInsert) return t("prompt.form", facts);
  if (isInsert && kind && kind !== "passbook") return t("prompt.sheet", facts);
  if (books && isInsert) return t(prompt.isNewBook ? "prompt.new-book" : "prompt.book", facts);
  return tOr("prompt.", prompt.isNewBook && prompt.action === "take" ? "take-full" : prompt.action, facts);
}

/** What a mechanism said of itself, as a sentence. */
export function printerWords({ status, age }) {
  if (age < 0) return t("printer.never");
  const conditions = status.conditions.map((one) => tOr("reason.", one));
  const parts = [tOr("device.", status.device), status.device === "online" ? tOr("place.", status.media) : "", ...conditions].filter(Boolean);
  const cause = status.cause ? ` (${status.cause})` : "";
  return parts.join(t("semicolon")) + cause + t("full-stop") + (age > 20 ? ` ${t("printer.age", { ago: span(age) })}` : "");
}

/** The columns of the queue. */
const COLUMNS = ["job", "document", "date", "from", "printer", "sent", "fed", "lines", "priority", "state"];

/** The side whose copy feeds the printer. */
export const fedBy = (job) => job.fed?.by ?? job.choice?.feed ?? "appliance";

/** The view of what happens now. */
export class NowView {
  constructor(branch) {
    this.branch = branch;
    this.printers = new Map();
    this.cards = el("div", { class: "cards" });
    this.queue = el("div", { class: "wide" });
    this.table = null;
    this.problems = el("div");
    this.element = el("div", el("h1", t("view.now")), this.problems, this.cards, el("h2", t("now.queue")), this.queue);
  }

  update(change) {
    if (change !== "Spooler.StepEvent") this.drawQueue();
    this.drawPrinters();
    const told = problems(this.branch.status);
    fill(this.problems, told.length ? el("ul", { class: "warning" }, told.map((one) => el("li", one))) : null);
  }

  drawPrinters() {
    const { status, prompts, jobs } = this.branch;
    for (const view of status?.printers ?? []) {
      const prompt = prompts.get(view.printer);
      const job = [...jobs.values()].find((one) => one.printer === view.printer && (one.state === "processing" || (one.state === "processing-stopped" && one.valid)));
      const outline = job ? this.branch.outline(job.job) : null;
      const mark = JSON.stringify([view.status, Math.floor(view.age / 10), prompt?.job, prompt?.action, prompt?.page, prompt?.book, prompt?.isNewBook, job?.job, job?.confirmed, job?.sending, job?.state, Boolean(outline)]);
      const known = this.printers.get(view.printer);
      if (known?.mark === mark) continue;
      const fresh = this.printerCard(view, prompt, job, outline);
      if (known) known.element.replaceWith(fresh);
      else this.cards.append(fresh);
      this.printers.set(view.printer, { mark, element: fresh });
    }
  }

  printerCard(view, prompt, job, outline) {
    const prompted = prompt ? el("p", { class: "prompt", role: "status" }, promptWords(prompt, this.branch), prompt.job ? ` (${short(prompt.job)})` : "") : null;
    return el("article", { class: "card" }, el("h2", view.printer), el("p", printerWords(view)), prompted, job ? this.progress(job, outline) : el("p", t("now.idle")));
  }

  progress(job, outline) {
    const told = [el("p", t("now.job", { job: short(job.job), requester: job.requester, done: job.linesDone, n: job.lines })),
      el("progress", { max: job.lines || 1, value: job.linesDone, "aria-label": t("now.progress") })];
    if (!outline) return told;
    const standing = (step) => (step <= job.confirmed ? "on" : step === job.sending ? "now" : "left");
    const drawn = pictures(outline, this.branch.layouts.get(job.layout), standing);
    const reached = Math.max(job.confirmed, job.sending, 1);
    const lines = linesOf(outline);
    // A turn and a new book belong to the line behind them.
    const line = lines.find((one) => one.step >= reached) ?? lines.at(-1);
    const shown = drawn.find((one) => one.book === line?.book && one.page === line.page);
    return [...told, shown ? el("figure", { class: "pages" }, shown.picture) : null, el("p", { class: "summary" }, capital(summary(lines, standing)))];
  }

  drawQueue() {
    const all = [...this.branch.jobs.values()].sort((one, other) => one.sequence - other.sequence);
    if (all.length) {
      this.drawRows(all);
      return;
    }
    this.table = null;
    fill(this.queue, el("p", { class: "empty" }, t("now.none")));
  }

  /** Draw the jobs of which something has changed; with many in the queue most rows stay as they are. */
  drawRows(all) {
    if (!this.table) {
      this.table = { caption: el("caption"), body: el("tbody"), rows: new Map() };
      const head = el("tr", COLUMNS.map((one) => el("th", { scope: "col" }, t(`column.${one}`))), el("th", { scope: "col" }, el("span", { class: "hidden" }, t("column.orders"))));
      fill(this.queue, el("table", { class: "stack" }, this.table.caption, el("thead", head), this.table.body));
    }
    const { caption, body, rows } = this.table;
    const told = t("now.count", { n: all.length });
    if (caption.textContent !== told) fill(caption, told);
    const shown = new Map(all.slice(0, 200).map((job) => [job.job, job]));
    const rights = [...this.branch.commands, ...this.branch.roles].join();
    const markOf = (job) => JSON.stringify([job, when(job.acceptedAt), rights]);
    renewed(body, () => {
      for (const [job, known] of rows) {
        if (shown.has(job) && markOf(shown.get(job)) === known.mark) continue;
        known.element.remove();
        rows.delete(job);
      }
      let place = body.firstChild;
      for (const [id, job] of shown) {
        const known = rows.get(id);
        if (known) place = known.element.nextSibling;
        else {
          const element = this.jobRow(job);
          body.insertBefore(element, place);
          rows.set(id, { mark: markOf(job), element });
        }
      }
    });
  }

  jobRow(job) {
    return row([short(job.job), job.name || "-", job.documentDate || "-", job.requester, job.printer, when(job.acceptedAt),
      t(`side.${fedBy(job)}`), `${job.linesDone}/${job.lines}`, job.priority, [tOr("state.", job.state), " ", el("small", waitingWords(job))]], COLUMNS, this.orders(job));
  }

  orders(job) {
    const { branch } = this;
    const isOwn = !branch.name || job.requester === branch.name || branch.roles.has("representative");
    const buttons = [];
    const isSealed = job.keyRef && !job.contentGone && job.state !== "processing";
    const add = (key, deed) => buttons.push(el("button", { type: "button", class: "secondary small", onclick: deed, "aria-label": `${t(key)} ${short(job.job)}` }, t(key)));
    if (isSealed && branch.may("Spooler.GetSealed")) add("order.look", () => this.look(job));
    if (!isOwn || !branch.may("Spooler.CancelJob")) return buttons.length ? el("div", { class: "row-orders" }, buttons) : null;
    if (job.heldBy) add("order.release", () => this.order(job, "Spooler.ReleaseJob", "release"));
    else if (job.state !== "processing") add("order.holding", () => this.order(job, "Spooler.HoldJob", "holding"));
    add("order.cancel", () => this.order(job, "Spooler.CancelJob", "cancel"));
    if (job.choice?.keep === "both" && ["pending", "pending-held"].includes(job.state)) add("order.feed", () => this.feed(job));
    if (isSealed && job.requester === branch.name && job.choice?.keep !== "terminal" && branch.may("Spooler.GrantPreview")) add("order.grant", () => this.grant(job));
    if (mayMove(branch, job)) add("order.move", () => askMove(branch, job));
    if (branch.may("Spooler.SetPriority") && (job.state === "pending" || !job.valid)) add("order.priority", () => this.priority(job));
    return el("div", { class: "row-orders" }, buttons);
  }

  order(job, command, word, more = {}, body = null) {
    const name = nameField();
    const left = Math.max(0, job.lines - job.linesDone);
    const facts = { job: short(job.job), requester: job.requester, n: left, done: job.linesDone };
    ask(t(`ask.${word}`, facts), [el("p", t(`ask.${word}.does`, facts)), body, name.label], [[t(`ask.${word}.yes`, facts), async () => {
      const person = name.value();
      const given = typeof more === "function" ? more() : more;
      const result = await this.branch.command(command, { job: job.job, person, ...given });
      if (result.job) this.branch.takeJob(result);
      say(t(`ask.${word}.done`, { ...facts, ...given, key: job.keyRef }));
      this.branch.changed("Spooler.JobEvent");
    }, word === "cancel" ? "grave" : ""]]);
  }

  /** Fetch the sealed content and have a worker open it; the pages go with the dialog. */
  look(job) {
    const ring = ringFields();
    const pages = el("figure", { class: "pages", tabindex: "-1" });
    const isOthers = job.requester !== this.branch.name;
    ask(t("look.title", { job: short(job.job), requester: job.requester }), [el("p", t(isOthers ? "look.others" : "look.does", { key: job.keyRef })), ring.box, pages], [[t("look.yes"), async () => {
      const copy = await this.branch.command("Spooler.GetSealed", { job: job.job });
      const opened = await ring.open({ deed: "pages", copy, job: job.job });
      const width = copy.book?.page_height === copy.height ? copy.book.page_width : 0;
      fill(pages, drawnPictures(opened.map((one) => ({ ...one, width }))));
      pages.focus();
      return true;
    }]]);
  }

  grant(job) {
    const others = (this.branch.status?.terminals ?? []).filter((one) => one !== job.requester);
    const field = offeringField("grant.terminal", others);
    this.order(job, "Spooler.GrantPreview", "grant", () => ({ terminal: field.input.value.trim() }), field.label);
  }

  feed(job) {
    const other = fedBy(job) === "terminal" ? "appliance" : "terminal";
    this.order(job, "Spooler.SetFeed", `feed-${other}`, { feed: other });
  }

  priority(job) {
    const field = el("input", { type: "number", min: 1, max: 100, step: 1, ".value": job.priority });
    this.order(job, "Spooler.SetPriority", "priority", () => ({ priority: Number(field.value) }), el("label", t("column.priority"), field));
  }
}

/** A row of a table that becomes a list on a narrow screen. */
export function row(cells, columns, last) {
  const filled = cells.map((cell, at) => el(at ? "td" : "th", at ? { "data-name": t(`column.${columns[at]}`) } : { scope: "row", "data-name": t(`column.${columns[at]}`) }, cell));
  return el("tr", filled, last === undefined ? null : el("td", last));
}

/** The view to send a document. */
export class SendView {
  constructor(branch) {
    this.branch = branch;
    this.checked = null;
    this.checks = 0;
    this.element = el("div");
    this.build();
  }

  build() {
    const field = (name, input, hint) => {
      this[name] = input;
      return el("label", t(`send.${name}`), input, hint ? el("small", hint) : null);
    };
    const option = (value, key) => el("option", { value }, t(key));
    this.trouble = el("div", { role: "alert", class: "trouble" });
    this.preview = el("section", { class: "preview", tabindex: "-1" });
    this.spools = el("div");
    this.layouts = el("datalist", { id: "layouts" });
    this.books = new BookPlaces(this.branch);
    this.name = nameField();
    this.ring = ringFields();
    const choice = el("fieldset", { class: "choice" }, el("legend", t("send.choice")),
      field("keep", el("select", ["", "both", "appliance", "terminal"].map((one) => option(one, `keep.${one || "rule"}`)))),
      field("feed", el("select", ["", "appliance", "terminal"].map((one) => option(one, `feed.${one || "rule"}`)))),
      field("apart", el("select", ["", "ask", "appliance", "terminal"].map((one) => option(one, `apart.${one || "rule"}`)))));
    this.choice = choice;
    const pair = (...all) => el("div", { class: "grid" }, all);
    fill(this.element, el("h1", t("view.send")), el("div", { class: "split" }, this.form = el("div", this.spools, this.layouts,
      field("file", el("input", { type: "file", accept: ".csv,.json,.txt,.pdf,.toml,.form,text/*,application/pdf,application/json" })),
      field("text", el("textarea", { rows: 6 })),
      field("printer", el("select")), field("format", el("select")),
      this.importLabel = field("import", el("select"), t("send.import.hint")),
      pair(field("startPage", el("input", { type: "number", min: 1, max: 999 }), t("send.start.hint")), field("startLine", el("input", { type: "number", min: 1, max: 200 }))),
      pair(field("layout", el("input", { type: "text", autocomplete: "off", maxlength: 80, list: "layouts" }), t("send.layout.hint")), field("priority", el("input", { type: "number", min: 1, max: 100, ".value": USUAL_PRIORITY }))),
      pair(field("title", el("input", { type: "text", autocomplete: "off", maxlength: 128 })), field("date", el("input", { type: "date" }))),
      el("label", this.shares = el("input", { type: "checkbox" }), " ", t("send.shares")),
      choice, this.trouble, el("button", { type: "button", onclick: () => this.check() }, t("send.check")), this.books.element), this.preview));
    this.file.addEventListener("change", () => this.take());
    // Text that no appliance takes would only keep the browser from answering.
    this.text.addEventListener("beforeinput", (event) => {
      if (!(event.data?.length > LARGEST)) return;
      event.preventDefault();
      fill(this.trouble, el("p", tooLarge(event.data.length)));
    });
    for (const event of ["input", "change"]) {
      // A new file is checked at once, which forgets the old one.
      this.element.addEventListener(event, (one) => { if (![this.file, this.preview, this.books.element].some((part) => part.contains(one.target))) this.forget(); });
    }
    this.format.addEventListener("change", () => this.showImports());
  }

  update() {
    const { printers } = this.branch;
    if (printers.join() !== this.printersMark) {
      this.printersMark = printers.join();
      fill(this.printer, printers.map((one) => el("option", { value: one }, one)));
      fill(this.format, this.branch.formats.map((one) => el("option", { value: one }, tOr("format.", one))));
      fill(this.import, ["", ...this.branch.imports].map((one) => el("option", { value: one }, one || t("send.import.none"))));
      this.showImports();
      fill(this.layouts, [...this.branch.layouts.keys()].map((one) => el("option", { value: one })));
    }
    const isAgent = this.branch.may("Agent.GetSettings");
    this.choice.hidden = !isAgent;
    if (isAgent) this.showSpools();
    else fill(this.spools, el("p", t("send.no-agent")));
  }

  showImports() {
    this.importLabel.hidden = !this.format.value.endsWith("+csv");
  }

  showSpools() {
    const figures = this.branch.agent;
    const mib = (bytes) => Math.round(bytes / 1048576);
    const told = [t("spool.own", { n: figures.jobs, used: mib(figures.used), most: mib(figures.most), percent: figures.percent }),
      figures.stopped ? t("spool.stopped", { why: tOr("reason.", figures.stopped), percent: figures.startAt }) : t("spool.takes"),
      figures.silent ? t("spool.silent", { ago: span(figures.silent) }) : t(figures.busy ? "spool.busy" : "spool.network", { n: figures.roundTrip, queued: Math.round(figures.queued / 1024), busy: figures.busy })];
    fill(this.spools, el("section", { class: "card" }, el("h2", t("spool.title")), el("meter", { min: 0, max: 100, low: 70, high: 90, optimum: 10, value: figures.percent, "aria-label": t("spool.title") }), told.map((one) => el("p", one)),
      areas(this.branch.status).map((one) => el("p", t("spool.area", { area: one })))));
  }

  async take() {
    const file = this.file.files[0];
    this.text.disabled = Boolean(file);
    if (!file) {
      this.forget();
      return;
    }
    const known = { csv: "passbook-update+csv", json: "passbook-update+json", txt: "text", pdf: "pdf", form: "form" }[file.name.split(".").at(-1).toLowerCase()];
    if (known) this.format.value = known;
    this.showImports();
    // A place belongs to the document for which it was given, and goes before the one that a document names.
    this.startPage.value = this.startLine.value = "";
    // A name that a person typed stays; that of an earlier file does not.
    if (!this.title.value || this.title.value === this.ownName) this.title.value = file.name.slice(0, 128);
    this.ownName = file.name.slice(0, 128);
    this.text.value = "";
    this.check();
  }

  /** Empty every field of a document that was sent: its place, its marks and its text would go with the next customer's. */
  clear() {
    for (const field of [this.file, this.text, this.startPage, this.startLine, this.layout, this.import, this.title, this.date]) field.value = "";
    this.ownName = "";
    this.priority.value = USUAL_PRIORITY;
    this.shares.checked = false;
    this.text.disabled = false;
  }

  /** Drop a picture that is not that of the fields any more, also one that is still being made. */
  forget() {
    if (this.checked || this.element.hasAttribute("aria-busy")) fill(this.preview, el("p", t("send.changed")));
    this.checked = null;
    this.checks += 1;
    this.element.removeAttribute("aria-busy");
  }

  async bytes() {
    const file = this.file.files[0];
    const size = file ? file.size : new TextEncoder().encode(this.text.value).length;
    if (!size) throw Object.assign(new Error("empty"), { sentence: t("fault.no-document") });
    if (size > LARGEST) throw Object.assign(new Error("large"), { sentence: tooLarge(size) });
    if (!file) return new TextEncoder().encode(this.text.value);
    return new Uint8Array(await file.arrayBuffer());
  }

  request() {
    const request = { printer: this.printer.value, format: this.format.value };
    if (this.layout.value.trim()) request.layout = this.layout.value.trim();
    if (this.import.value && !this.importLabel.hidden) request.importName = this.import.value;
    const [page, line] = [Number(this.startPage.value), Number(this.startLine.value)];
    if (page && line) request.start = { page, line };
    return request;
  }

  /** Have the appliance place the document, and show its pages; nothing is accepted. */
  async check() {
    this.forget();
    fill(this.trouble);
    // A name that a person types below the old picture would be lost when the new one comes.
    fill(this.preview, el("p", { role: "status" }, t("send.checking")));
    for (const field of Object.values(this.helps())) field.removeAttribute("aria-invalid");
    this.element.setAttribute("aria-busy", "true");
    const { checks } = this;
    try {
      this.judgeChoice();
      const bytes = await this.bytes();
      const request = this.request();
      const placed = await this.branch.apart("Spooler.CheckDocument", request, undefined, bytes);
      if (checks !== this.checks) return;
      this.checked = { bytes, request, account: placed.account, clientRequest: randomName("page"), isFirst: true };
      this.books.offer(placed.account);
      this.show(placed);
    } catch (error) {
      if (checks !== this.checks) return;
      fill(this.preview);
      fill(this.trouble, el("p", sentence(error)));
      const field = this.helps()[error.code];
      field?.setAttribute("aria-invalid", "true");
      if (!this.isTyped()) field?.focus();
    } finally {
      if (checks === this.checks) this.element.removeAttribute("aria-busy");
    }
  }

  /** For a refusal the field that helps. */
  helps() {
    const start = ["start-not-given", "start-not-in-book", "start-not-for-entries"].map((code) => [code, this.startPage]);
    const profile = ["two-readings", "unknown-import"].map((code) => [code, this.import]);
    return Object.fromEntries([...start, ...profile, ["choice-not-possible", this.keep]]);
  }

  /** Refuse a copy that shall print and is not kept; where no side was chosen to keep it, the agent's rules say which does. */
  judgeChoice() {
    const keep = this.choice.hidden ? "" : this.keep.value;
    const has = (side) => keep === "both" || keep === side;
    const refuse = (option) => {
      throw Object.assign(new Error("choice"), { code: "choice-not-possible", sentence: t("fault.choice-not-possible", { option, keep: t(`keep.${keep}`) }) });
    };
    if (keep && this.feed.value && !has(this.feed.value)) refuse(t(`feed.${this.feed.value}`));
    if (keep && !["", "ask"].includes(this.apart.value) && !has(this.apart.value)) refuse(t(`apart.${this.apart.value}`));
  }

  show(placed) {
    const lines = linesOf(placed.outline).length;
    const send = answerButton(t("send.go", { printer: this.checked.request.printer }), (event) => this.send(event.target), {}, t("send.moving"));
    this.sendTrouble = el("div", { role: "alert", class: "trouble" });
    fill(this.preview, el("h2", t("send.preview")), el("p", t("send.lines", { n: lines, pages: placed.pages.length, layout: placed.layout })),
      placed.substituted ? el("p", { class: "warning" }, t("send.substituted", { n: placed.substituted, layout: placed.layout })) : null,
      el("figure", { class: "pages" }, drawnPictures(placed.pages.slice(0, 20))),
      placed.pages.length > 20 ? el("p", t("send.more", { n: placed.pages.length - 20 })) : null,
      this.name.label, this.ring.box, this.sendTrouble, el("p", { class: "hint" }, t("question.hint")), send);
    if (!this.isTyped()) this.preview.focus();
  }

  /** Whether a person is in a field, out of which nothing may take them. */
  isTyped() {
    return this.form.contains(document.activeElement) && document.activeElement.matches("input:not([type=file]), select, textarea");
  }

  async send(button) {
    const { checked } = this;
    fill(this.sendTrouble);
    button.disabled = true;
    // Nobody changes a field while its document is sent.
    this.form.inert = true;
    try {
      this.name.value();
      checked.key ??= await this.ring.open({ deed: "newest", account: checked.account });
      const request = { ...checked.request, ...checked.key, ...this.marks(), clientRequest: checked.clientRequest, first: checked.isFirst };
      const job = await this.branch.apart("Spooler.SubmitJob", request, undefined, checked.bytes);
      // Its events come over another connection, and may have been quicker.
      if (!this.branch.jobs.has(job.job)) this.branch.takeJob(job);
      this.checked = null;
      fill(this.preview, el("p", { class: "done", role: "status" }, t("send.done", { job: short(job.job), printer: job.printer }), " ", job.moved ? t("send.moved", { why: tOr("reason.", job.moved) }) : "", " ", el("a", { href: "#now" }, t("send.follow"))));
      this.clear();
    } catch (error) {
      // Only what may have been taken is sent again as it was; for anything else the ring is opened anew.
      if (error.code === "connection-lost") checked.isFirst = false;
      else checked.key = undefined;
      fill(this.sendTrouble, el("p", sentence(error)));
    } finally {
      button.disabled = false;
      this.form.inert = false;
    }
  }

  marks() {
    const marks = { priority: Number(this.priority.value) || USUAL_PRIORITY, application: "page" };
    if (this.title.value.trim()) marks.name = this.title.value.trim();
    if (this.date.value) marks.documentDate = this.date.value;
    if (this.shares.checked) marks.sharesName = true;
    if (!this.choice.hidden) {
      if (this.keep.value) marks.keep = this.keep.value;
      if (this.feed.value) marks.feed = this.feed.value;
      if (this.apart.value) marks.ifApart = this.apart.value;
    }
    return marks;
  }
}


/** Where the books of an account stand, as the appliance remembers it; the account stays in the browser. */
class BookPlaces {
  constructor(branch) {
    this.branch = branch;
    this.account = el("input", { type: "text", autocomplete: "off", maxlength: 40 });
    this.ring = ringFields();
    this.told = el("div", { role: "status" });
    this.trouble = el("div", { role: "alert", class: "trouble" });
    this.element = el("details", { hidden: !branch.may("Spooler.GetBook") }, el("summary", t("books.title")), el("p", t("books.explain")),
      el("label", t("books.account"), this.account), this.ring.box, this.trouble, this.told,
      el("button", { type: "button", class: "secondary", onclick: (event) => this.look(event.target) }, t("books.ask")));
  }

  /** Put the account of a document that was checked into the field. */
  offer(account) {
    if (account && document.activeElement !== this.account) this.account.value = account;
    fill(this.told);
  }

  async look(button) {
    fill(this.trouble);
    fill(this.told);
    button.disabled = true;
    try {
      const account = this.account.value.trim();
      if (!account) throw Object.assign(new Error("account"), { sentence: t("fault.no-account") });
      const secrets = await this.ring.open({ deed: "books", account });
      const { books, isWhole } = await this.branch.command("Spooler.GetBook", { secrets });
      const lines = books.flatMap((one) => [one.place ? `${t("books.of", { kind: one.kind })} ${standsWords({ ...one, mayBeMore: !isWhole })}` : "",
        ...one.unfinished.map((job) => t("books.unfinished", { kind: one.kind, job: short(job) }))]).filter(Boolean);
      if (!lines.length) lines.push(t("books.none"));
      if (!isWhole) lines.push(t("book.away"));
      fill(this.told, el("ul", lines.map((line) => el("li", line))));
    } catch (error) {
      fill(this.trouble, el("p", sentence(error)));
    } finally {
      button.disabled = false;
    }
  }
}
