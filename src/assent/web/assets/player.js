// @ts-check
/** The vendored player of terminals, loaded when it is first asked for. */

/**
 * What the player is told by whatever feeds it.
 * @typedef {(event: string, data?: unknown) => void} Dispatch
 * @typedef {{ play(): boolean, stop(): void, getCurrentTime(): number | null }} Feed
 * @typedef {{ data: string } | ((callbacks: { dispatch: Dispatch }) => Feed)} Source
 * @typedef {{ dispose(): void }} Playing
 * @typedef {{ create(source: Source, element: HTMLElement, options: Record<string, unknown>): Playing }} Player
 */

/** @type {Promise<Player> | null} */
let loading = null

/**
 * @param {string} version what the address of a script ends with
 * @returns {Promise<Player>}
 */
export function player(version) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = `/assets/vendor/asciinema-player.min.js${version}`
    script.addEventListener("load", () => resolve(/** @type {any} */ (window).AsciinemaPlayer))
    script.addEventListener("error", () => reject(new Error("the player could not be loaded")))
    document.head.append(script)
  })
  return loading
}
