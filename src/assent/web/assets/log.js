// @ts-check
/** Says that the log has grown, once it has; what is being read does not move by itself. */

document.body.addEventListener("htmx:sseMessage", () => {
  const said = /** @type {HTMLElement | null} */ (document.querySelector(".grown"))
  if (said) said.hidden = false
})
