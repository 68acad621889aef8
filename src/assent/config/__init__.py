"""Configuration: one frozen tree from one TOML file. Unknown keys stop the start."""

from assent.config.applying import applicable_targets
from assent.config.reading import load, parse
from assent.config.sections import (
    ApprovalsConfig,
    CanaryConfig,
    Config,
    DetectorConfig,
    LabelRuleConfig,
    MetricsConfig,
    NetworkConfig,
    NotifyConfig,
    PersonConfig,
    PoliciesConfig,
    PostgresConfig,
    ReactionsConfig,
    RiskConfig,
    ServerConfig,
    TargetConfig,
    VaultConfig,
)
from assent.config.settings import (
    budget,
    canary_every,
    column_rules,
    longest_grant_s,
    own_patterns,
    pace,
    recognised,
)
from assent.config.values import parse_day, split_address, time_zone
from assent.intelligence.settings import IssueTrackerConfig, OnCallConfig
from assent.notifiers.settings import NotifierConfig
from assent.stores.recordings.settings import RecordingsConfig

__all__ = [
    "ApprovalsConfig",
    "CanaryConfig",
    "Config",
    "DetectorConfig",
    "IssueTrackerConfig",
    "LabelRuleConfig",
    "MetricsConfig",
    "NetworkConfig",
    "NotifierConfig",
    "NotifyConfig",
    "OnCallConfig",
    "PersonConfig",
    "PoliciesConfig",
    "PostgresConfig",
    "ReactionsConfig",
    "RecordingsConfig",
    "RiskConfig",
    "ServerConfig",
    "TargetConfig",
    "VaultConfig",
    "applicable_targets",
    "budget",
    "canary_every",
    "column_rules",
    "load",
    "longest_grant_s",
    "own_patterns",
    "pace",
    "parse",
    "parse_day",
    "recognised",
    "split_address",
    "time_zone",
]
