"""Every module has its tests where one would look for them, or a reason why not."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "assent"
VERIFIER = ROOT / "verifier" / "src"
TESTS = ROOT / "tests" / "unit"

# A module or a folder of them → where it is tested instead, and why.
ELSEWHERE = {
    "__main__": "cli/test_main.py starts it",
    "assent_verify/__main__": "assent_verify/test_main.py runs it",
    "assent_verify/absent": "assent_verify/test_verification.py redacts, or does not",
    "assent_verify/assembly": "assent_verify/test_verification.py damages trees",
    "assent_verify/canonical": "assent_verify/test_verification.py has every wrong form",
    "assent_verify/layout": "assent_verify/test_verification.py has strangers",
    "assent_verify/source": "assent_verify/test_main.py reads folders and servers",
    "assent_verify/unique": "assent_verify/test_ranges.py has ids twice",
    "assent_verify/checkpoints": "assent_verify/test_verification.py reads good and bad ones",
    "assent_verify/clocks": "assent_verify/test_verification.py sets clocks back",
    "assent_verify/consistency": "assent_verify/test_verification.py forks and rolls back",
    "assent_verify/leaves": "assent_verify/test_verification.py has every wrong form",
    "assent_verify/log_reading": "assent_verify/test_ranges.py reads logs of several ranges",
    "assent_verify/outside": "assent_verify/test_verification.py has witnesses and none",
    "assent_verify/payloads": "assent_verify/test_verification.py opens payloads, good and bad",
    "assent_verify/progress": "assent_verify/test_main.py reads what it prints",
    "assent_verify/report": "nouns; assent_verify/test_verification.py reads every status",
    "assent_verify/single": "assent_verify/test_receipts.py",
    "assent_verify/telling": "assent_verify/test_story_actions.py and its neighbours",
    "assent_verify/tiles": "assent_verify/test_tree.py reads those of another log",
    "assent_verify/trust": "assent_verify/test_verification.py rotates keys",
    "assent_verify/web": "assent_verify/test_main.py reads from servers",
    "assent_verify/words": "assent_verify/test_main.py reads what it prints",
    "assent_verify/workers": "assent_verify/test_ranges.py works with several processes",
    "assent_verify/der": "assent_verify/test_timestamps.py",
    "assent_verify/anchors": "assent_verify/test_timestamps.py, test_verification.py",
    "assent_verify/story": "assent_verify/test_story_actions.py and its neighbours",
    "cli/device_binding": "clients/test_bound_devices.py binds and connects, with the real psql",
    "cli/device_keys": "cli/test_tpm.py and cli/test_signing_commands.py make, keep and use them",
    "cli/device_report": "clients/test_bound_devices.py reports and tries it dry",
    "cli/devices": "cli/test_signing_commands.py; clients/test_bound_devices.py admits and revokes",
    "control/device_evidence": "control/test_device_reports.py lets what was said grow old",
    "control/devices": "control/test_device_proofs.py and its neighbours use all of it",
    "edges/device_authority": "clients/test_bound_devices.py starts with certificates and without",
    "api/routes/ssh_certificates": "clients/test_assent_and_openssh.py, by real commands",
    "cli/ssh": "clients/test_assent_and_openssh.py prints the authority",
    "cli/ssh_certificates": "clients/test_assent_and_openssh.py, with the real ssh",
    "cli/ssh_config": "clients/test_assent_and_openssh.py, with the real ssh",
    "cli/ssh_connect": "clients/test_assent_and_openssh.py, with the real ssh",
    "protocols/ssh/commands": "bypasses/test_shell_commands_are_not_what_they_seem.py asks it all",
    "protocols/ssh/verbs": "a table; what reads commands emits its verbs and no others",
    "protocols/ssh/sftp": "gateway/ssh/test_files.py, by a real server; laws/test_sftp_laws.py",
    "protocols/ssh/sftp_answers": "gateway/ssh/test_files.py is answered by a real server",
    "protocols/ssh/sftp_names": "gateway/ssh/test_files.py has links, dots and what is missing",
    "protocols/ssh/sftp_reading": "gateway/ssh/test_files.py asks for all of it",
    "protocols/ssh/sftp_requests": "gateway/ssh/test_files.py; laws/test_sftp_laws.py",
    "protocols/ssh/sftp_wire": "gateway/ssh/test_files.py; laws/test_sftp_laws.py cuts it anywhere",
    "gateway/ssh/channel": "clients/test_ssh.py and test_ssh_shells.py, with the real ssh",
    "gateway/ssh/dialling": "clients/test_ssh_targets.py signs in at real servers, good and bad",
    "gateway/ssh/door": "clients/test_ssh.py comes in by it",
    "gateway/ssh/forwarding": "clients/test_ssh_forwarding.py, with the real ssh",
    "gateway/ssh/lines": "clients/test_ssh_shells.py types them into a real bash",
    "gateway/ssh/parts": "what is handed to each visit; clients/test_ssh.py makes some",
    "gateway/ssh/reading": "clients/test_ssh.py has commands read",
    "gateway/ssh/streams": "a shape without behaviour",
    "gateway/ssh/terminal": "clients/test_ssh_shells.py records shells",
    "gateway/ssh/visit": "clients/test_ssh_targets.py opens, holds and cuts them",
    "gateway/ssh/visitor": "clients/test_ssh.py is let in and is not",
    "gateway/ssh/wire": "clients/test_ssh.py and test_ssh_forwarding.py speak SSH to it",
    "edges/http_door": "clients/test_http_obliged.py starts it with TLS, its neighbours without",
    "config/protocols/http": "nouns without behaviour; config/test_reading.py reads them",
    "web/entering": "clients/test_http_in_chromium.py is led there and back",
    "gateway/waited": "clients/test_http_programs.py hears a no once",
    "gateway/http/bodies": "clients/test_http_passing.py sends small and large ones by curl",
    "gateway/http/callers": "clients/test_http_programs.py comes with tokens and without",
    "gateway/http/exchange": "clients/test_http_programs.py holds, hangs up, and is cut",
    "gateway/http/limits": "clients/test_http_obliged.py asks for more, and is refused it",
    "gateway/http/masked": "clients/test_http_passing.py is shown fields, text and files masked",
    "gateway/http/news": "clients/test_http_in_chromium.py waits on a page",
    "gateway/http/pages": "clients/test_http_in_chromium.py looks at each of them",
    "gateway/http/passing": "clients/test_http_passing.py and test_http_programs.py pass through",
    "gateway/http/problems": "clients/test_http_smuggling.py and its neighbours are told them",
    "gateway/http/refusals": "clients/test_http_programs.py is refused for each reason",
    "gateway/http/sockets": "clients/test_http_passing.py opens, passes, refuses and cuts sockets",
    "gateway/http/target_routes": "clients/test_http_programs.py has routes and asks for others",
    "gateway/http/upstreams": "clients/test_http_passing.py reaches an nginx by TLS, or not",
    "gateway/http/visits": "clients/test_http_programs.py opens, shares and loses sessions",
    "gateway/http/web_gateway": "clients/test_http_in_chromium.py browses through all of it",
    "edges/ssh_authority": "credentials/test_ssh_certificate.py; clients/test_ssh.py starts it",
    "core/tool_pin": "nouns; control/test_tool_pins.py and stores/test_pins.py keep them",
    "edges/mcp_door": "clients/test_mcp_gateway.py comes in by it",
    "protocols/mcp/verbs": "a table; every protocol's is loaded by policy/test_loader.py",
    "gateway/mcp/calls": "clients/test_mcp_gateway.py makes, holds and cuts them",
    "gateway/mcp/channel": "clients/test_mcp_gateway.py hears of what is held, and answers",
    "gateway/mcp/clients": "clients/test_mcp_wire.py has sessions of its own and of others",
    "gateway/mcp/desks": "clients/test_mcp_gateway.py lists, and changes tools",
    "gateway/mcp/door": "clients/test_mcp_wire.py sends what is no message; with all SDKs",
    "gateway/mcp/methods": "clients/test_mcp_gateway.py asks for all of them, in each era",
    "gateway/mcp/remote_server": "clients/test_mcp_gateway.py calls a server of the SDK by HTTP",
    "gateway/mcp/servers": "clients/test_mcp_gateway.py shakes hands with servers of the SDK",
    "gateway/mcp/sessions": "clients/test_mcp_gateway.py ends one with its program",
    "gateway/mcp/stdio_server": "clients/test_mcp_wire.py starts programs, and has them end",
    "gateway/mcp/telling": "clients/test_mcp_gateway.py reads what it says of requests",
    "edges/device_managers": "control/test_device_managers.py, identity/test_device_manager.py",
    "identity/posture/found": "nouns; identity/posture/test_linux.py and its neighbours make them",
    "api/routes/device_posture": "clients/test_bound_devices.py asks all of it, by real commands",
    "api/routes/device_sign_in": "clients/test_bound_devices.py asks all of it, by real commands",
    "cli/device_sign_in": "clients/test_bound_devices.py signs in on a device, and without it",
    "audit/ocsf_attributes": "audit/test_ocsf.py holds them to the published schema",
    "audit/ocsf_classes": "audit/test_ocsf.py maps every kind",
    "audit/ocsf_naming": "audit/test_ocsf.py has names and none",
    "audit/ocsf_outcome": "audit/test_ocsf.py has every outcome",
    "exporters/posting": "exporters/test_collectors.py posts to collectors",
    "api": "api/test_application.py and conformance/test_openapi_suite.py speak HTTP to it",
    "cli": "cli/test_client_commands.py runs the commands, against a server of its own",
    "web": "web/test_pages_over_http.py asks for the pages",
    "web/person_views": "web/test_person.py reads them",
    "control/first_steps": "web/test_start.py takes each of them",
    "control/insight": "hands together what web/test_overview.py and its neighbours use",
    "control/overview": "web/test_overview.py reads all of it",
    "control/settings_page": "web/test_settings.py reads and tries all of it",
    "control/signal_health": "web/test_risk_page.py reads all of it",
    "control/person_page": "web/test_people.py and test_person.py read all of it",
    "control/program_page": "web/test_agents.py reads all of it",
    "credentials/postgres_role": "conformance/test_roles_on_a_server.py makes roles on servers",
    "credentials/role_lookups": "conformance/test_roles_on_a_server.py asks servers",
    "demo": "stories/test_the_stories.py plays it, on a real PostgreSQL",
    "config/sections": "nouns without behaviour; config/test_reading.py reads every key",
    "config/protocols": "config/test_checks.py, test_checks_of_web_targets.py read them",
    "content/scan": "protocols/postgres/results, content/test_json_masking.py look through values",
    "core/web_login": "a port; credentials/test_http_login.py has what answers it",
    "protocols/http/verbs": "words; protocols/http/test_reading.py emits them and no others",
    "control/assemble": "every test of control stands on what it makes (builders.a_world)",
    "control/plane": "one value without behaviour",
    "control/passkey_challenges": "control/test_passkeys.py uses them once, late and elsewhere",
    "core/passkey": "nouns and a port; control/test_passkeys.py makes and uses passkeys",
    "identity/webauthn": "control/test_passkeys.py makes and uses passkeys, good and bad",
    "control/provisioners": "conformance/test_scim_conformance.py comes with tokens and without",
    "control/signed_out": "conformance/test_signed_out_within_a_second.py measures it",
    "identity/asking": "conformance/test_oidc_provider.py asks a provider, and one that is away",
    "identity/oidc": "conformance/test_oidc_provider.py signs in with a real one",
    "identity/scim": "conformance/test_scim_conformance.py speaks SCIM to it",
    "edges/identity": "conformance/test_signed_out_within_a_second.py starts a gateway with both",
    "control/approved_changes": "control/test_configuring.py assents to changes",
    "control/attempts": "control/test_sessions.py and test_sessions_obliged.py attempt",
    "control/ending": "control/test_sessions.py and test_revocation.py end sessions",
    "control/minting": "control/test_access.py and test_waiting.py have grants minted",
    "control/opening": "control/test_sessions.py opens sessions",
    "control/results": "control/test_sessions.py and test_watching.py let actions end",
    "control/session_credentials": "control/test_access.py asks for credentials",
    "control/session_words": "control/test_sessions.py reads them",
    "control/steered": "control/test_steering.py and test_pausing.py hear its words",
    "control/surroundings": "control/test_gather.py and test_sessions_obliged.py look at them",
    "control/taking_up": "control/test_configuring.py has changes put in force",
    "web/sign_in_page": "web/test_pages_over_http.py and test_passkeys_page.py are shown it",
    "control/programs": "hands two out; control/test_api_tokens.py and test_workloads.py use both",
    "control/drafting": "hands two use cases out; web/test_policies.py uses both",
    "control/log_pages": "web/test_log.py looks through the log as everybody",
    "control/policy_drafts": "web/test_policies.py writes, checks, tries and proposes them",
    "core/authenticator": "nouns; conformance/people_suite.py keeps them",
    "core/people_changes": "nouns; conformance/people_suite.py applies each of them",
    "core/policy_draft": "nouns; control/test_policy_shadows.py keeps them",
    "core/token": "nouns; conformance/store_suite.py keeps them",
    "core/changes": "nouns without behaviour; the store's suite applies each of them",
    "core/device": "a noun without behaviour",
    "core/device_key": "nouns without behaviour; conformance/workflow_suite.py keeps them",
    "core/entry": "nouns without behaviour",
    "core/effect": "nouns; conformance/test_effects_on_both.py finds them",
    "core/frame": "nouns without behaviour",
    "core/enforcement": "nouns without behaviour; protocols/postgres/results keeps them",
    "core/flows": "a noun without behaviour",
    "core/lease": "nouns without behaviour",
    "core/label": "nouns without behaviour; conformance/store_suite.py keeps them",
    "core/lesson": "nouns without behaviour; conformance/store_suite.py keeps them",
    "core/network": "nouns without behaviour",
    "core/policy_revision": "a noun without behaviour; conformance/workflow_suite.py keeps it",
    "core/ports": "shapes without behaviour",
    "core/request": "nouns without behaviour; workflow/test_request.py moves them",
    "core/resource": "nouns without behaviour",
    "core/seats": "core/test_quorum.py and laws/test_approval_laws.py seat people in them",
    "core/security_event": "a noun without behaviour",
    "core/signal": "nouns without behaviour",
    "core/subject": "nouns without behaviour",
    "core/timer": "a noun without behaviour; conformance/workflow_suite.py keeps it",
    "edges": "test_app.py starts and stops all of it, in good order and in bad",
    "gateway/tcp/listen": "clients/test_tcp.py knocks, in the clear and by TLS",
    "gateway/tcp/splice": "clients/test_tcp.py carries megabytes, and cuts",
    "gateway/tcp/tunnel": "clients/test_tcp.py; conformance/test_protocol_suite_tcp.py",
    "protocols/every": "constants; policy/test_policy_reference.py and the suites read them",
    "protocols/reuse": "gateway/test_sessions.py lets decisions serve again",
    "gateway/assemble": "what app hands together; clients and conformance use all of it",
    "gateway/read_only": "clients/test_steering_by_command.py asks a real server",
    "gateway/waiters": "clients/test_impact.py asks a real server",
    "policy/finding": "nouns without behaviour",
    "policy/rule": "nouns without behaviour",
    "protocols/postgres": "tests/laws and a scripted client and target try the relay as a whole",
    "control/invitations": "control/test_accounts.py makes and uses them",
    "control/local_people": "hands together what control/test_accounts.py uses",
    "control/pending_sign_ins": "web/test_account_page.py goes on with them, or is too late",
    "control/proving": "control/test_sign_in.py and test_own_account.py prove who they are",
    "control/second_factor": "control/test_own_account.py has codes asked for",
    "control/sign_in_rules": "control/test_own_account.py falls short of them",
    "control/sign_ins": "control/test_own_account.py and test_accounts.py end them",
    "config/sign_in": "config/test_reading.py reads it, right and wrong",
    "control/custody": "control/test_log_status.py and test_key_rotation.py use what it makes",
    "core/data_key": "nouns without behaviour",
    "core/observing": "nouns and shapes without behaviour",
    "stores/append_only": "conformance/test_store_suite.py slips, and prunes",
    "audit/evidence": "laws/test_reports_add_up.py counts; clients/test_evidence_packs.py reads",
    "control/standing_policies": "control/test_reporting.py lists them",
    "audit/edge": "laws/test_log_growth_laws.py grows it",
    "stores/exporting": "conformance/audit_suite.py",
    "stores/tiles": "conformance/audit_suite.py and laws/test_log_growth_laws.py",
    "stores/audit_changes": "conformance/audit_suite.py",
    "stores/audit_reading": "conformance/audit_suite.py",
    "stores/audit_rows": "conformance/audit_suite.py",
    "stores/audit_tables": "stores/test_schema.py compares it with the migrations",
    "stores/changes": "conformance/store_suite.py holds both databases to the same answers",
    "stores/grant_reading": "conformance/workflow_suite.py",
    "stores/granting": "conformance/workflow_suite.py",
    "stores/log": "conformance/store_suite.py",
    "stores/log_tables": "stores/test_schema.py compares it with the migrations",
    "stores/migrations": "stores/test_schema.py",
    "stores/numbering": "conformance/test_sequencer.py numbers",
    "stores/postgres_database": "conformance/store_suite.py",
    "stores/postgres_log": "conformance/store_suite.py",
    "stores/reading": "conformance/store_suite.py",
    "stores/recordings/journal_files": "stores/recordings/test_recorder.py writes and opens them",
    "stores/recordings/journals": "stores/recordings/test_recorder.py renews and deletes them",
    "stores/recordings/opening": "stores/recordings/test_recorder.py opens every one with it",
    "stores/recordings/reading": "stores/recordings/test_recorder.py and test_places.py read",
    "stores/recordings/shipping": "stores/recordings/test_places.py ships, to a store of objects",
    "stores/recordings/threads": "stores/recordings/test_recorder.py works in them",
    "stores/recordings/timeline": "stores/recordings/test_recorder.py seals them",
    "stores/rows": "laws/test_store_bodies_survive.py",
    "stores/sequencer": "conformance/test_sequencer.py ends it, kills it and stops it",
    "stores/statements": "conformance/store_suite.py",
    "stores/tables": "stores/test_schema.py compares it with the migrations",
    "stores/effect_changes": "conformance/test_effects_on_both.py",
    "stores/effect_reading": "conformance/test_effects_on_both.py",
    "stores/effect_tables": "stores/test_schema.py compares it with the migrations",
    "stores/people_changes": "conformance/people_suite.py",
    "stores/people_reading": "conformance/people_suite.py",
    "stores/people_rows": "conformance/people_suite.py",
    "stores/people_tables": "stores/test_schema.py compares it with the migrations",
    "stores/workflow_changes": "conformance/workflow_suite.py",
    "stores/workflow_codec": "laws/test_store_bodies_survive.py",
    "stores/workflow_reading": "conformance/workflow_suite.py",
    "stores/workflow_rows": "laws/test_store_bodies_survive.py",
    "stores/workflow_tables": "stores/test_schema.py compares it with the migrations",
}
# Tests of something that is no module.
OF_THEIR_OWN = {
    "assent_verify/test_main.py",
    "assent_verify/test_signed_approvals.py",
    "assent_verify/test_stands_alone.py",
    "cli/test_cli_reference.py",
    "cli/test_client_commands.py",
    "cli/test_client_imports.py",
    "cli/test_main.py",
    "demo/test_demo_database.py",
    "demo/test_demo_policies.py",
    "policy/test_policy_reference.py",
    "system/test_system_clock.py",
    "test_licences.py",
    "test_mirror.py",
    "test_risk_simulator.py",
    "test_risk_suite.py",
    "web/test_pages_over_http.py",
    "web/test_assets_budget.py",
    "web/test_stylesheet.py",
}


def modules() -> set[str]:
    return {
        path.relative_to(root).with_suffix("").as_posix()
        for root in (SOURCE, VERIFIER)
        for path in root.rglob("*.py")
        if path.name != "__init__.py"
    }


def mirrored() -> set[str]:
    found = set()
    for path in TESTS.rglob("test_*.py"):
        name = path.relative_to(TESTS)
        found.add(name.with_name(name.name.removeprefix("test_")).with_suffix("").as_posix())
    return found


def has_a_module(test: str) -> bool:
    """Return whether it is named after a module, with or without further words."""
    test = test.replace("assent_verify/story_", "assent_verify/story/")
    return any(test == module or test.startswith(f"{module}_") for module in modules())


def excused(module: str) -> bool:
    parts = module.split("/")
    return any("/".join(parts[:depth]) in ELSEWHERE for depth in range(1, len(parts) + 1))


def test_every_module_has_tests_or_a_reason() -> None:
    assert sorted(one for one in modules() - mirrored() if not excused(one)) == []


def test_every_reason_is_still_needed() -> None:
    folders = {
        path.relative_to(root).as_posix()
        for root in (SOURCE, VERIFIER)
        for path in root.rglob("*")
        if path.is_dir()
    }
    assert sorted(set(ELSEWHERE) - modules() - folders) == []
    assert sorted(set(ELSEWHERE) & mirrored()) == []


def test_every_test_file_is_of_a_module_or_says_what_it_is_of() -> None:
    strays = []
    for module in sorted(mirrored()):
        if has_a_module(module):
            continue
        folder, _, name = module.rpartition("/")
        test = f"{folder}/test_{name}.py" if folder else f"test_{name}.py"
        if test not in OF_THEIR_OWN and not excused(module):
            strays.append(test)
    assert strays == []
