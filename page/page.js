// The page: its frame, its views by role, and what it shows of the connection.

import { Branch } from "./connection.js";
import { el, fill, loadWords, say, sentence, setZone, span, t, tOr, when } from "./elements.js";
import { QuestionsView } from "./questions.js";
import { NowView, SendView } from "./work.js";
import { HistoryView, PrintersView, TerminalsView, WallView } from "./records.js";

/** The views in the order of the menu: name, the commands of which its actor must be able to use one, and its class. */
const VIEWS = [
  ["questions", ["Recovery.ListQuestions"], QuestionsView],
  ["now", ["Spooler.ListJobs"], NowView],
  ["send", ["Spooler.SubmitJob"], SendView],
  ["history", ["Spooler.GetHistory", "Appliance.ListHistory"], HistoryView],
  ["printers", ["Common.Status"], PrintersView],
  ["terminals", ["Spooler.ListTerminals"], TerminalsView],
  ["wall", ["Common.Status"], WallView],
];
/** Milliseconds between two looks at what no event tells. */
const LOOK = 5000;

const setting = (name, value) => {
  try {
    if (value !== undefined) localStorage.setItem(name, value);
    return localStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
};

class Page {
  constructor(languages) {
    this.languages = languages;
    this.main = document.getElementById("main");
    this.link = document.getElementById("link");
    this.views = new Map();
    this.menu = el("ul");
    this.branch = new Branch((change) => this.changed(change));
    this.frame();
    addEventListener("hashchange", () => this.show(true));
    setInterval(() => document.hidden || this.view?.looks === false || this.branch.refresh().catch(() => {}), LOOK);
    setInterval(() => this.tellLink(), 1000);
    this.tellLink();
  }

  frame() {
    document.title = t("title");
    fill(document.getElementById("skip"), t("skip"));
    const language = el("select", { "aria-label": t("language") }, this.languages.map((one) => el("option", { value: one, selected: one === document.documentElement.lang }, t(`language.${one}`))));
    language.addEventListener("change", () => {
      setting("language", language.value);
      location.reload();
    });
    const theme = el("select", { "aria-label": t("theme") }, ["", "light", "dark"].map((one) => el("option", { value: one, selected: one === setting("theme") }, t(`theme.${one || "auto"}`))));
    theme.addEventListener("change", () => applyTheme(setting("theme", theme.value)));
    this.who = el("span", { class: "who" });
    fill(document.getElementById("top"), el("nav", { "aria-label": t("views") }, el("strong", { class: "brand" }, t("title")), this.menu),
      el("div", { class: "settings" }, this.who, language, theme));
  }

  changed(change) {
    const { branch } = this;
    if (["all", "state"].includes(change)) {
      setZone(branch.zone ?? "");
      this.tellLink();
      if (branch.state === "ready") this.drawMenu();
    }
    if (change === "fault") say(sentence(branch.fault));
    if (branch.state !== "ready") return;
    this.count();
    this.view?.update(change);
  }

  allowed() {
    const isWall = this.branch.roles.has("wall");
    return VIEWS.filter(([name, commands]) => commands.some((one) => this.branch.may(one)) && (!isWall || name === "wall"));
  }

  drawMenu() {
    const mark = JSON.stringify([[...this.branch.commands], this.branch.name]);
    if (mark !== this.menuMark) {
      this.menuMark = mark;
      this.counts = new Map();
      fill(this.menu, this.allowed().map(([name]) => {
        const count = el("span", { class: "count", role: name === "questions" && "status" });
        this.counts.set(name, count);
        return el("li", el("a", { href: `#${name}` }, t(`view.${name}`), count));
      }));
      const roles = [...this.branch.roles].filter((one, _, all) => one !== "requester" || all.length === 1);
      fill(this.who, this.branch.name, this.branch.name ? " · " : "", roles.map((one) => tOr("role.", one)).join(", "));
    }
    this.show(false);
  }

  count() {
    const { questions } = this.branch;
    const asked = [...questions.values()].filter((one) => one.asked).length;
    const count = this.counts?.get("questions");
    if (!count) return;
    if (count.dataset.asked !== String(asked)) {
      fill(count, asked ? [el("span", { "aria-hidden": "true" }, asked), el("span", { class: "hidden" }, t("count.questions", { n: asked }))] : null);
      count.dataset.asked = String(asked);
    }
    count.parentElement.classList.toggle("urgent", asked > 0);
    document.title = asked ? `(${asked}) ${t("title")}` : t("title");
  }

  show(isChosen) {
    const allowed = this.allowed();
    const wanted = location.hash.slice(1);
    const [name, , View] = allowed.find(([one]) => one === wanted) ?? allowed[0] ?? [];
    for (const link of this.menu.querySelectorAll("a")) {
      if (link.getAttribute("href") === `#${name}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (!View || (this.shown === name && this.view)) return;
    this.shown = name;
    if (!this.views.has(name)) this.views.set(name, new View(this.branch));
    this.view = this.views.get(name);
    document.body.dataset.view = name;
    this.main.replaceChildren(this.view.element);
    this.view.update("all");
    if (isChosen) this.main.focus();
  }

  /** Say plainly whether what is shown is so now; nothing can be pressed that would not happen. */
  tellLink() {
    const { branch, main } = this;
    const isWhole = branch.state === "ready";
    main.inert = !isWhole;
    document.body.classList.toggle("lost", !isWhole);
    if (!isWhole) for (const dialog of main.querySelectorAll("dialog")) dialog.close();
    if (["certificate-revoked", "certificate-not-accepted"].includes(branch.state)) {
      this.views.clear();
      this.view = null;
      main.replaceChildren();
      fill(this.menu);
      fill(this.who);
    }
    const mark = isWhole ? (branch.isApart ? `apart ${Math.floor(branch.agent.silent / 60)}` : "") : `${branch.state} ${Math.floor((Date.now() - branch.since) / 10000)}`;
    if (mark === this.linkMark) return;
    const was = this.linkMark;
    this.linkMark = mark;
    if (isWhole) {
      fill(this.link, branch.isApart ? el("p", { class: "banner apart" }, t("link.apart", { ago: span(branch.agent.silent) })) : null);
      if (was?.startsWith("lost")) say(t("link.again"));
      return;
    }
    const again = branch.state === "page-outdated" ? el("button", { type: "button", onclick: () => location.assign("../") }, t("link.load")) : null;
    const reason = branch.reason && branch.reason !== "connection-lost" && branch.state === "lost" ? ` ${tOr("error.", branch.reason)}` : "";
    fill(this.link, el("p", { class: `banner ${branch.state}` }, t(`link.${branch.state}`, { when: when(new Date(branch.since).toISOString()) }), reason, " ", again));
  }
}

function applyTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

applyTheme(setting("theme"));
const languages = await loadWords([setting("language"), ...navigator.languages].filter(Boolean));
new Page(languages);
