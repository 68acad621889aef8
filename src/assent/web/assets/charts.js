// @ts-check
/** Draws plots anew from the tables beside them, with axes, in the colours of the page. */

/**
 * @typedef {{ destroy(): void, setSize(size: { width: number, height: number }): void,
 *   ctx: CanvasRenderingContext2D, bbox: { left: number, top: number, width: number, height: number },
 *   valToPos(value: number, scale: string, canvas: boolean): number }} Drawn
 * @typedef {(number | null)[]} Values
 * @typedef {{ axis: number[], names: string[], tones: string[], values: Values[], marks: { at: number, tone: string }[] }} Table
 */

const HEIGHT = 180
const DAY = 86_400
const SPANS = [0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 18_000, 36_000, DAY, 7 * DAY]
/** @type {any} */
const uPlot = /** @type {any} */ (globalThis).uPlot
const COLOURS = /** @type {Record<string, string>} */ ({
  accent: "--accent", good: "--shade-4", warn: "--shade-1", danger: "--shade-0", soft: "--soft",
})
/** @type {Map<HTMLElement, Drawn>} */
const drawn = new Map()

/** A canvas knows no light-dark(): the colour is asked of an element that has it. @param {string} token */
function colour(token) {
  const probe = document.createElement("i")
  probe.style.color = `var(${token})`
  document.body.append(probe)
  const found = getComputedStyle(probe).color
  probe.remove()
  return found
}

/** @param {HTMLElement} figure @returns {Table} */
function tableOf(figure) {
  const heads = Array.from(figure.querySelectorAll("thead th[data-tone]"))
  const rows = Array.from(figure.querySelectorAll("tbody tr"))
  return {
    axis: rows.map((row) => Number(row.querySelector("th")?.getAttribute("data-at"))),
    names: heads.map((head) => head.textContent ?? ""),
    tones: heads.map((head) => head.getAttribute("data-tone") ?? "accent"),
    values: heads.map((_, place) =>
      rows.map((row) => {
        const text = row.querySelectorAll("td")[place]?.getAttribute("data-value") ?? ""
        return text === "" ? null : Number(text)
      }),
    ),
    marks: Array.from(figure.querySelectorAll("[data-mark]")).map((mark) => ({
      at: Number(mark.getAttribute("data-mark")),
      tone: mark.getAttribute("data-tone") ?? "warn",
    })),
  }
}

/** Bars stand on those before them. @param {Values[]} values @returns {Values[]} */
function stacked(values) {
  return values.map((_, place) =>
    (values[0] ?? []).map((_, at) => values.slice(0, place + 1).reduce((sum, one) => sum + (one[at] ?? 0), 0)),
  )
}

/** @param {number} value @param {string} unit */
function words(value, unit) {
  if (unit !== "s") return value >= 10_000 ? `${Math.round(value / 1000)}k` : `${value}`
  if (value >= 3600) return `${Math.round(value / 360) / 10} h`
  return value >= 60 ? `${Math.round(value / 6) / 10} min` : `${Math.round(value * 10) / 10} s`
}

/** @param {number} at seconds since 1970 @param {number} step between two places */
function instant(at, step) {
  /** @type {Intl.DateTimeFormatOptions} */
  const form = step >= DAY ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }
  return new Intl.DateTimeFormat("en-GB", { ...form, timeZone: "UTC" }).format(at * 1000)
}

/** @param {Drawn} plot @param {Table} table */
function drawMarks(plot, table) {
  const { ctx, bbox } = plot
  for (const mark of table.marks) {
    const x = plot.valToPos(mark.at, "x", true)
    ctx.save()
    ctx.strokeStyle = colour(COLOURS[mark.tone] ?? "--soft")
    ctx.lineWidth = 2 * devicePixelRatio
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    ctx.restore()
  }
}

/** @param {HTMLElement} figure @param {Element} place @param {Table} table */
function options(figure, place, table) {
  const bars = figure.dataset.plot === "bars"
  const isTime = "time" in figure.dataset
  const soft = colour("--soft")
  const axis = { stroke: soft, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" }
  const step = table.axis.length > 1 ? (table.axis[1] ?? 0) - (table.axis[0] ?? 0) : 1
  const series = table.names.map((name, at) => {
    const ink = colour(COLOURS[table.tones[at] ?? ""] ?? "--accent")
    if (!bars) return { label: name, stroke: ink, width: 2, points: { show: true, size: 6, fill: ink }, spanGaps: false }
    return { label: name, stroke: ink, fill: ink, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.8, 40] }) }
  })
  return {
    width: place.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: (/** @type {unknown} */ _, /** @type {number} */ low, /** @type {number} */ high) => (bars ? [low - step / 2, high + step / 2] : [low, high]) },
      y: { range: (/** @type {unknown} */ _, /** @type {number} */ low, /** @type {number} */ high) => [Math.min(0, low), Math.max(1, high * 1.08)] },
    },
    axes: [
      { ...axis, space: 70, incrs: isTime ? (step >= DAY ? [DAY, 2 * DAY, 7 * DAY] : [3600, 7200, 10_800, 21_600, 43_200]) : undefined, values: (/** @type {unknown} */ _, /** @type {number[]} */ ticks) => ticks.map((tick) => (isTime ? instant(tick, step) : `${tick}`)) },
      { ...axis, size: 64, incrs: figure.dataset.unit === "s" ? SPANS : undefined, values: (/** @type {unknown} */ _, /** @type {number[]} */ ticks) => ticks.map((tick) => words(tick, figure.dataset.unit ?? "")) },
    ],
    // The highest of a stack is drawn first, so that the lower ones stand before it.
    series: [{}, ...(bars ? series.reverse() : series)],
    hooks: { draw: [(/** @type {Drawn} */ plot) => drawMarks(plot, table)] },
  }
}

/** @param {HTMLElement} figure */
function draw(figure) {
  const place = figure.querySelector(".drawing")
  if (!(place instanceof HTMLElement) || place.clientWidth === 0) return
  drawn.get(figure)?.destroy()
  const table = tableOf(figure)
  const bars = figure.dataset.plot === "bars"
  const values = bars ? stacked(table.values).reverse() : table.values
  place.classList.add("live")
  drawn.set(figure, new uPlot(options(figure, place, table), [table.axis, ...values], place))
}

function drawAll() {
  for (const figure of document.querySelectorAll("figure[data-plot]")) if (figure instanceof HTMLElement) draw(figure)
}

if (uPlot) {
  drawAll()
  document.getElementById("theme")?.addEventListener("change", () => requestAnimationFrame(drawAll))
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll)
  let width = document.documentElement.clientWidth
  addEventListener("resize", () => {
    if (width === document.documentElement.clientWidth) return
    width = document.documentElement.clientWidth
    for (const [figure, plot] of drawn) {
      const place = figure.querySelector(".drawing")
      if (place) plot.setSize({ width: place.clientWidth, height: HEIGHT })
    }
  })
}
