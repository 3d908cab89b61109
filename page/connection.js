// One connection to the appliance, and what is known of the branch by it.
//
// Theory of operation.  The page speaks the terminals' protocol (docs/protocol.md).  The appliance tells every change
// once, and whatever it tells can be asked for.  So after each connecting the page asks for everything that is open, and
// puts the events that came since the request over the lists: an event may be older than the list that overtook it, but
// then a newer one of the same job came behind it, so no state is lost and none comes back.  A connection that does not
// answer a probe in time is given up like one that broke: a stalled connection and a browser tab that slept look whole.

export const TERMINAL_STATES = new Set(["canceled", "aborted", "completed"]);
/** Milliseconds of silence after which a connection is probed, and for the answer. */
const PROBE = 6000;
const ANSWER = 5000;
/** Milliseconds of silence after which the page itself must have slept: it looks every two seconds, while hidden once a minute. */
const ASLEEP = 150000;
/** Milliseconds for connecting. */
const CONNECTING = 15000;
/** Jobs up to which the whole list is asked for at each look, and looks between two requests for a longer one. */
const SHORT = 200;
const SELDOM = 6;
/** Milliseconds that a command may take. */
const PATIENCE = 60000;
const PAUSES = [500, 1000, 2000, 2000, 5000];
/** Bytes of a document that fit into one command, and of a piece of a larger one. */
const PIECE = 96 * 1024;
const STEP = "Spooler.StepEvent";
/** Events with the view of a job, and where it is in them. */
const VIEWED = {
  "Spooler.JobEvent": (job) => job,
  "Recovery.QuestionEvent": ({ job }) => job,
  "Recovery.QuestionClosedEvent": (job) => job,
  "Spooler.JobEndedEvent": ({ job }) => job,
};
/** Reasons for which the appliance ends a connection and would end the next one too. */
const FINAL = new Set(["certificate-revoked", "certificate-not-accepted", "page-outdated"]);

/** What the appliance refused, or why it is not known whether it did. */
export class Refusal extends Error {
  constructor(code, sentence, facts = {}) {
    super(code);
    Object.assign(this, { code, sentence, facts });
  }
}

const lost = () => new Refusal("connection-lost");

/** One WebSocket: commands with their answers, and events. */
export class Socket {
  /** `heard` takes the name and payload of each event, `ended` the reason of the end. */
  constructor(address, heard, ended) {
    this.waiting = new Map();
    this.next = 1;
    this.heardAt = Date.now();
    this.socket = new WebSocket(address);
    this.opened = new Promise((resolve, reject) => {
      this.socket.onopen = resolve;
      this.refuse = reject;
    });
    this.opened.catch(() => {});
    this.socket.onmessage = (event) => this.take(event.data, heard);
    this.socket.onclose = (event) => this.end(event.code === 1008 ? event.reason : "connection-lost", ended);
    this.end = (reason, tell) => {
      this.end = () => {};
      this.refuse(lost());
      for (const { reject } of this.waiting.values()) reject(lost());
      this.waiting.clear();
      tell?.(reason);
    };
    this.ended = ended;
  }

  take(data, heard) {
    this.heardAt = Date.now();
    const { header, payload = {} } = JSON.parse(data);
    if (header.type === "unsolicited") {
      heard(header.name, payload);
      return;
    }
    const asked = this.waiting.get(header.requestId);
    if (!asked || (header.type === "acknowledge" && !header.status)) return;
    this.waiting.delete(header.requestId);
    if (header.completionCode === "success") asked.resolve(payload);
    else asked.reject(new Refusal(payload.errorCode, payload.errorDescription, payload.errorFacts));
  }

