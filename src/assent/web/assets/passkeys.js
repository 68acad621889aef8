// @ts-check
/** Passkeys: made, used to sign in and to confirm, and to sign answers (WebAuthn Level 3). */

const MINUTES = 4
/** Shorter than what the server takes a challenge for. */
const RENEWED_MS = MINUTES * 60_000

/** Something that the person is told. */
class Trouble extends Error {}

/** @type {AbortController | null} The sign-in that waits behind the name field. */
let waiting = null
let busy = false

/** @param {string} text base64url @returns {Uint8Array<ArrayBuffer>} */
function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"))
  return Uint8Array.from(plain, (character) => character.charCodeAt(0))
}

/** @param {ArrayBuffer | null | undefined} buffer @returns {string} */
function base64(buffer) {
  return btoa(Array.from(new Uint8Array(buffer ?? new ArrayBuffer(0)), (byte) => String.fromCharCode(byte)).join(""))
}

/** @param {ArrayBuffer | null | undefined} buffer @returns {string} */
const base64url = (buffer) => base64(buffer).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")

/** @param {{id: string, transports?: string[]}[]} [known] @returns {PublicKeyCredentialDescriptor[]} */
const descriptors = (known) =>
  (known ?? []).map((one) => ({
    id: bytes(one.id),
    type: "public-key",
    ...(one.transports?.length ? { transports: /** @type {AuthenticatorTransport[]} */ (one.transports) } : {}),
  }))

/** @param {string} path @param {FormData | null} form @returns {Promise<any>} */
async function asked(path, form) {
  const answer = await fetch(path, form ? { method: "POST", body: new URLSearchParams(/** @type {any} */ (form)) } : {})
  const said = await answer.json().catch(() => ({}))
  if (said.confirm) location.assign(`/step-up?next=${encodeURIComponent(location.pathname)}`)
  if (!answer.ok) throw new Trouble(said.error ?? "The server does not answer. Load the page again.")
  return said
}

/** @param {unknown} error @returns {string} */
function words(error) {
  if (error instanceof Trouble) return error.message
  const name = error instanceof Error ? error.name : ""
  if (name === "NotAllowedError") return "No passkey was used: it was cancelled, took too long, or there is none on this device."
  if (name === "InvalidStateError") return "This device has a passkey of yours already."
  if (name === "SecurityError") return "The browser does not use passkeys at this address."
  return `The browser could not use a passkey${name ? ` (${name})` : ""}.`
}

/** What a person typed into a form is sent on; its passkey's answer goes into `credential`. @param {any} options */
async function made(options) {
  const credential = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: descriptors(options.excludeCredentials),
    },
  })
  const key = /** @type {PublicKeyCredential} */ (credential)
  const response = /** @type {AuthenticatorAttestationResponse} */ (key.response)
  return answered(key, {
    attestationObject: base64url(response.attestationObject),
    clientDataJSON: base64url(response.clientDataJSON),
    transports: response.getTransports?.() ?? [],
  })
}

/** @param {any} options @param {CredentialRequestOptions} [how] */
async function used(options, how = {}) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: descriptors(options.allowCredentials),
  }
  const key = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey, ...how }))
  const response = /** @type {AuthenticatorAssertionResponse} */ (key.response)
  return answered(key, {
    authenticatorData: base64url(response.authenticatorData),
    clientDataJSON: base64url(response.clientDataJSON),
    signature: base64url(response.signature),
    userHandle: base64url(response.userHandle),
  })
}

/** @param {PublicKeyCredential} key @param {object} response @returns {string} */
const answered = (key, response) =>
  JSON.stringify({ id: key.id, rawId: base64url(key.rawId), type: key.type, response, clientExtensionResults: {} })

/** The field of a form, made where it is not there. @param {HTMLFormElement} form @param {string} name @param {string} value */
function put(form, name, value) {
  let field = form.querySelector(`input[name="${name}"]`)
  if (!(field instanceof HTMLInputElement)) {
    field = document.createElement("input")
    field.setAttribute("type", "hidden")
    field.setAttribute("name", name)
    form.append(field)
  }
  field.setAttribute("value", value)
}

