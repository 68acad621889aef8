"""What makes an action more or less usual or dangerous: one file a signal, each pure.

`SIGNALS` lists all that are measured; a new signal is a new file and a line here, and a
weight in `risk.model`.
"""

from assent.core.plugins import SignalPlugin
from assent.signals import first_time, statement_class, table_sensitivity, time_of_day

SIGNALS: tuple[SignalPlugin, ...] = (
    statement_class.SIGNAL,
    table_sensitivity.SIGNAL,
    first_time.SIGNAL,
    time_of_day.SIGNAL,
)

__all__ = ["SIGNALS"]
