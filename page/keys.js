// The worker that opens a key ring: it is started for one deed, and ended after it.
//
// The page hands it the bytes of the ring's file and the passphrase; it gives back the one key that the deed needs.  So
// no key of the ring is in the page itself, and nothing of it is kept when the worker has ended.  The ring's file is
// described in terminal/keyring.py, the sealing of a job in storage/crypto/envelope.py.

import { argon2id } from "./argon2.js";
import { base64, bytesOf } from "./connection.js";

const MAGIC = "PBKRING1";
const HEAD = 36;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const subtle = crypto.subtle;

self.onmessage = async ({ data }) => {
  try {
    self.postMessage({ done: await DEEDS[data.deed](await opened(data.ring, data.passphrase), data) });
  } catch (error) {
    self.postMessage({ fault: error.code ?? "ring-unreadable", facts: error.facts ?? {}, why: String(error) });
  }
};

function fault(code, facts = {}) {
  return Object.assign(new Error(code), { code, facts });
}

const DEEDS = {
  /** For each job the key that opens it, as the field of an answer. */
  async answer(ring, { questions }) {
    const keys = {};
    for (const one of questions) keys[one.job] = await keyFor(ring, one).catch((error) => ({ fault: error.code ?? "wrong-key" }));
    return keys;
  },
  /** The newest key, with its name, and the secrets of the books of an account where the ring has a book key. */
  async newest(ring, { account }) {
    const name = Object.keys(ring.keys).at(-1);
    if (!name) throw fault("keyring-empty");
    return { keyRef: name, key: ring.keys[name], bookSecrets: account ? await secretsOf(ring, account) : [] };
  },
  /** The secrets of the books of an account. */
  async books(ring, { account }) {
    const secrets = await secretsOf(ring, account);
    if (!secrets.length) throw fault("no-book-key");
    return secrets;
  },
  /** The texts of each line of a sealed copy. */
  async texts(ring, { copy, keyRef }) {
    const steps = await planOf(copy, ring, keyRef);
    return steps.filter(([kind]) => kind === "line" || kind === "band").map(([kind, , , , runs]) => (kind === "line" ? runs.map((run) => run[1]) : []));
  },
  /** The pages of a sealed copy, in the form in which the appliance tells those of a document that it checks. */
  async pages(ring, { copy, job }) {
    const sheet = boundSheet(copy, job);
    return pagesOf(await planOf(copy, ring), sheet);
  },
};

async function opened(file, passphrase) {
  const bytes = new Uint8Array(file);
  if (bytes.length <= HEAD || decoder.decode(bytes.subarray(0, 8)) !== MAGIC) throw fault("keyring-locked");
  const head = bytes.slice(0, HEAD);
  const derived = argon2id(encoder.encode(passphrase), head.slice(8, 24), { t: 3, m: 64 * 1024, p: 4, dkLen: 32 });
  const key = await subtle.importKey("raw", derived, "AES-GCM", false, ["decrypt"]);
  try {
    const text = await subtle.decrypt({ name: "AES-GCM", iv: head.slice(24), additionalData: head }, key, bytes.slice(HEAD));
    return { keys: {}, recovery: {}, books: {}, ...JSON.parse(decoder.decode(text)) };
  } catch {
    throw fault("keyring-locked");
  }
}

/** The requester's key, or the data key opened by a branch recovery key. */
async function keyFor(ring, { keyRef, identity, wraps }) {
  if (Object.hasOwn(ring.keys, keyRef)) return { key: ring.keys[keyRef] };
  const wrap = wraps.find((one) => one.holder === "recovery");
  const privates = Object.values(ring.recovery);
  if (!wrap || !privates.length) throw fault("key-not-in-ring", { key_ref: keyRef });
  return { dataKey: base64(await byRecovery(bytesOf(identity), wrap.keyRef, bytesOf(wrap.blob), privates)) };
}

async function byRecovery(identity, ref, blob, privates) {
  for (const one of privates) {
    try {
      return await unwrapped(identity, ref, blob, bytesOf(one));
    } catch {
      continue;
    }
  }
  throw fault("wrong-key");
}

// RFC 9180, base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
const KEM = bytes("KEM", 0, 32);
const SUITE = bytes("HPKE", 0, 32, 0, 1, 0, 2);