/**
 * Says something where news do not wipe it away: at the page's own place for that, if it has one.
 * @param {HTMLFormElement} form @param {string} text @param {HTMLElement} [more]
 */
function tell(form, text, more) {
  document.querySelector(".passkey-said")?.remove()
  if (!text) return
  const place = document.getElementById("said")
  const said = document.createElement("p")
  said.className = place ? "bad passkey-said" : "error passkey-said"
  said.setAttribute("role", "alert")
  said.textContent = text
  if (more) said.append(" ", more)
  if (place) place.replaceChildren(said)
  else form.prepend(said)
}

/** The form as it is on the page now: news may have replaced it while the person looked at their key. @param {HTMLFormElement} form */
function here(form) {
  if (form.isConnected) return form
  const same = Array.from(document.forms).find(
    (one) => one.getAttribute("action") === form.getAttribute("action") && one.dataset.passkey === form.dataset.passkey,
  )
  if (!same) throw new Trouble("It is settled meanwhile; nothing was sent.")
  return same
}

/** Sends a form for good, by the same button, so that whatever else listens to it sees a click. @param {HTMLFormElement} form @param {HTMLElement | null} by */
function send(form, by) {
  const name = by?.getAttribute("name")
  const buttons = Array.from(form.querySelectorAll("button"))
  const button =
    buttons.find((one) => one === by) ??
    buttons.find((one) => name && one.name === name && one.value === by?.getAttribute("value")) ??
    buttons.find((one) => one.type === "submit")
  form.dataset.ready = "yes"
  if (button) button.click()
  else form.requestSubmit()
  delete form.dataset.ready
}

/** What says which passkey is meant: one button of a form, or the form. @param {HTMLFormElement} form @param {HTMLElement | null} by */
const asking = (form, by) => (by?.dataset.passkey ? by : form)

/** @param {HTMLFormElement} form @param {HTMLElement | null} by */
async function ceremony(form, by) {
  waiting?.abort("another one")
  const { passkey, options: path = "" } = asking(form, by).dataset
  const options = await asked(path, new FormData(form))
  const credential = passkey === "create" ? await made(options) : await used(options)
  const now = here(form)
  put(now, "credential", credential)
  send(now, by)
}

/** The form as it is on the page now, where it is still about what they saw. @param {HTMLFormElement} form */
function unchanged(form) {
  const now = here(form)
  if (now.dataset.shown !== form.dataset.shown) {
    throw new Trouble("What you answered has changed meanwhile. Nothing was answered: look again.")
  }
  return now
}

/**
 * Lets the person's passkey sign an answer, and puts the signature into the form's fields.
 * @param {HTMLFormElement} form @param {HTMLElement | null} [by] the button that was pressed
 * @returns {Promise<HTMLFormElement>} the form to send
 */
