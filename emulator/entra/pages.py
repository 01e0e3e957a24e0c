"""The pages of the authorization endpoint: plain HTML forms, which work without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from emulator.entra.authorize import Account, Question

STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; color: #1b1b1b; background: #f2f2f2; }
main { max-width: 28rem; margin: 3rem auto; padding: 2rem; background: #fff; border: 1px solid #8a8a8a; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; }
ul { list-style: none; margin: 0; padding: 0; }
button { font: inherit; color: inherit; background: #fff; border: 1px solid #6b6b6b; padding: .5rem 1rem;
  margin: .25rem .5rem .25rem 0; cursor: pointer; }
li button { display: block; width: 100%; margin-right: 0; text-align: left; }
button:hover { background: #e8f1fb; }
button:focus-visible { outline: 3px solid #0f5ea8; }
@media (prefers-color-scheme: dark) {
  body, main, button { color: #f2f2f2; background: #1b1b1b; }
  button:hover { background: #0b3a68; }
  button:focus-visible { outline-color: #9cc9ff; }
}
"""
NOTE = "This is the emulated Microsoft Entra ID of this machine. It asks for no password."


def page(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{STYLE}</style></head>
<body><main><h1>{escape(title)}</h1>{body}<p>{NOTE}</p></main></body>
</html>"""


def asking(question: Question, chosen: Mapping[str, str]) -> str:
    """The page of a question; its form repeats what was chosen before."""
    title, body = {"account": _account, "factor": _factor, "consent": _consent}[question.what](question)
    kept = {key: value for key, value in chosen.items() if key != question.what}
    if question.what != "account":
        kept["account"] = question.accounts[0].key
    hidden = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in kept.items())
    return page(title, f'<form method="post">{hidden}{body}</form>')


def _account(question: Question) -> tuple[str, str]:
    items = "".join(f"<li>{_button('account', each.key, _person(each))}</li>" for each in question.accounts)
    return "Pick an account", f"<p>to continue to {escape(question.app)}</p><ul>{items}</ul>"


def _factor(question: Question) -> tuple[str, str]:
    text = (
        f"<p>{_person(question.accounts[0])}: your organization needs more information to keep your account secure.</p>"
    )
    return "Approve the sign-in request", text + _button("factor", "approved", "Approve")


def _consent(question: Question) -> tuple[str, str]:
    scopes = "".join(f"<li>{escape(scope)}</li>" for scope in question.scopes)
    who = f"<p>{_person(question.accounts[0])}: {escape(question.app)} would like to:</p>"
    buttons = _button("consent", "accepted", "Accept") + _button("consent", "declined", "Cancel")
    return "Permissions requested", f"{who}<ul>{scopes}</ul>{buttons}"


def _person(account: Account) -> str:
    return f"{escape(account.user['displayName'])} ({escape(account.user['userPrincipalName'])})"


def _button(name: str, value: str, label: str) -> str:
    return f'<button name="{name}" value="{escape(value)}">{label}</button>'
