// @ts-check
/** The console's frame: colours, keys, and what copies commands. Pages work without it. */

/** What moves as one item under `j` and `k`. */
const ITEMS = "[data-item], article.card, ul.rows > li"

/** What was pressed before, while it may begin a sequence. */
let before = ""

/** @param {string} name @returns {string} */
function kept(name) {
  try {
    return localStorage.getItem(name) ?? ""
  } catch {
    return ""
  }
}

/** @param {string} name @param {string} value */
function keep(name, value) {
  try {
    if (value) localStorage.setItem(name, value)
    else localStorage.removeItem(name)
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

/** Lets the reader choose the colours. */
function theme() {
  const choice = /** @type {HTMLSelectElement | null} */ (document.getElementById("theme"))
  if (!choice) return
  choice.closest("label")?.removeAttribute("hidden")
  choice.value = kept("theme")
  choice.addEventListener("change", () => {
    keep("theme", choice.value)
    if (choice.value) document.documentElement.dataset.theme = choice.value
    else delete document.documentElement.dataset.theme
  })
}

/** @returns {HTMLDialogElement | null} */
const keys = () => /** @type {HTMLDialogElement | null} */ (document.getElementById("keys"))

/** Lets the reader see the keys, and do without them (WCAG 2.2, 2.1.4). */
function shortcuts() {
  const button = document.getElementById("asks-keys")
  button?.removeAttribute("hidden")
  button?.addEventListener("click", () => keys()?.showModal())
  const on = /** @type {HTMLInputElement | null} */ (document.getElementById("keys-on"))
  if (!on) return
  on.checked = kept("keys") !== "off"
  on.addEventListener("change", () => keep("keys", on.checked ? "" : "off"))
}

/** @param {EventTarget | null} element @returns {boolean} whether somebody is typing there */
function types(element) {
  return element instanceof HTMLElement && (element.isContentEditable || element.matches("input, textarea, select"))
}

/** @param {Element} item @returns {HTMLElement | null} what opens it */
const opener = (item) => item.querySelector("[data-open], summary, h2 a[href], a[href]")

/** Where the reader is: an item of the page and its place among them, -1 for nowhere. */
const here = { id: "", place: -1 }

/** @returns {HTMLElement[]} */
const items = () => Array.from(document.querySelectorAll(ITEMS))

/** @returns {HTMLElement | null} the item that has the focus, or what is in it */
const current = () => /** @type {HTMLElement | null} */ (document.activeElement?.closest(ITEMS) ?? null)

/** Keeps in mind where the reader is; an item may be replaced while they are on it. */
function arrived() {
  const item = current()
  here.id = item?.id ?? ""
  here.place = item ? items().indexOf(item) : -1
}

/** @param {HTMLElement | undefined} item */
function to(item) {
  if (!item) return
  if (!item.hasAttribute("tabindex")) item.tabIndex = -1
  item.focus({ preventScroll: true })
  item.scrollIntoView({ block: "nearest" })
}

/** Puts the focus back where it was when what had it was replaced, or onto what follows. */
function back() {
  if (here.place < 0 || document.activeElement !== document.body) return
  to(document.getElementById(here.id) ?? items()[here.place] ?? items().at(-1))
}

/** @param {number} step */
function move(step) {
  const all = items()
  const item = current()
  const place = item ? all.indexOf(item) + step : step > 0 ? 0 : all.length - 1
  to(all[Math.max(0, Math.min(all.length - 1, place))])
}

/** Goes to the first answer of the item; to give it is another key. */
function toAnswer() {
  const item = current() ?? document.querySelector(ITEMS)
  /** @type {HTMLElement | null | undefined} */
  const button = item?.querySelector("[data-approve], button.assent")
  button?.focus()
}

function toSearch() {
  /** @type {HTMLInputElement | null} */
  const field = document.querySelector("[role=search] input")
  if (field) field.focus()
  else location.assign("/search")
}

/** @param {string} key @returns {boolean} whether it led somewhere */
function go(key) {
  /** @type {HTMLAnchorElement | null} */
  const link = /^[a-z]$/.test(key) ? document.querySelector(`.places a[data-key="${key}"]`) : null
  if (link) location.assign(link.href)
  return link !== null
}

/** @type {Record<string, () => void>} */
const DOES = {
  "?": () => keys()?.showModal(),
  "/": toSearch,
  j: () => move(1),
  k: () => move(-1),
  a: toAnswer,
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
  if (types(event.target) || keys()?.open || kept("keys") === "off") return
  const second = before === "g"
  before = second ? "" : event.key
  if (second && go(event.key)) event.preventDefault()
  else if (!second && event.key === "Enter") {
    const item = event.target instanceof Element && event.target.matches(ITEMS) ? event.target : null
    const found = item && opener(item)
    if (!found) return
    event.preventDefault()
    found.click()
  } else if (!second && Object.hasOwn(DOES, event.key)) {
    event.preventDefault()
    DOES[event.key]?.()
  }
}

/** Shows the buttons that copy, also of what htmx has just brought. */
function copies() {
  if (!navigator.clipboard) return
  for (const button of document.querySelectorAll("[data-copy][hidden]")) button.removeAttribute("hidden")
}

/** @param {MouseEvent} event */
async function copy(event) {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null
  const text = button?.parentElement?.querySelector("code")?.textContent
  if (!button || !text) return
  try {
    await navigator.clipboard.writeText(text)
    button.textContent = "Copied"
  } catch {
    button.textContent = "Could not copy"
  }
  setTimeout(() => (button.textContent = "Copy"), 2000)
}

theme()
shortcuts()
copies()
document.addEventListener("keydown", pressed)
document.addEventListener("focusin", arrived)
document.addEventListener("pointerdown", () => (here.place = -1))
document.addEventListener("click", copy)
document.body.addEventListener("htmx:afterSettle", () => {
  copies()
  back()
})
