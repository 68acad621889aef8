// @ts-check
/** The replay of a session: jumps by keys, ticks in the reader's zone, and the player, when asked for. */

import { player } from "./player.js"

/** @param {EventTarget | null} element @returns {boolean} whether somebody is typing there */
function types(element) {
  return element instanceof HTMLElement && (element.isContentEditable || element.matches("input, textarea, select"))
}

/** @returns {boolean} whether the reader wants keys at all */
function wanted() {
  try {
    return localStorage.getItem("keys") !== "off"
  } catch {
    return true
  }
}

/**
 * Goes to the next step of a kind behind the one that has the focus, and from the last to the first.
 * @param {string} kind
 */
function jump(kind) {
  /** @type {HTMLElement[]} */
  const steps = Array.from(document.querySelectorAll(".play-line[data-kinds]"))
  const here = document.activeElement?.closest(".play-line")
  const place = here ? steps.findIndex((step) => step === here) : -1
  const found = [...steps.slice(place + 1), ...steps.slice(0, place + 1)].find((step) =>
    (step.dataset.kinds ?? "").split(" ").includes(kind),
  )
  found?.focus()
  found?.scrollIntoView({ block: "center" })
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || types(event.target) || !wanted()) return
  if (event.target instanceof Element && event.target.closest("#screen")) return
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("a[data-way], a[data-jump-key]"))) {
    if (event.key === link.dataset.way) location.assign(link.href)
    else if (event.key === link.dataset.jumpKey) jump(link.dataset.jump ?? "")
    else continue
    event.preventDefault()
    return
  }
}

/** Shows the ticks in the reader's zone, with milliseconds where they are near to each other. */
function ticks() {
  /** @type {HTMLTimeElement[]} */
  const shown = Array.from(document.querySelectorAll("time[data-tick]"))
  const [first, second] = shown.map((one) => new Date(one.dateTime))
  if (!first || !second) return
  const apart = second.getTime() - first.getTime()
  /** @type {Intl.DateTimeFormatOptions} */
  const form = { hour: "2-digit", minute: "2-digit", second: "2-digit" }
  if (apart < 2000) form.fractionalSecondDigits = 3
  for (const one of shown) {
    const at = new Date(one.dateTime)
    one.textContent = apart > 86_400_000 ? at.toLocaleDateString() : at.toLocaleTimeString([], form)
    one.title = at.toLocaleString([], { dateStyle: "full", timeStyle: "long" })
  }
  const zone = document.querySelector("[data-zone-name]")
  if (zone) zone.textContent = `Times are in ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`
}

/** @type {{ dispose(): void } | null} */
let playing = null

/** Plays the recording from its beginning, as fast as was chosen. */
async function play() {
  const screen = document.getElementById("screen")
  const cast = document.getElementById("cast")?.textContent
  const speed = /** @type {HTMLSelectElement | null} */ (document.getElementById("speed"))
  if (!screen || !cast) return
  try {
    const found = await player(new URL(import.meta.url).search)
    playing?.dispose()
    playing = found.create({ data: JSON.parse(cast) }, screen, {
      autoPlay: true,
      controls: true,
      fit: "width",
      idleTimeLimit: 2,
      preload: true,
      speed: Number(speed?.value ?? "1"),
      theme: "asciinema",
    })
  } catch (fault) {
    screen.textContent = fault instanceof Error ? fault.message : "the recording cannot be played"
  }
}

ticks()
document.addEventListener("keydown", pressed)
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-jump]") : null
  if (!(link instanceof HTMLElement)) return
  event.preventDefault()
  jump(link.dataset.jump ?? "")
})
const frame = document.getElementById("player")
if (frame && document.getElementById("cast")?.textContent?.length) frame.hidden = false
document.getElementById("play")?.addEventListener("click", play)
document.getElementById("speed")?.addEventListener("change", () => playing && play())
