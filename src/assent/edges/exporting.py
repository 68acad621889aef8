"""What an export has beside the log: keys, recordings, and evidence of two forms of it."""

from assent.control.export_files import Beside
from assent.edges.premises import Premises
from assent.witnesses.evidence import EvidenceFolder

EVIDENCE = "evidence"
"""The folder, in the data folder, of what witnesses found the log to have said twice."""


def beside(premises: Premises) -> Beside:
    """Return where exports find it."""
    return Beside(
        open_key=premises.store.keyring.open,
        segment=premises.recorder.segment,
        evidence=EvidenceFolder(premises.data / EVIDENCE),
    )