  /** Send a command and give the payload of its completion; throws a Refusal. */
  async command(name, payload = {}, patience = PATIENCE) {
    await this.opened;
    if (this.socket.readyState !== WebSocket.OPEN) throw lost();
    const requestId = this.next++;
    const header = { name, type: "command", requestId, ...(patience > PATIENCE ? { timeout: patience - 5000 } : {}) };
    const answer = new Promise((resolve, reject) => this.waiting.set(requestId, { resolve, reject }));
    this.socket.send(JSON.stringify({ header, payload }));
    const timer = setTimeout(() => this.giveUp(), patience);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The fields for a document: the bytes themselves, or the name under which they were uploaded over this connection. */
  async carried(bytes) {
    if (bytes.length <= PIECE) return { document: base64(bytes) };
    const upload = randomName("page");
    for (let at = 0; at < bytes.length; at += PIECE) {
      await this.command("Spooler.UploadPiece", { upload, data: base64(bytes.subarray(at, at + PIECE)) });
    }
    return { upload };
  }

  /** Take the connection for lost now, whatever the network still thinks of it. */
  giveUp() {
    this.end("connection-lost", this.ended);
    this.socket.close();
  }
}

/** What is known of the branch; `changed` is called with the kind of change after each. */
export class Branch {
  constructor(changed) {
    this.changed = changed;
    this.jobs = new Map();
    this.questions = new Map();
    this.closed = new Map();
    this.notices = new Map();
    this.prompts = new Map();
    this.layouts = new Map();
    this.formats = [];
    /** The printers that take documents: the next hops of mail, which the status tells too, are none. */
    this.printers = [];
    this.imports = [];
    this.agent = null;
    this.outlines = new Map();
    this.failures = new Map();
    this.status = null;
    this.commands = new Set();
    this.roles = new Set();
    this.name = "";
    this.state = "connecting";
    this.since = Date.now();
    this.attempts = 0;
    setInterval(() => this.probe(PROBE), 2000);
    this.looks = 0;
    document.addEventListener("visibilitychange", () => document.hidden || this.probe(0));
    this.connect();
  }

  may(command) {
    return this.commands.has(command);
  }

