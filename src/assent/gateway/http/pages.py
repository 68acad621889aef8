"""The few pages that people see on a target's host and that are ours: wait, no, and trouble."""

from html import escape

import msgspec
from aiohttp import web

_STYLE = """
:root{color-scheme:light dark;--ink:#1d2430;--mute:#5b6472;--line:#d9dde3;--ground:#f7f8fa}
@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--mute:#9aa3b2;--line:#333a46;--ground:#14181f}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;
background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:38rem;padding:2rem}h1{font-size:1.4rem;margin:0 0 .75rem}
p{margin:.4rem 0;overflow-wrap:anywhere}.mute{color:var(--mute);font-size:.9rem}
a{color:inherit}button{font:inherit;padding:.4rem 1rem;border:1px solid var(--line);
border-radius:6px;background:transparent;color:inherit;cursor:pointer}
.bar{height:2px;margin:1.2rem 0;background:var(--line);overflow:hidden}
.bar i{display:block;width:30%;height:100%;background:var(--ink);animation:go 1.6s infinite}
@keyframes go{from{margin-left:-30%}to{margin-left:100%}}
@media(prefers-reduced-motion:reduce){.bar i{animation:none;width:100%}}
"""
# Asks whether there is news, again and again, and goes on by itself: what was held is sent again.
_SCRIPT = """
const go = () => { const f = document.forms.namedItem('again');
  if (f) f.submit(); else location.reload(); };
const look = async () => { let wait = 1000;
  for (;;) { try {
      const r = await fetch(NEWS, {headers: {accept: 'application/json'}, cache: 'no-store'});
      if (!r.ok) { go(); return; }
      const said = await r.json();
      if (!said.waiting) { go(); return; }
      wait = 200;
    } catch (e) { wait = Math.min(wait * 2, 15000); }
    await new Promise(done => setTimeout(done, wait)); } };
look();
"""
_SECONDS_WITHOUT_SCRIPTS = 5


def waiting_page(
    nonce: str, target: str, lines: tuple[str, ...], news: str, link: str, again: str = ""
) -> web.Response:
    """Return the page on which somebody waits until people have answered.

    lines: what is needed, the first most important. news: where the page asks whether there is
    any. link: of the request, in the console. again: stands for a form that was held and is then
    sent again, empty for none.
    """
    form = ""
    reload = (
        f'<noscript><meta http-equiv="refresh" content="{_SECONDS_WITHOUT_SCRIPTS}"></noscript>'
    )
    if again:
        form = (
            f'<form name="again" method="post"><input type="hidden" name="{AGAIN}" '
            f'value="{escape(again)}"><button>Send it again now</button></form>'
        )
        reload = ""
    script = _SCRIPT.replace("NEWS", msgspec.json.encode(news).decode().replace("<", "\\u003c"))
    words = "".join(f"<p>{escape(line)}</p>" for line in lines)
    body = (
        f"<h1>{escape(target)}: waiting for people</h1><div class=bar><i></i></div>{words}"
        f'<p><a href="{escape(link)}" target="_blank" rel="noopener">The request</a></p>'
        f'<p class="mute">This page goes on by itself.</p>{form}'
        f'<script nonce="{nonce}">{script}</script>'
    )
    response = _page(503, nonce, f"{target}: waiting", body, reload)
    response.headers["Retry-After"] = str(_SECONDS_WITHOUT_SCRIPTS)
    return response


def refused_page(
    nonce: str, status: int, heading: str, lines: tuple[str, ...], link: str = ""
) -> web.Response:
    """Return the page that says that something is not done, and what would make it a yes."""
    words = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    if link:
        words += f'<p><a href="{escape(link)}" target="_blank" rel="noopener">Why</a></p>'
    return _page(status, nonce, heading, f"<h1>{escape(heading)}</h1>{words}")


AGAIN = ".assent-again"
"""The one field of a form of ours that stands for one that was held."""


def _page(status: int, nonce: str, title: str, body: str, head: str = "") -> web.Response:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title>{head}"
        f'<style nonce="{nonce}">{_STYLE}</style></head><body><main>{body}</main></body></html>'
    )
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return web.Response(
        status=status,
        text=text,
        content_type="text/html",
        headers={
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Server": "assent",
        },
    )