async function unwrapped(identity, ref, blob, secret) {
  const theirs = blob.slice(0, 32);
  const ours = await subtle.importKey("pkcs8", joined([PKCS8, secret]), "X25519", false, ["deriveBits"]);
  const base = new Uint8Array(32);
  base[0] = 9;
  const shared = async (point) => {
    const key = await subtle.importKey("raw", point, "X25519", false, []);
    return new Uint8Array(await subtle.deriveBits({ name: "X25519", public: key }, ours, 256));
  };
  const context = joined([theirs, await shared(base)]);
  const prk = await labeledExtract(KEM, "", "eae_prk", await shared(theirs));
  const secretOfBoth = await labeledExpand(KEM, prk, "shared_secret", context, 32);
  const info = packed(["passbook sealed 1", "wrap", "recovery", ref, identity]);
  const schedule = joined([
    new Uint8Array([0]),
    await labeledExtract(SUITE, "", "psk_id_hash", new Uint8Array()),
    await labeledExtract(SUITE, "", "info_hash", info),
  ]);
  const root = await labeledExtract(SUITE, secretOfBoth, "secret", new Uint8Array());
  const key = await labeledExpand(SUITE, root, "key", schedule, 32);
  const nonce = await labeledExpand(SUITE, root, "base_nonce", schedule, 12);
  return decrypted(key, nonce, new Uint8Array(), blob.slice(32));
}

const PKCS8 = new Uint8Array([0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20]);

async function labeledExtract(suite, salt, label, input) {
  const key = salt.length ? salt : new Uint8Array(32);
  return hmac(key, joined([encoder.encode("HPKE-v1"), suite, encoder.encode(label), input]));
}

async function labeledExpand(suite, prk, label, info, length) {
  const labeled = joined([new Uint8Array([length >> 8, length & 255]), encoder.encode("HPKE-v1"), suite, encoder.encode(label), info]);
  return (await hmac(prk, joined([labeled, new Uint8Array([1])]))).slice(0, length);
}

async function hmac(key, data) {
  const imported = await subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await subtle.sign("HMAC", imported, data));
}

async function decrypted(key, iv, additionalData, data) {
  const imported = await subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  return new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv, additionalData }, imported, data));
}

async function subkey(secret, purpose, salt) {
  const key = await subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const info = encoder.encode(`passbook-appliance 1 ${purpose}`);
  return new Uint8Array(await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, 256));
}

// A sealed copy

/** The facts to which the seal of a job is bound, in their order (Record.IMMUTABLE). */
const BOUND = ["job", "requester", "request", "acceptedAt", "format", "printer", "encryption", "steps", "outline", "size", "layout", "sheet"];

/** The measures to which a copy is bound; what it says openly of itself must be the same. */
function boundSheet(copy, job) {
  const bound = Object.fromEntries(JSON.parse(decoder.decode(bytesOf(copy.identity))).map((value, at) => [BOUND[at], value]));
  const [height, cpi, left, fold] = bound.sheet;
  const told = [job, copy.job, copy.format, copy.layout, copy.height, copy.cpi, copy.left];
  const meant = [bound.job, bound.job, bound.format, bound.layout, height, cpi, left];
  if (told.some((one, at) => one !== meant[at])) throw fault("sealed-damaged");
  return { height, cpi, left, fold };
}

/** The steps of a sealed copy, each as it is packed: its kind, its page, and what stands there. */
async function planOf(copy, ring, keyRef) {
  const identity = bytesOf(copy.identity);
  const wraps = unpacked(bytesOf(copy.wraps));
  const own = wraps.find((one) => one.holder === "requester");
  const recovery = wraps.find((one) => one.holder === "recovery");
  let secret;
  if (own && Object.hasOwn(ring.keys, own.keyRef)) {
    const info = packed(["passbook sealed 1", "wrap", "requester", own.keyRef, identity]);
    const key = await subkey(bytesOf(ring.keys[own.keyRef]), "wrap requester", own.blob.slice(0, 32));
    secret = await decrypted(key, new Uint8Array(12), info, own.blob.slice(32)).catch(() => null);
    if (!secret) throw fault("wrong-key");
  } else if (recovery && Object.keys(ring.recovery).length) {
    secret = await byRecovery(identity, recovery.keyRef, recovery.blob, Object.values(ring.recovery));
  } else throw fault("key-not-in-ring", { key_ref: own?.keyRef ?? keyRef });
  const [salt, , , plan] = unpacked(bytesOf(copy.content));
  const bound = packed(["passbook sealed 1", "part", "plan", "", identity]);
  const nonce = new Uint8Array(12);
  nonce[11] = 1;
  return unpacked(await decrypted(await subkey(secret, "plan", salt), nonce, bound, plan));
}

