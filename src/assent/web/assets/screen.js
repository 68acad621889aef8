// @ts-check
/** The terminals of a session that goes on: each as it is now, the newest one in sight. */

import { player } from "./player.js"

/**
 * What a terminal showed: number of the frame, terminal, code (`o` output, `r` size, `x` left out), data.
 * @typedef {[number, number, string, string]} Shown
 * @typedef {{ events: Array<[string, string]>, kept: number, size: string, tell: import("./player.js").Dispatch | null }} Terminal
 */

/** Characters of a terminal that are kept, to show it again. */
const MOST = 1_000_000
const VERSION = new URL(import.meta.url).search

const section = document.getElementById("player")
const screen = document.getElementById("screen")
const choice = /** @type {HTMLSelectElement | null} */ (document.getElementById("terminal"))

/** @type {Map<number, Terminal>} */
const terminals = new Map()
/** @type {import("./player.js").Playing | null} */
let playing = null
let current = 0
let last = 0

/** @param {string} size @returns {{ cols: number, rows: number }} */
function sized(size) {
  const [cols, rows] = size.split("x").map(Number)
  return { cols: Math.min(Math.max(cols || 80, 1), 500), rows: Math.min(Math.max(rows || 24, 1), 200) }
}

/** @param {import("./player.js").Dispatch} tell @param {string} code @param {string} data */
function pass(tell, code, data) {
  if (code === "r") tell("resize", sized(data))
  else tell("output", data)
}

/** @param {Terminal} terminal @returns {import("./player.js").Source} */
function fed(terminal) {
  return ({ dispatch }) => ({
    play() {
      dispatch("play")
      dispatch("reset", { size: sized(terminal.size) })
      for (const [code, data] of terminal.events) pass(dispatch, code, data)
      dispatch("playing")
      terminal.tell = dispatch
      return true
    },
    stop: () => void (terminal.tell = null),
    getCurrentTime: () => null,
  })
}

/** Shows one of the terminals. @param {number} key */
async function show(key) {
  const terminal = terminals.get(key)
  if (!terminal || !screen || !section) return
  current = key
  section.hidden = false
  if (choice) choice.value = String(key)
  try {
    const found = await player(VERSION)
    if (current !== key) return
    playing?.dispose()
    for (const one of terminals.values()) one.tell = null
    playing = found.create(fed(terminal), screen, { autoPlay: true, controls: false, fit: "width", theme: "asciinema" })
  } catch (fault) {
    screen.textContent = fault instanceof Error ? fault.message : "the terminal cannot be shown"
  }
}

/** @param {number} key @returns {Terminal} */
function opened(key) {
  const known = terminals.get(key)
  if (known) return known
  /** @type {Terminal} */
  const made = { events: [], kept: 0, size: "80x24", tell: null }
  terminals.set(key, made)
  choice?.append(new Option(String(terminals.size), String(key)))
  const label = choice?.closest("label")
  if (label) label.hidden = terminals.size < 2
  return made
}

/** @param {Terminal} terminal @param {string} code @param {string} data */
function keep(terminal, code, data) {
  terminal.events.push([code, data])
  terminal.kept += data.length
  while (terminal.kept > MOST) {
    const [gone, text] = terminal.events.shift() ?? ["", ""]
    terminal.kept -= text.length
    if (gone === "r") terminal.size = text
  }
}

/** @param {Shown[]} shown */
function take(shown) {
  let newest = 0
  for (const [number, key, code, data] of shown) {
    // A stream that was away for a moment begins again with what was shown.
    if (number <= last) continue
    last = number
    if (code === "x") {
      document.getElementById("cut")?.removeAttribute("hidden")
      continue
    }
    if (!terminals.has(key)) newest = key
    const terminal = opened(key)
    if (code === "r" && !terminal.events.length) terminal.size = data
    keep(terminal, code, data)
    if (terminal.tell) pass(terminal.tell, code, data)
  }
  if (newest) show(newest)
}

if (section) {
  document.body.addEventListener("htmx:sseBeforeMessage", (event) => {
    const told = /** @type {CustomEvent} */ (event).detail
    if (!(event.target instanceof Element) || event.target.id !== "feed") return
    event.preventDefault()
    take(JSON.parse(told.data))
  })
  choice?.addEventListener("change", () => show(Number(choice.value)))
  take(JSON.parse(document.getElementById("begun")?.textContent || "[]"))
}
