// @ts-check
/**
 * Signed notes, checkpoints, cosignatures and receipts in the reader's own browser (C2SP
 * signed-note, tlog-checkpoint, tlog-cosignature and tlog-proof). Signatures are checked by
 * WebCrypto; nothing here asks the server for anything.
 */
import { joined, same, sha256 } from "./merkle.js"

/** @typedef {import("./merkle.js").Bytes} Bytes */
/** @typedef {{name: string, id: Bytes, type: number, key: Bytes, text: string}} Verifier */
/** @typedef {{name: string, id: Bytes, signature: Bytes}} Signature */
/** @typedef {{text: string, signatures: Signature[]}} Note */
/** @typedef {{origin: string, size: number, root: Bytes}} Checkpoint */
/** @typedef {{index: number, path: Bytes[], note: string}} Receipt */

const MOST_CHARACTERS = 1_000_000
export const ED25519 = 1
export const COSIGNATURE = 4
const PROOF_HEADER = "c2sp.org/tlog-proof@v1"

const encoder = new TextEncoder()

/** Bytes of canonical base64; throws for any other text. @param {string} text @returns {Bytes} */
export function fromBase64(text) {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Error("this is not base64")
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  // Spare bits at the end would let two texts mean one value.
  if (toBase64(bytes) !== text) throw new Error("this is not canonical base64")
  return bytes
}

/** @param {Bytes} bytes @returns {string} */
export function toBase64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
}

/** @param {Bytes} bytes @returns {string} */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

/** @param {string} digits @param {string} what @returns {number} */
function number(digits, what) {
  const value = Number(digits)
  if (!/^(0|[1-9][0-9]*)$/.test(digits) || !Number.isSafeInteger(value)) {
    throw new Error(`${what} is no number`)
  }
  return value
}

/** A verifier key, `name+id+key`; throws where its id is not of this name and key. @param {string} text @returns {Promise<Verifier>} */
export async function parseVerifier(text) {
  const found = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text)
  if (!found) throw new Error("this is no verifier key")
  const [, name, id, encoded] = found
  const typed = fromBase64(encoded)
  const expected = (await sha256(joined(encoder.encode(`${name}\n`), typed))).slice(0, 4)
  if (toHex(expected) !== id) throw new Error("the id of the key is not of this name and key")
  return { name, id: expected, type: typed[0], key: typed.slice(1), text }
}

/** A note taken apart; no signature is checked yet. @param {string} note @returns {Note} */
export function parseNote(note) {
  if (note.length > MOST_CHARACTERS) throw new Error("the note is too long")
  const cut = note.lastIndexOf("\n\n")
  if (cut < 0 || !note.endsWith("\n")) throw new Error("this is no signed note")
  const lines = note.slice(cut + 2, -1).split("\n")
  return { text: note.slice(0, cut + 1), signatures: lines.map(parseSignature) }
}

/** @param {string} line @returns {Signature} */
function parseSignature(line) {
  const found = /^— (\S+) (\S+)$/.exec(line)
  if (!found) throw new Error("a line below the note is no signature")
  const bytes = fromBase64(found[2])
  if (bytes.length < 5) throw new Error("a signature is too short")
  return { name: found[1], id: bytes.slice(0, 4), signature: bytes.slice(4) }
}

/** What a checkpoint says. @param {string} text of the note @returns {Checkpoint} */
export function parseCheckpoint(text) {
  const [origin, size, root] = text.split("\n")
  if (!origin || size === undefined || root === undefined) throw new Error("this is no checkpoint")
  const bytes = fromBase64(root)
  if (bytes.length !== 32) throw new Error("the root of a checkpoint has 32 bytes")
  return { origin, size: number(size, "the size"), root: bytes }
}

/** A receipt taken apart; nothing of it is proved yet. @param {string} text @returns {Receipt} */
export function parseReceipt(text) {
  if (text.length > MOST_CHARACTERS) throw new Error("the receipt is too long")
  const cut = text.indexOf("\n\n")
  if (cut < 0) throw new Error("a receipt is a proof, an empty line and a checkpoint")
  const [header, ...lines] = text.slice(0, cut).split("\n")
  if (header !== PROOF_HEADER) throw new Error("this is no receipt")
  if (lines[0]?.startsWith("extra ")) lines.shift()
  const index = /^index (\d+)$/.exec(lines.shift() ?? "")
  if (!index) throw new Error("the receipt does not say which index the entry has")
  return { index: number(index[1], "the index"), path: lines.map(fromBase64), note: text.slice(cut + 2) }
}

/** @param {Bytes} key @param {Bytes} signature @param {Bytes} message @returns {Promise<boolean>} */
async function ed25519(key, signature, message) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"])
  return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message)
}

/** Whether this browser can check Ed25519 at all. @returns {Promise<boolean>} */
export async function knowsEd25519() {
  try {
    // The first test key of RFC 8032, section 7.1.
    const key = Uint8Array.from(
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a".match(/../g) ?? [],
      (pair) => parseInt(pair, 16),
    )
    await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"])
    return true
  } catch {
    return false
  }
}

/**
 * Whether a verifier's signature is on the note, and is good. A cosignature says when it was made
 * (C2SP tlog-cosignature, version 1), in seconds since 1970.
 * @param {Note} note @param {Verifier} verifier
 * @returns {Promise<{good: boolean, at: number | null}>}
 */
export async function checkSignature(note, verifier) {
  for (const one of note.signatures) {
    if (one.name !== verifier.name || !same(one.id, verifier.id)) continue
    if (verifier.type === ED25519) {
      return { good: await ed25519(verifier.key, one.signature, encoder.encode(note.text)), at: null }
    }
    if (verifier.type === COSIGNATURE && one.signature.length === 72) {
      const view = new DataView(one.signature.buffer, one.signature.byteOffset, 8)
      const at = Number(view.getBigUint64(0))
      const message = encoder.encode(`cosignature/v1\ntime ${at}\n${note.text}`)
      return { good: await ed25519(verifier.key, one.signature.slice(8), message), at }
    }
    return { good: false, at: null }
  }
  return { good: false, at: null }
}