  connect() {
    this.past = [];
    // The page lies in a folder with the name of its version; the service lies beside that folder.
    const address = new URL(`../xfs4iot/v1.0/Spooler?page=${location.pathname.split("/").at(-2)}`, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const link = new Socket(address, (name, payload) => this.hear(link, name, payload), (reason) => this.lose(link, reason));
    this.link = link;
    const timer = setTimeout(() => link.giveUp(), CONNECTING);
    link.opened.then(() => this.learn(link)).catch((error) => {
      if (error.code !== "connection-lost") this.trouble(error);
      link.giveUp();
    }).finally(() => clearTimeout(timer));
  }

  lose(link, reason) {
    if (link !== this.link || FINAL.has(this.state)) return;
    if (this.state === "ready") this.since = Date.now();
    this.state = FINAL.has(reason) ? reason : "lost";
    this.reason = reason;
    if (FINAL.has(reason)) {
      for (const one of [this.jobs, this.questions, this.notices, this.prompts, this.closed]) one.clear();
    } else {
      const pause = PAUSES[Math.min(this.attempts++, PAUSES.length - 1)];
      setTimeout(() => this.connect(), pause * (0.75 + Math.random() / 2));
    }
    this.changed("state");
  }

  trouble(error) {
    this.fault = error;
    this.changed("fault");
  }

  /** Give up a connection that does not answer. */
  async probe(after) {
    const link = this.link;
    if (this.state === "ready" && Date.now() - link.heardAt > ASLEEP) link.giveUp();
    if (this.state !== "ready" || link.probing || Date.now() - link.heardAt < after) return;
    link.probing = true;
    try {
      this.status = await link.command("Common.Status", {}, ANSWER);
      this.changed("status");
    } catch (error) {
      if (error.code === "connection-lost") link.giveUp();
    } finally {
      link.probing = false;
    }
  }

  /** Ask for everything that is open, and put the events since over it. */
  async learn(link) {
    await this.learnRoles(link);
    const mark = this.past.length;
    this.status = await link.command("Common.Status");
    const jobs = await this.pages(link, "Spooler.ListJobs", "jobs", (job) => job);
    const questions = await this.pages(link, "Recovery.ListQuestions", "questions", (one) => one.job);
    const notices = await this.pages(link, "Spooler.ListNotices", "notices", (one) => one.job);
    this.jobs = new Map(jobs.map((job) => [job.job, job]));
    this.replaceQuestions(questions);
    this.notices = new Map(notices.map((one) => [one.job.job, one]));
    this.prompts = new Map([...this.prompts].filter(([, one]) => one.link === link));
    for (const [name, payload] of this.past.slice(mark)) this.apply(name, payload);
    this.past = null;
    this.state = "ready";
    this.attempts = 0;
    this.changed("all");
  }

  /** Ask who this is, what it may do now, and the layouts. */
  async learnRoles(link) {
    const { interfaces, name = "", roles = [], zone = "" } = await link.command("Common.Capabilities");
    this.commands = new Set(interfaces.flatMap((one) => one.commands));
    Object.assign(this, { name, zone, roles: new Set(roles) });
    if (this.may("Spooler.GetLayouts")) {
      const { printers, layouts, formats, imports } = await link.command("Spooler.GetLayouts");
      this.imports = imports.map((one) => one.name);
      this.layouts = new Map(layouts.map((one) => [one.name, one]));
      this.formats = formats;
      this.printers = printers.map((one) => one.name);
    }
    if (this.may("Agent.GetSettings")) this.agent = await link.command("Agent.GetSettings");
  }

  /** Whether this page is at an agent whose appliance is away. */
  get isApart() {
    return Boolean(this.agent?.silent);
  }

  /** Ask the agent for its figures; when the appliance has gone or come, other commands are possible. */
  async lookAtAgent(link) {
    if (!this.may("Agent.GetSettings")) return;
    const wasApart = this.isApart;
    this.agent = await link.command("Agent.GetSettings");
    if (wasApart !== this.isApart) await this.learnRoles(link);
  }

  replaceQuestions(questions) {
    const open = new Map(questions.map((one) => [one.job.job, one]));
    for (const [job, before] of this.questions) {
      if (!open.has(job)) this.closed.set(job, { question: before, job: this.jobs.get(job) ?? null, at: Date.now() });
    }
    for (const job of open.keys()) this.closed.delete(job);
    this.questions = open;
  }

  async pages(link, command, rows, jobOf) {
    const all = [];
    if (!this.may(command)) return all;
    for (let after = 0, more = true; more; ) {
      const page = await link.command(command, { after, limit: 200 });
      all.push(...page[rows]);
      more = Boolean(page.more) && page[rows].length > 0;
      after = more ? jobOf(page[rows].at(-1)).sequence : after;
    }
    return all;
  }

  hear(link, name, payload) {
    if (link !== this.link) return;
    if (this.past) this.past.push([name, payload]);
    if (name === "Spooler.MediaPromptEvent") payload = { ...payload, link };
    // Prompts are in no list, so they count from the first event on.
    if (this.state !== "ready" && name !== "Spooler.MediaPromptEvent") return;
    this.apply(name, payload);
    this.changed(name);
  }

  apply(name, payload) {
    switch (name) {
      case "Spooler.JobEvent":
        this.takeJob(payload);
        break;
      case STEP: {
        const job = this.jobs.get(payload.job);
        if (job && payload.confirmed >= job.confirmed) {
          const { confirmed, sending, linesDone } = payload;
          this.jobs.set(payload.job, { ...job, confirmed, sending, linesDone });
        }
        this.dropPrompt(payload.job);
        break;
      }
      case "Spooler.MediaPromptEvent":
        this.prompts.set(payload.printer, payload);
        break;
      case "Recovery.QuestionEvent":
        this.takeJob(payload.job);
        this.questions.set(payload.job.job, payload);
        this.closed.delete(payload.job.job);
        break;
      case "Recovery.QuestionClosedEvent":
        this.takeJob(payload);
        this.close(payload);
        break;
      case "Spooler.JobEndedEvent":
        this.takeJob(payload.job);
        this.close(payload.job);
        if (payload.acknowledged) this.notices.delete(payload.job.job);
        else this.notices.set(payload.job.job, payload);
        break;
      case "Spooler.JobLeftEvent":
        this.failures.set(payload.job, payload.error);
        break;
    }
  }

  /** Note the newest view of a job. */
  takeJob(job) {
    if (TERMINAL_STATES.has(job.state)) {
      this.jobs.delete(job.job);
      this.outlines.delete(job.job);
    } else {
      // Only lists tell the name and date that an owner shares; an event leaves them out.
      const known = this.jobs.get(job.job);
      this.jobs.set(job.job, { ...job, name: job.name || known?.name || "", documentDate: job.documentDate || known?.documentDate || "" });
    }
    const stops = !(job.state === "processing-stopped" && job.valid);
    if (job.state === "processing" || TERMINAL_STATES.has(job.state) || (stops && !job.valid)) this.dropPrompt(job.job);
  }

  dropPrompt(job) {
    for (const [printer, prompt] of this.prompts) {
      if (prompt.job === job && prompt.action !== "take") this.prompts.delete(printer);
    }
  }

  close(job) {
    const question = this.questions.get(job.job);
    if (!question) return;
    this.questions.delete(job.job);
    this.closed.set(job.job, { question, job, at: Date.now() });
  }

  /** Ask for the jobs of others and the printers again: of these no event comes. */
  async refresh() {
    const link = this.link;
    if (this.state !== "ready" || this.past) return;
    if (this.jobs.size > SHORT && ++this.looks % SELDOM) {
      await this.probe(0);
      return;
    }
    this.past = [];
    try {
      await this.lookAtAgent(link);
      this.status = await link.command("Common.Status");
      const jobs = await this.pages(link, "Spooler.ListJobs", "jobs", (job) => job);
      if (link !== this.link) return;
      this.jobs = new Map(jobs.map((job) => [job.job, job]));
      for (const [printer, prompt] of this.prompts) {
        const one = this.status.printers.find((view) => view.printer === printer);
        if (prompt.action === "take" && one?.status.media === "notPresent") this.prompts.delete(printer);
      }
    } finally {
      if (link === this.link) {
        const past = this.past ?? [];
        this.past = null;
        for (const [name, payload] of past) {
          if (STEP === name) this.apply(name, payload);
          else if (name in VIEWED) this.takeJob(VIEWED[name](payload));
        }
        this.changed("all");
      }
    }
  }

  /** Do a command now; nothing is sent over a connection that is not whole. */
  command(name, payload, patience) {
    if (this.state !== "ready") return Promise.reject(lost());
    return this.link.command(name, payload, patience);
  }

  /** Do a command that waits long, over a connection of its own, so that others are not held up; a document goes with it. */
  async apart(name, payload, patience, bytes) {
    if (this.state !== "ready") throw lost();
    const socket = new Socket(this.link.socket.url, () => {}, () => {});
    const timer = setTimeout(() => socket.giveUp(), CONNECTING);
    try {
      await socket.opened;
      clearTimeout(timer);
      return await socket.command(name, { ...payload, ...(bytes && (await socket.carried(bytes))) }, patience);
    } finally {
      clearTimeout(timer);
      socket.socket.close();
    }
  }

  /** The outline of a job, asked for once; null until it is known. */
  outline(job) {
    const known = this.outlines.get(job);
    if (known !== undefined || !this.may("Spooler.GetOutline")) return known ?? null;
    this.outlines.set(job, null);
    this.command("Spooler.GetOutline", { job }).then(({ outline }) => {
      this.outlines.set(job, outline);
      this.changed("outline");
    }).catch(() => this.outlines.delete(job));
    return null;
  }
}

/** A name that no other request has. */
export function randomName(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `${prefix}-${[...bytes].map((one) => one.toString(16).padStart(2, "0")).join("")}`;
}

/** Bytes in base64, as the protocol has them. */
export function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** The bytes of a base64 text. */
export const bytesOf = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