function pagesOf(steps, sheet) {
  const pages = new Map();
  let book = 1;
  for (const [kind, number, line, y, ...rest] of steps) {
    if (kind === "next-book") book += 1;
    if (kind !== "line" && kind !== "band") continue;
    const key = `${book} ${number}`;
    if (!pages.has(key)) pages.set(key, { number, book, width: 0, height: sheet.height, fold: sheet.fold || null, rules: [], texts: [], dots: [] });
    const page = pages.get(key);
    if (kind === "line") {
      const [runs] = rest;
      page.rules.push([line, y]);
      // A mark stands for each digit of a number that a sheet gets when its form is drawn.
      page.texts.push(...runs.map(([column, text, wide]) => ({ y, column, text: text.replaceAll("\ufffc", "#"), cpi: sheet.cpi, left: sheet.left, wide: Boolean(wide) })));
    } else {
      const [x, width, , across, down, dots] = rest;
      page.dots.push({ y, x, width, across, down, dots: base64(dots) });
    }
  }
  return [...pages.values()];
}

// Books: storage/crypto/book_secrets.py

/** The secrets of the books of an account: under today's book key, and under the one before it. */
async function secretsOf(ring, account) {
  const secrets = [];
  for (const key of Object.values(ring.books).reverse().slice(0, 2)) {
    secrets.push(base64(await subkey(bytesOf(key), "book of account", encoder.encode(folded(account)))));
  }
  return secrets;
}

/** An account without what makes no difference in it: blanks, hyphens and case.  Letters whose case has rules of its own are refused. */
function folded(account) {
  const plain = account.normalize("NFKC").replace(/[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000-]/g, "");
  return [...plain].map((one) => {
    const lower = one.toLowerCase();
    const isPlain = lower.toUpperCase().toLowerCase() === lower && [...lower].length === 1 && !/[\u13a0-\u13ff\uab70-\uabbf]/.test(one);
    if (!isPlain) throw fault("account-letters");
    return lower;
  }).join("");
}

// MessagePack

function packed(parts) {
  const out = [new Uint8Array([0x90 | parts.length])];
  for (const part of parts) {
    const data = typeof part === "string" ? encoder.encode(part) : part;
    out.push(typeof part === "string" ? stringHead(data.length) : binaryHead(data.length), data);
  }
  return joined(out);
}

const sized = (mark, length, size) => {
  const head = new Uint8Array(1 + size);
  head[0] = mark;
  for (let at = 0; at < size; at++) head[1 + at] = (length >>> (8 * (size - 1 - at))) & 255;
  return head;
};
const wide = (length, marks) => (length < 256 ? sized(marks[0], length, 1) : length < 65536 ? sized(marks[1], length, 2) : sized(marks[2], length, 4));
const stringHead = (length) => (length < 32 ? new Uint8Array([0xa0 | length]) : wide(length, [0xd9, 0xda, 0xdb]));
const binaryHead = (length) => wide(length, [0xc4, 0xc5, 0xc6]);

function unpacked(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  const take = (length) => data.slice(at, (at += length));
  const number = (size) => {
    const value = size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at) : size === 4 ? view.getUint32(at) : Number(view.getBigUint64(at));
    at += size;
    return value;
  };
  const list = (length) => Array.from({ length }, () => read());
  const map = (length) => Object.fromEntries(Array.from({ length }, () => [read(), read()]));
  const text = (length) => decoder.decode(take(length));
  const read = () => {
    const mark = number(1);
    if (mark < 0x80) return mark;
    if (mark < 0x90) return map(mark & 15);
    if (mark < 0xa0) return list(mark & 15);
    if (mark < 0xc0) return text(mark & 31);
    if (mark >= 0xe0) return mark - 256;
    if (mark >= 0xc4 && mark <= 0xc6) return take(number(1 << (mark - 0xc4)));
    if (mark >= 0xcc && mark <= 0xcf) return number(1 << (mark - 0xcc));
    if (mark >= 0xd9 && mark <= 0xdb) return text(number(1 << (mark - 0xd9)));
    if (mark === 0xdc || mark === 0xdd) return list(number(mark === 0xdc ? 2 : 4));
    if (mark === 0xde || mark === 0xdf) return map(number(mark === 0xde ? 2 : 4));
    if (mark === 0xc0) return null;
    if (mark === 0xc2 || mark === 0xc3) return mark === 0xc3;
    throw fault("sealed-damaged");
  };
  return read();
}

// Bytes

function bytes(label, ...numbers) {
  return joined([encoder.encode(label), new Uint8Array(numbers)]);
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
