// @ts-check
/**
 * Colours under a plain text field: typing, undo, selection and screen readers stay the browser's
 * own. What a part of the text is, `assent.policy.highlight` decides in the same way.
 */

const PIECE =
  /(?<comment>\/\/[^\n]*)|(?<text>"(?:[^"\\\n]|\\.)*"?)|(?<annotation>@\s*[A-Za-z_]\w*)|(?<number>\b\d+\b)|(?<word>[A-Za-z_]\w*)|(?<sign>::|==|!=|<=|>=|&&|\|\||[^\w\s])|(?<space>\s+|\w+)/g
const EFFECTS = new Set(["permit", "forbid"])
const WORDS = new Set(["when", "unless", "in", "is", "has", "like", "if", "then", "else", "true", "false"])
const PLACES = new Set(["principal", "action", "resource", "context"])
/** Above this it would be felt at every key. */
const LONGEST = 60_000

/** @param {string} word @param {string} text @param {number} end @returns {string} */
function kindOf(word, text, end) {
  if (EFFECTS.has(word)) return "effect"
  if (WORDS.has(word)) return "keyword"
  if (PLACES.has(word)) return "place"
  return text.startsWith("::", end) ? "type" : "name"
}

/** The pieces of a text, each with its kind; joined they are the text. @param {string} text @returns {{text: string, kind: string}[]} */
export function pieces(text) {
  return Array.from(text.matchAll(PIECE), (match) => {
    const named = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined)
    const kind = named?.[0] ?? "space"
    const end = (match.index ?? 0) + match[0].length
    return { text: match[0], kind: kind === "word" ? kindOf(match[0], text, end) : kind }
  })
}

/** @param {HTMLElement} code @param {string} text */
function colour(code, text) {
  const spans = (text.length > LONGEST ? [{ text, kind: "plain" }] : pieces(text)).map((piece) => {
    const span = document.createElement("span")
    span.className = `c-${piece.kind}`
    span.textContent = piece.text
    return span
  })
  // A last empty line has a height only when something is on it.
  code.replaceChildren(...spans, "\n")
}

/** @param {HTMLElement} editor */
function begin(editor) {
  const area = /** @type {HTMLTextAreaElement} */ (editor.querySelector("textarea"))
  const code = /** @type {HTMLElement} */ (editor.querySelector("[data-colours]"))
  const under = /** @type {HTMLElement} */ (editor.querySelector("pre"))
  let tabs = false
  const show = () => colour(code, area.value)
  const follow = () => {
    under.scrollTop = area.scrollTop
    under.scrollLeft = area.scrollLeft
  }
  area.addEventListener("input", show)
  area.addEventListener("scroll", follow)
  area.addEventListener("keydown", (event) => {
    // Tab moves on, so that nobody is caught in the field (WCAG 2.2, 2.1.2), unless they chose otherwise.
    if (event.key === "m" && event.ctrlKey) {
      tabs = !tabs
      event.preventDefault()
    } else if (event.key === "Tab" && tabs && !event.shiftKey) {
      event.preventDefault()
      area.setRangeText("  ", area.selectionStart, area.selectionEnd, "end")
      area.dispatchEvent(new Event("input", { bubbles: true }))
    }
  })
  editor.classList.add("coloured")
  show()
}

/** Leads to the place that a problem is about. @param {HTMLElement} button */
function go(button) {
  const area = /** @type {HTMLTextAreaElement | null} */ (document.querySelector("[data-editor] textarea"))
  if (!area) return
  const lines = area.value.split("\n")
  const line = Math.min(Number(button.dataset.line), lines.length)
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0)
  const at = start + Math.min(Number(button.dataset.column) - 1, lines[line - 1].length)
  area.focus()
  area.setSelectionRange(at, at)
  area.scrollTop = (line - 4) * parseFloat(getComputedStyle(area).lineHeight)
}

if (typeof document !== "undefined") {
  for (const editor of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-editor]"))) begin(editor)
  document.addEventListener("click", (event) => {
    const button = event.target instanceof HTMLElement ? event.target.closest("button[data-line]") : null
    if (button instanceof HTMLElement) go(button)
  })
}
