"""What makes an action more or less usual or dangerous: one file a signal, each pure.

`SIGNALS` lists all that are measured, in the order in which a person would read them; a new
signal is a new file and a line here.
"""

from assent.core.plugins import SignalPlugin
from assent.signals import (
    concurrent_sessions,
    credential_moved,
    declared_task,
    device_posture,
    dormant_account,
    failures,
    fan_out,
    first_time_action,
    first_time_resource,
    impossible_travel,
    network_reputation,
    new_client,
    new_device,
    new_network,
    new_privilege,
    off_hours,
    pace,
    people_said,
    purpose,
    rare_sequence,
    security_events,
    session_so_far,
    slow_drift,
    statement_class,
    table_sensitivity,
    unverified_role,
    volume,
)

SIGNALS: tuple[SignalPlugin, ...] = (
    statement_class.SIGNAL,
    table_sensitivity.SIGNAL,
    unverified_role.SIGNAL,
    device_posture.SIGNAL,
    security_events.SIGNAL,
    session_so_far.SIGNAL,
    impossible_travel.SIGNAL,
    credential_moved.SIGNAL,
    concurrent_sessions.SIGNAL,
    new_network.SIGNAL,
    network_reputation.SIGNAL,
    new_device.SIGNAL,
    new_client.SIGNAL,
    first_time_resource.SIGNAL,
    first_time_action.SIGNAL,
    rare_sequence.SIGNAL,
    volume.SIGNAL,
    fan_out.SIGNAL,
    pace.SIGNAL,
    off_hours.SIGNAL,
    failures.SIGNAL,
    purpose.SIGNAL,
    declared_task.SIGNAL,
    new_privilege.SIGNAL,
    dormant_account.SIGNAL,
    slow_drift.SIGNAL,
    people_said.SIGNAL,
)

__all__ = ["SIGNALS"]