export async function signForm(form, by = null) {
  const verdict = by?.getAttribute("name") === "verdict" ? by.getAttribute("value") : form.dataset.sign
  const signer = await asked("/account/passkeys/signer", null)
  if (!signer.keys.length) {
    if (form.dataset.mustSign && verdict !== "reject") {
      throw new Trouble("This must be signed, and you have no passkey for this site yet: make one under Account, Passkeys, or answer on the command line.")
    }
    return unchanged(form)
  }
  const about = verdict === "offer" ? await asked(`${form.getAttribute("action")}/shown`, new FormData(form)) : form.dataset
  const message = `assent-approval-v1\n${verdict}\n${form.dataset.request}\n${about.digest}\n${about.shown}\n`
  const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(message))
  const credential = await navigator.credentials.get({
    publicKey: {
      rpId: signer.rp_id,
      challenge,
      allowCredentials: descriptors(signer.keys.map((/** @type {any} */ one) => ({ id: one.credential_id, transports: one.transports }))),
      userVerification: "required",
      timeout: 120_000,
    },
  })
  const key = /** @type {PublicKeyCredential} */ (credential)
  const response = /** @type {AuthenticatorAssertionResponse} */ (key.response)
  const now = unchanged(form)
  put(now, "shown", about.shown)
  put(now, "signature_key", signer.keys.find((/** @type {any} */ one) => one.credential_id === key.id)?.key ?? "")
  put(now, "signature", base64(response.signature))
  put(now, "authenticator_data", base64(response.authenticatorData))
  put(now, "client_data", base64(response.clientDataJSON))
  return now
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} by */
async function signing(form, by) {
  const shown = form.dataset.shown
  try {
    send(await signForm(form, by), by)
  } catch (error) {
    const now = here(form)
    const cancelled = error instanceof Error && error.name === "NotAllowedError"
    const free = !form.dataset.mustSign || by?.getAttribute("value") === "reject"
    if (!cancelled || !free || now.dataset.shown !== shown) {
      tell(now, `${words(error)}${cancelled ? " Nothing was answered." : ""}`)
      return
    }
    const button = document.createElement("button")
    button.type = "button"
    button.textContent = "Answer without a signature"
    button.addEventListener("click", () => {
      tell(now, "")
      send(here(now), by)
    })
    tell(now, `${words(error)} Nothing was answered.`, button)
  }
}

/** @param {SubmitEvent} event */
function submitted(event) {
  const form = event.target
  if (!(form instanceof HTMLFormElement) || form.dataset.ready) return
  const by = event.submitter instanceof HTMLElement ? event.submitter : null
  const signs = form.dataset.sign !== undefined
  if (!signs && !asking(form, by).dataset.passkey) return
  if (signs && !available()) {
    if (!form.dataset.mustSign) return
    event.preventDefault()
    event.stopImmediatePropagation()
    tell(form, "This browser has no passkeys at this address, and this must be signed; answer on the command line.")
    return
  }
  event.preventDefault()
  event.stopImmediatePropagation()
  if (busy) return
  busy = true
  tell(form, "")
  const doing = signs ? signing(form, by) : ceremony(form, by)
  doing
    .catch((error) => {
      tell(form.isConnected ? form : here(form), words(error))
    })
    .finally(() => {
      busy = false
      if (form.dataset.conditional) void offered(form)
    })
}

/** @returns {boolean} */
const available = () => window.isSecureContext && "credentials" in navigator && "PublicKeyCredential" in window

/** Offers passkeys among what the browser fills into the name field. @param {HTMLFormElement} form */
async function offered(form) {
  const can = await window.PublicKeyCredential.isConditionalMediationAvailable?.()
  const name = document.querySelector("input[autocomplete~='webauthn']")
  if (!can || !name) return
  for (;;) {
    waiting = new AbortController()
    const mine = waiting
    const timer = setTimeout(() => mine.abort("renewed"), RENEWED_MS)
    try {
      const options = await asked(form.dataset.options ?? "", new FormData(form))
      const credential = await used(options, { mediation: "conditional", signal: mine.signal })
      put(form, "credential", credential)
      send(form, null)
      return
    } catch (error) {
      // Whoever does nothing is offered it again; everything else they can still do by the button.
      if (mine.signal.reason !== "renewed") return
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Shows what needs a script and passkeys, and a name for the new one. */
function begin() {
  if (!available()) return
  /** @type {NodeListOf<HTMLElement>} */
  const hidden = document.querySelectorAll("[data-needs-passkeys]")
  for (const element of hidden) element.hidden = false
  /** @type {HTMLInputElement | null} */
  const name = document.querySelector("form[data-passkey='create'] input[name='name']")
  const system = /** @type {any} */ (navigator).userAgentData?.platform
  if (name && !name.value && system) name.value = `${system} passkey`
  /** @type {HTMLFormElement | null} */
  const conditional = document.querySelector("form[data-conditional]")
  if (conditional && !waiting) void offered(conditional)
}

document.addEventListener("submit", submitted, { capture: true })
document.body.addEventListener("htmx:afterSettle", begin)
begin()
