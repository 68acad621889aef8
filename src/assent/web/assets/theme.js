// @ts-check
// Runs before the first paint: no page is ever seen in colours that the reader did not choose.
{
  try {
    const chosen = localStorage.getItem("theme")
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen
  } catch {
    // Storage may be forbidden; then the system's colours are right.
  }
}
