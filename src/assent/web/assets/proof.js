// @ts-check
/** Verifies in this browser that the log holds an entry, step by step, and says what each shows. */
import { isConsistent, leafHash, rootFromPath, same, sha256 } from "./merkle.js"
import {
  checkSignature, fromBase64, knowsEd25519, parseCheckpoint, parseNote, parseReceipt, parseVerifier, toBase64, toHex,
} from "./note.js"

/** @typedef {import("./merkle.js").Bytes} Bytes */
/** @typedef {import("./note.js").Checkpoint} Checkpoint */
/** @typedef {{receipt: string, leaf: string, payload: string | null, keys: string[], witnesses: string[]}} Told */
/** @typedef {{size: number, root: string, key: string}} Seen */
/** @typedef {"yes" | "no" | "unsure"} Verdict */
/** @typedef {(verdict: Verdict, words: string) => void} Say */

const SEEN = "assent log "

/** What this browser saw last of a log. @param {string} origin @returns {Seen | null} */
function seen(origin) {
  try {
    return JSON.parse(localStorage.getItem(SEEN + origin) ?? "null")
  } catch {
    return null
  }
}

/** @param {string} origin @param {Seen} now */
function remember(origin, now) {
  try {
    localStorage.setItem(SEEN + origin, JSON.stringify(now))
  } catch {
    // Without storage every look is the first one, which the last step says.
  }
}

/** @param {string} path @returns {Promise<any>} */
async function asked(path) {
  const answer = await fetch(path, { headers: { accept: "application/json" }, cache: "no-store" })
  if (!answer.ok) throw new Error(`the server answered ${answer.status}; load the page again`)
  return answer.json()
}

/** @param {string} entry @param {Told} told @param {Bytes} leaf @param {Say} say */
async function checkEntry(entry, told, leaf, say) {
  const said = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(leaf))
  if (said.id !== entry) throw new Error(`these are the bytes of another entry, ${said.id}`)
  say("yes", `These ${leaf.length} bytes are the entry ${entry}.`)
  if (said.payload === null) return
  if (told.payload === null) {
    say("unsure", "What is sealed beside it is not kept any more; its digest still is.")
    return
  }
  const digest = `sha256:${toHex(await sha256(fromBase64(told.payload)))}`
  if (digest !== said.payload) throw new Error("what is sealed beside it is not what its digest says")
  say("yes", "What is sealed beside it has the digest that the entry names.")
}

/** @param {Told} told @param {Bytes} leaf @param {Say} say @returns {Promise<{checkpoint: Checkpoint, note: import("./note.js").Note}>} */
async function checkPath(told, leaf, say) {
  const receipt = parseReceipt(told.receipt)
  const note = parseNote(receipt.note)
  const checkpoint = parseCheckpoint(note.text)
  const root = await rootFromPath(receipt.index, checkpoint.size, await leafHash(leaf), receipt.path)
  if (!same(root, checkpoint.root)) throw new Error("its path does not lead to the root of the checkpoint")
  const steps = `${receipt.path.length} ${receipt.path.length === 1 ? "hash" : "hashes"}`
  say("yes", `Over ${steps} it leads to the root of the tree of ${checkpoint.size} entries.`)
  return { checkpoint, note }
}

/** @param {Told} told @param {import("./note.js").Note} note @param {Say} say @returns {Promise<string>} the key that signed */
async function checkSigned(told, note, say) {
  if (!(await knowsEd25519())) {
    say("unsure", "This browser cannot check Ed25519 signatures; a newer one can.")
    return ""
  }
  let signed = ""
  for (const key of [...told.keys].reverse()) {
    if ((await checkSignature(note, await parseVerifier(key))).good) {
      signed = key
      break
    }
  }
  if (!signed) throw new Error("the checkpoint is not signed by the log's key")
  say("yes", `The log signed that root, with the key ${signed}`)
  for (const key of told.witnesses) await checkWitness(note, key, say)
  if (!told.witnesses.length) say("unsure", "No witness is configured: nobody outside has seen this checkpoint.")
  return signed
}

/** @param {import("./note.js").Note} note @param {string} key @param {Say} say */
async function checkWitness(note, key, say) {
  const verifier = await parseVerifier(key)
  if (!note.signatures.some((one) => one.name === verifier.name)) {
    say("unsure", `The witness ${verifier.name} has not cosigned this checkpoint yet.`)
    return
  }
  const { good, at } = await checkSignature(note, verifier)
  if (!good) throw new Error(`the cosignature of the witness ${verifier.name} does not fit`)
  const when = at === null ? "" : ` at ${new Date(at * 1000).toLocaleString()}`
  say("yes", `The witness ${verifier.name} saw it${when}.`)
}

/** @param {Checkpoint} checkpoint @param {string} key @param {Say} say */
async function checkHistory(checkpoint, key, say) {
  const before = seen(checkpoint.origin)
  const root = toBase64(checkpoint.root)
  if (!before) {
    remember(checkpoint.origin, { size: checkpoint.size, root, key })
    say("unsure", "This browser had not seen the log before: compare the key above with one that you got elsewhere.")
    return
  }
  if (before.key && key && before.key !== key) {
    say("unsure", `The key is another one than this browser saw before, ${before.key}: the log has to say key.rotated.`)
  }
  const [old, now] = before.size <= checkpoint.size ? [before.size, checkpoint.size] : [checkpoint.size, before.size]
  const path = old === now ? { hashes: [] } : await asked(`/log/consistency/${old}/${now}`).catch(() => null)
  if (!path) throw new Error(`the server cannot show that it continues the log that this browser saw, with ${before.size} entries`)
  const mine = fromBase64(before.root)
  const [oldRoot, newRoot] = before.size <= checkpoint.size ? [mine, checkpoint.root] : [checkpoint.root, mine]
  if (!(await isConsistent(old, now, oldRoot, newRoot, path.hashes.map(fromBase64)))) {
    throw new Error(`this is not the log that this browser saw before, with ${before.size} entries: it was rewritten`)
  }
  if (before.size < checkpoint.size) remember(checkpoint.origin, { size: checkpoint.size, root, key })
  say("yes", `It continues the log that this browser saw before, with ${before.size} entries.`)
}

/** @param {HTMLElement} section */
async function verify(section) {
  const steps = /** @type {HTMLElement} */ (section.querySelector("[data-steps]"))
  const proved = /** @type {HTMLElement} */ (section.querySelector("[data-proved]"))
  steps.replaceChildren()
  proved.hidden = true
  /** @type {Say} */
  const say = (verdict, words) => {
    const item = document.createElement("li")
    item.dataset.verdict = verdict
    item.textContent = words
    steps.append(item)
  }
  try {
    /** @type {Told} */
    const told = await asked(section.dataset.proof ?? "")
    const leaf = fromBase64(told.leaf)
    await checkEntry(section.dataset.entry ?? "", told, leaf, say)
    const { checkpoint, note } = await checkPath(told, leaf, say)
    const key = await checkSigned(told, note, say)
    await checkHistory(checkpoint, key, say)
    const code = /** @type {HTMLElement} */ (section.querySelector("[data-leaf]"))
    code.textContent = JSON.stringify(JSON.parse(new TextDecoder().decode(leaf)), null, 2)
    proved.hidden = false
  } catch (error) {
    say("no", `It does not fit: ${error instanceof Error ? error.message : error}.`)
  }
}

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-verify]"))) {
  const section = /** @type {HTMLElement} */ (button.closest("[data-proof]"))
  button.hidden = false
  button.addEventListener("click", async () => {
    button.disabled = true
    await verify(section)
    button.disabled = false
  })
}
