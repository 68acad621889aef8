"""One receipt, verified alone: is this entry in a log that the reader's policy accepts?"""

from assent_verify.checkpoints import NOTES, look_at
from assent_verify.leaves import read_leaf
from assent_verify.outside import check_witnesses
from assent_verify.policy import Policy
from assent_verify.receipts import Receipt, check_receipt
from assent_verify.report import Findings, NamedEntry, Report, Status, close, name_entry
from assent_verify.trust import Trust

_TREE, _FORM = 2, 4
_CHECKS = (NOTES, _TREE, _FORM, 7)


def verify_receipt(receipt: Receipt, leaf: bytes, policy: Policy | None) -> Report:
    """Return what the checks say that a receipt allows: 1, 2, 4 and 7. Raises nothing."""
    findings, trusted = Findings(), policy or Policy()
    keys = [*trusted.logs, *trusted.witnesses.values()]
    trust = Trust(keys)
    trust.believe(trusted.logs)
    entry = name_entry(receipt.index, leaf)
    summaries: dict[int, str] = {}
    seen = look_at("the checkpoint of the receipt", receipt.note, keys, findings)
    if seen is None:
        for number in _CHECKS[1:]:
            findings.add(number, Status.LEFT_OUT, "left out: there is no checkpoint to compare")
        return Report(tuple(close(findings, number, "") for number in _CHECKS))
    if trust.judge(seen, findings):
        summaries[NOTES] = f"signed by `{seen.origin}`, size {seen.size}"
    try:
        check_receipt(receipt, leaf, seen.size, seen.root)
        summaries[_TREE] = f"{entry} is in the log of that size"
    except ValueError as error:
        findings.fail(_TREE, f"{entry}: {error}", entry)
    summaries[_FORM] = _read(receipt.index, leaf, findings)
    witnessing = check_witnesses(trusted, keys, seen, [seen], findings)
    summaries[7] = witnessing.summary
    checks = tuple(close(findings, number, summaries.get(number, "")) for number in _CHECKS)
    return Report(checks, seen.origin, seen.size, seen.root, 1, witnessing.size)


def _read(index: int, leaf: bytes, findings: Findings) -> str:
    """Return in words what the entry says."""
    try:
        value = read_leaf(leaf)
    except ValueError as error:
        findings.fail(_FORM, f"{name_entry(index, leaf)}: {error}", name_entry(index, leaf))
        return ""
    said = [f"{NamedEntry(index, value['id'])}: `{value['kind']}` at {value['at']}"]
    for key, words in (("subject", "by"), ("target", "on"), ("session", "in"), ("request", "for")):
        if value[key] is not None:
            said.append(f"{words} `{value[key][:80]}`")
    facts = [f"{key} {fact}" for key, fact in value["facts"].items() if isinstance(fact, str | int)]
    return ", ".join(said) + (f"; {', '.join(facts)[:400]}" if facts else "")
