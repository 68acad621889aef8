// @ts-check
/**
 * Keeps the inbox as it is on the server: item by item, so that nothing else on the page moves.
 * The server says which request changed; only that one is asked for again.
 */

/**
 * @typedef {{ swap: (target: Element, content: string, spec: { swapStyle: string }) => void }} Htmx
 * @typedef {[id: string, changed: string]} Seen
 */

/** So many changes at one moment are fetched one by one; more are fetched as a whole page. */
const MOST_SINGLY = 20
const LOOKS_EVERY_MS = 60_000
const WAITS_MS = 50
const TRIES_AGAIN_MS = 3_000

/** Requests that changed and are to be looked at. @type {Set<string>} */
const changed = new Set()

/** @type {ReturnType<typeof setTimeout> | undefined} */
let soon

/** Whether somebody is at it; one at a time keeps answers in order. */
let busy = false

/** Whether all is to be compared. */
let all = false

const htmx = () => /** @type {Htmx} */ (/** @type {any} */ (window).htmx)

const region = () => document.getElementById("region")

/** @returns {HTMLElement[]} */
const items = () => Array.from(document.querySelectorAll("#region article.card"))

/**
 * Asks as htmx does: a person who signed out is led to the sign-in.
 * @param {string} path
 * @returns {Promise<Response | null>} null where there is no answer, or none for this person
 */
async function ask(path) {
  try {
    // What the page says of itself: a tab of somebody who left must not show another's.
    const page = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")
    const answer = await fetch(path, { headers: { ...page, "hx-request": "true" }, cache: "no-store" })
    const elsewhere = answer.headers.get("hx-redirect")
    if (elsewhere) location.assign(elsewhere)
    if (answer.ok && !elsewhere) return answer
    if (answer.status < 500) return null
  } catch {
    // No connection: what was missed is compared once there is one.
  }
  setTimeout(() => look("all"), TRIES_AGAIN_MS)
  return null
}

/** Compares the page with what waits now, and fetches what differs. */
async function compare() {
  const answer = await ask("/inbox/ids")
  if (!answer) return
  /** @type {Seen[]} */
  const waiting = await answer.json()
  const shown = new Map(items().map((item) => [item.id, item.dataset.changed]))
  for (const [id, at] of waiting) {
    if (shown.get(id) !== at) changed.add(id)
    shown.delete(id)
  }
  for (const id of shown.keys()) changed.add(id)
}

/** Fetches the whole list. */
async function whole() {
  changed.clear()
  const answer = await ask("/inbox/items")
  const place = region()
  if (!answer || !place) return
  htmx().swap(place, await answer.text(), { swapStyle: "innerHTML" })
}

/** @param {string} id */
async function one(id) {
  const item = document.getElementById(id)
  const opens = item ? !item.classList.contains("line") : items().length === 0
  const answer = await ask(`/inbox/cards/${encodeURIComponent(id)}?whole=${opens}`)
  if (!answer) return
  const text = await answer.text()
  // Answered here meanwhile, it may be gone, or be another element.
  const now = document.getElementById(id)
  const target = now ?? room(id, text)
  if (target) htmx().swap(target, text, { swapStyle: "outerHTML" })
}

/**
 * Makes room for a new item among the deadlines.
 * @param {string} id @param {string} text
 * @returns {HTMLElement | null} null for an item that waits no more
 */
function room(id, text) {
  const parsed = new DOMParser().parseFromString(text, "text/html")
  const found = parsed.getElementById(id)
  const list = document.querySelector("#region .cards")
  if (!found || !list) return null
  list.querySelector(".empty")?.remove()
  const made = document.createElement("article")
  made.id = id
  const deadline = found.dataset.deadline ?? ""
  const later = items().find((item) => (item.dataset.deadline ?? "") > deadline)
  list.insertBefore(made, later ?? list.querySelector(":scope > .note"))
  return made
}

async function work() {
  if (busy) return again()
  busy = true
  try {
    const everything = all
    // Before it is asked: what changes meanwhile has to be looked at again.
    all = false
    if (everything) await compare()
    if (changed.size > MOST_SINGLY) await whole()
    for (const id of Array.from(changed)) {
      changed.delete(id)
      await one(id)
    }
  } finally {
    busy = false
  }
}

function again() {
  clearTimeout(soon)
  soon = setTimeout(work, WAITS_MS)
}

/** @param {string} id of the request that changed, or `all` */
function look(id) {
  if (id === "all") all = true
  else changed.add(id)
  again()
}

/** What has the focus when an item goes: the next one gets it, and the first one is opened. */
function goesOn() {
  const left = items()
  if (!left.length && region()?.querySelector(".empty") === null) look("all")
  if (left.length && left.every((item) => item.classList.contains("line"))) {
    /** @type {HTMLElement | null | undefined} */
    const opener = left[0]?.querySelector("[data-open]")
    opener?.click()
  }
}

/** What is listened to already: a source opens again by itself. @type {WeakSet<EventSource>} */
const heard = new WeakSet()

document.body.addEventListener("htmx:sseOpen", (event) => {
  const source = /** @type {CustomEvent<{ source?: EventSource }>} */ (event).detail.source
  if (!source || heard.has(source)) return
  heard.add(source)
  source.addEventListener("changed", (message) => look(message.data))
})
document.body.addEventListener("htmx:afterSettle", goesOn)
setInterval(() => look("all"), LOOKS_EVERY_MS)
