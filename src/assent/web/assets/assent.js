// @ts-check
/** What the page does by itself: counts down, shows times in the reader's zone, says if it is live. */

/** How far this machine's clock is behind the server's, in milliseconds. */
let behind = 0

/** The cards in their order, when they were last looked at. @type {string[] | null} */
let order = null

/** @param {number} number @returns {string} */
const padded = (number) => String(number).padStart(2, "0")

/**
 * A span of time as people read it on a clock that runs down.
 * @param {number} seconds
 * @returns {string}
 */
export function remaining(seconds) {
  return seconds <= 0 ? "time is up" : `${clock(seconds)} left`
}

/** @param {number} seconds @returns {string} */
function clock(seconds) {
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  const rest = padded(seconds % 60)
  return hours ? `${hours}:${padded(minutes)}:${rest}` : `${minutes}:${rest}`
}

/** @param {Date} at @param {Date} now @returns {string} */
function local(at, now) {
  const today = at.toDateString() === now.toDateString()
  /** @type {Intl.DateTimeFormatOptions} */
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit" }
  return today ? at.toLocaleTimeString([], time) : at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" })
}

/** @param {HTMLTimeElement} element @param {number} now */
function count(element, now) {
  const deadline = new Date(element.dateTime)
  const seconds = Math.ceil((deadline.getTime() - now) / 1000)
  const text = remaining(seconds)
  if (element.textContent !== text) element.textContent = text
  if (!element.title) element.title = `until ${deadline.toLocaleString()}`
  element.classList.toggle("soon", seconds <= 60)
}

function tick() {
  const now = Date.now() + behind
  /** @type {NodeListOf<HTMLTimeElement>} */
  const deadlines = document.querySelectorAll("time[data-countdown]")
  for (const element of deadlines) count(element, now)
  /** @type {NodeListOf<HTMLTimeElement>} */
  const begun = document.querySelectorAll("time[data-elapsed]")
  for (const element of begun) {
    const seconds = Math.max(0, Math.floor((now - new Date(element.dateTime).getTime()) / 1000))
    element.textContent = clock(seconds)
  }
}

/** Shows what the server has just sent in the reader's zone, before anybody reads it otherwise. */
function times() {
  /** @type {HTMLElement | null} */
  const page = document.querySelector("[data-now]")
  if (page) behind = new Date(page.dataset.now ?? "").getTime() - Date.now()
  /** @type {NodeListOf<HTMLTimeElement>} */
  const shown = document.querySelectorAll("time[data-local]")
  for (const element of shown) {
    // To say a time in words is slow, and there may be a thousand of them.
    if (element.dataset.local === element.dateTime) continue
    element.dataset.local = element.dateTime
    const at = new Date(element.dateTime)
    element.textContent = local(at, new Date())
    element.title = at.toLocaleString([], { dateStyle: "full", timeStyle: "long" })
  }
  tick()
}

/** Looks at what the server has just sent. */
function look() {
  /** @type {HTMLElement | null} */
  const page = document.querySelector("[data-now]")
  times()
  if (page) title(page)
  zones()
  guard()
  fade()
}

/** Times that somebody types are meant in their own zone, where nobody has said another one. */
function zones() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  /** @type {NodeListOf<HTMLInputElement>} */
  const fields = document.querySelectorAll("input[data-zone]")
  for (const field of fields) if (zone && field.value === field.defaultValue) field.value = zone
}

/** Good news fade; what went wrong stays until the next answer. */
function fade() {
  const said = document.querySelector("#said .good")
  if (said) setTimeout(() => said.remove(), 8000)
}

/** @param {HTMLElement} cards */
function title(cards) {
  const name = document.getElementById("region")?.dataset.title ?? "Assent"
  const further = Number(cards.dataset.further ?? 0)
  const shown = document.querySelectorAll("#region article.card").length
  const waiting = cards.dataset.page === "inbox" ? shown + further : 0
  document.title = waiting ? `(${waiting}) ${name} · Assent` : `${name} · Assent`
}

/** Marks cards that are new; when cards move, a click meant for another one must not count. */
function guard() {
  const cards = Array.from(document.querySelectorAll("article.card"))
  const now = cards.map((card) => card.id)
  const before = new Set(order ?? now)
  for (const card of cards) card.classList.toggle("arrived", !before.has(card.id))
  const region = document.getElementById("region")
  // What comes behind all others moves none of them.
  const stay = now.slice(0, before.size).join() === (order ?? now).join()
  if (region && before.size && !stay) {
    region.classList.add("moved")
    setTimeout(() => region.classList.remove("moved"), 600)
  }
  order = now
}

/** @param {"yes" | "wait" | "no"} state @param {string} words */
function live(state, words) {
  const element = document.getElementById("live")
  if (!element) return
  element.dataset.live = state
  const text = element.querySelector("span")
  if (text) text.textContent = words
}

// A page that hears nothing by itself is not "connecting" to anything.
if (!document.querySelector("[sse-connect]")) document.getElementById("live")?.remove()

document.body.addEventListener("htmx:sseOpen", () => live("yes", "live"))
document.body.addEventListener("htmx:sseError", () => live("no", "reconnecting"))
document.body.addEventListener("htmx:sseClose", () => live("no", "not live"))
document.body.addEventListener("htmx:sendError", () => live("no", "no connection"))
document.body.addEventListener("htmx:afterSwap", times)
document.body.addEventListener("htmx:afterSettle", look)
look()
setInterval(tick, 1000)
