"""Windows: one question to PowerShell, answered as JSON."""

import json
from datetime import UTC, datetime
from typing import Any

from assent.identity.posture.found import Fact, Posture, Run, days_between, posture_of

# Each is asked on its own: BitLocker answers only to whoever may see it.
SCRIPT = r"""
$ErrorActionPreference = 'Stop'
function Try-It($Block) { try { & $Block } catch { $null } }
@{
  system = Try-It { (Get-CimInstance Win32_OperatingSystem).Caption + ' ' +
    (Get-CimInstance Win32_OperatingSystem).Version }
  model = Try-It { (Get-CimInstance Win32_ComputerSystem).Model }
  disk = Try-It { (New-Object -ComObject Shell.Application).NameSpace($env:SystemDrive + '\'
    ).Self.ExtendedProperty('System.Volume.BitLockerProtection') }
  firewall = Try-It { @(Get-NetFirewallProfile | ForEach-Object { [bool]$_.Enabled }) }
  patched = Try-It { (Get-HotFix | Sort-Object InstalledOn | Select-Object -Last 1
    ).InstalledOn.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ') }
  lock = Try-It { (Get-ItemProperty 'HKCU:\Control Panel\Desktop').ScreenSaverIsSecure }
  inactivity = Try-It { (Get-ItemProperty
    'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System').InactivityTimeoutSecs }
} | ConvertTo-Json -Compress
"""
COMMAND = ("powershell.exe", "-NoProfile", "-NonInteractive", "-Command", SCRIPT)
# System.Volume.BitLockerProtection: 1 on, 2 off, 3 encrypting, 4 decrypting, 5 suspended, 6 locked.
_ON, _NOT_ON = frozenset({1, 6}), frozenset({2, 3, 4, 5})


def posture(run: Run, now: datetime) -> Posture:
    """Return how a Windows machine is kept."""
    return read_answer(run(COMMAND), now)


def read_answer(answer: str | None, now: datetime) -> Posture:
    """Return what PowerShell's answer says."""
    try:
        said = json.loads(answer or "{}")
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    return posture_of(
        "windows",
        now,
        {
            "system": _words(said.get("system"), "PowerShell names no system"),
            "model": _words(said.get("model"), "PowerShell names no model"),
            "disk_encrypted": _disk(said.get("disk")),
            "firewall": _firewall(said.get("firewall")),
            "patch_age_days": days_between(_instant(said.get("patched")), now, "Get-HotFix"),
            "screen_lock": _lock(said.get("lock"), said.get("inactivity")),
            "managed": Fact(None, "only the system that manages devices can say so"),
        },
    )


def _words(said: Any, why: str) -> Fact:
    return Fact(said.strip() if isinstance(said, str) and said.strip() else None, why)


def _disk(said: Any) -> Fact:
    if said in _ON | _NOT_ON:
        return Fact(said in _ON)
    return Fact(None, "Windows does not say whether BitLocker protects the system's disk")


def _firewall(said: Any) -> Fact:
    if isinstance(said, list) and said and all(isinstance(one, bool) for one in said):
        return Fact(all(said))
    return Fact(None, "`Get-NetFirewallProfile` does not say")


def _lock(secure: Any, inactivity: Any) -> Fact:
    if type(inactivity) is int and inactivity > 0:
        return Fact(True)
    if secure in ("0", "1"):
        return Fact(secure == "1")
    return Fact(None, "neither a policy nor the screen saver says so")


def _instant(said: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(said).astimezone(UTC)
    except (TypeError, ValueError):
        return None
