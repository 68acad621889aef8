"""Labels and scans as the JSON that the API returns."""

from assent.api.label_schemas import LabelOut, ScanOut
from assent.control.directory import Directory
from assent.control.label_scans import Scan
from assent.core.clock import isoformat
from assent.core.faults import MissingFault
from assent.core.ids import SubjectId
from assent.core.label import Label


def label_out(directory: Directory, label: Label) -> LabelOut:
    """Return the label as it stands."""
    return LabelOut.model_validate(
        {
            "name": label.name,
            "label": label.label,
            "state": label.state.value,
            "source": label.source.value,
            "matched": label.matched,
            "sampled": label.sampled,
            "at": isoformat(label.at) if label.at else None,
            "by": _name(directory, label.by) if label.by else None,
        }
    )


def scan_out(scan: Scan) -> ScanOut:
    """Return how a scan stands."""
    return ScanOut.model_validate(
        {
            "state": scan.state,
            "tables": scan.tables,
            "tables_done": scan.tables_done,
            "columns": scan.columns,
            "left_out": scan.left_out,
            "suggested": scan.suggested,
            "words": scan.words,
        }
    )


def _name(directory: Directory, subject: SubjectId) -> str:
    try:
        return directory.subject(subject).name
    except MissingFault:
        return subject
