// @ts-check
/** A session that is watched: keeps the list short, and its end in sight for who looks at the end. */

const list = document.getElementById("steps")
const nothing = document.getElementById("nothing-yet")

/** How near to the end of the page counts as looking at the end, in pixels. */
const NEAR = 120

/** @returns {boolean} */
function atEnd() {
  const page = document.documentElement
  return page.scrollHeight - page.scrollTop - page.clientHeight < NEAR
}

let follows = atEnd()

/** Forgets the oldest lines, and follows the newest. */
function arrived() {
  if (!list) return
  const most = Number(list.dataset.most ?? "500")
  while (list.children.length > most) list.firstElementChild?.remove()
  if (nothing) nothing.hidden = list.children.length > 0
  if (follows) list.lastElementChild?.scrollIntoView({ block: "end" })
}

if (list) {
  addEventListener("scroll", () => (follows = atEnd()), { passive: true })
  new MutationObserver(arrived).observe(list, { childList: true })
  if (nothing) nothing.hidden = list.children.length > 0
}
