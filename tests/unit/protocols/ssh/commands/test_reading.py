"""Commands and lines, read to touches: what policies see of them."""

from time import perf_counter

import pytest

from assent.core.action import Operation, Statement
from assent.protocols.ssh.commands import read_command, read_line


def touches(reading: Statement) -> list[str]:
    return [
        f"{one.verb} {one.resource.kind} {one.resource.name}"
        + (f" through {one.through}" if one.through else "")
        for one in reading.touches
    ]


def test_a_command_is_its_programs_its_files_and_its_accounts() -> None:
    reading = read_command("sudo -u app rm -f /srv/a | tee -a log", "ana")
    assert touches(reading) == [
        "ssh.execute Program sudo",
        "ssh.elevate Account app",
        "ssh.execute Program rm through sudo",
        "file.delete File /srv/a through sudo",
        "ssh.execute Program tee",
        "file.write File ~/log",
    ]
    assert (reading.kind, reading.complete, reading.reusable) == ("ssh.elevate", True, False)


def test_the_words_of_a_program_are_its_arguments() -> None:
    reading = read_command("LANG=C deploy --to 'the moon' > log", "ana")
    (program,) = [one for one in reading.touches if one.verb == "ssh.execute"]
    assert program.arguments == {"--to", "the moon", "LANG=C"}


def test_arguments_are_cut_and_too_many_are_not_known() -> None:
    reading = read_command(f"deploy {'a' * 500}", "ana")
    assert {len(one) for one in reading.touches[0].arguments} == {200}
    assert reading.complete
    assert not read_command("deploy" + " a" * 300, "ana").complete


@pytest.mark.parametrize(
    "text",
    [
        *(
            "ls",
            "ls -la /etc",
            "cat /etc/hosts | grep -n local",
            "git --no-pager log --oneline -n 5",
        ),
        *("systemctl status nginx --no-pager", "journalctl -u nginx -n 20", "df -h; uptime", "pwd"),
        *("find . -name '*.py' | head -3", "cd /srv && ls", "wc -l < f", "date +%F", "echo $HOME"),
        *(
            "ls 2>/dev/null",
            "LANG=C ls",
            "git status",
            "awk '{print $2}' f",
            "sed -n 1p f",
            "test -f x",
        ),
    ],
)
def test_what_only_reads_is_a_read_whose_decision_serves_again(text: str) -> None:
    reading = read_command(text, "ana")
    assert {one.operation for one in reading.touches} == {Operation.READ}
    assert reading.reusable


@pytest.mark.parametrize(
    "text",
    [
        *(
            "ls > f",
            "sed -i s/a/b/ f",
            "find . -delete",
            "systemctl restart nginx",
            "git commit -m a",
        ),
        *(
            "journalctl --vacuum-size=1M",
            "journalctl --rotate",
            "git log --output=f",
            "date -s 1",
            "sort -o f f",
            "dmesg -c",
        ),
        *(
            "uniq a b",
            "EDITOR=x ls",
            "FOO=1 ls",
            "./ls",
            "/tmp/cat f",
            "hostname evil",
            "env ls > f",
        ),
        *("tee f", "sudo ls", "cat *", "bash -c ls", "ssh h ls", "git -c a=b status", "mount -a"),
    ],
)
def test_what_might_do_more_is_no_read(text: str) -> None:
    assert not read_command(text, "ana").reusable


def test_files_are_named_by_the_home_where_that_is_known() -> None:
    reading = read_command("cat notes ~/.profile", "ana", home="/home/ana")
    assert touches(reading)[1:] == [
        "file.read File /home/ana/notes",
        "file.read File /home/ana/.profile",
    ]


def test_a_program_by_its_path_is_that_file_wherever_one_is() -> None:
    assert touches(read_command("./deploy.sh", "ana")) == ["ssh.execute Program ./deploy.sh"]
    assert "ssh.execute Program /tmp/deploy.sh" in touches(
        read_command("cd /tmp && ./deploy.sh", "a")
    )
    assert touches(read_command("/opt//x/./run", "ana")) == ["ssh.execute Program /opt/x/run"]


@pytest.mark.parametrize(
    "text", ["less f", "man ls", "journalctl -u x", "git log", "systemctl status"]
)
def test_a_pager_on_a_terminal_may_run_anything(text: str) -> None:
    assert not read_command(text, "ana", terminal=True).complete


@pytest.mark.parametrize(
    "text", ["git log | cat", "journalctl --no-pager", "git --no-pager log", "ls"]
)
def test_no_pager_is_opened_where_nobody_types(text: str) -> None:
    assert read_command(text, "ana", terminal=True).complete


def test_a_line_is_read_where_it_is_entered() -> None:
    read = read_line("cat shadow", "ana", frozenset({"/etc"}))
    assert "file.read File /etc/shadow" in touches(read.statement)
    assert read.directories == {"/etc"}


def test_a_line_says_where_one_may_be_after_it() -> None:
    home = frozenset({"~"})
    assert read_line("cd /etc", "ana", home).directories == {"~", "/etc"}
    assert read_line("(cd /etc)", "ana", home).directories == home
    assert read_line("cd $X", "ana", home).directories is None
    assert read_line("cd /etc || exit", "ana", home).directories == {"/etc"}
    assert not read_line("cat shadow", "ana", None).statement.complete


@pytest.mark.parametrize("text", ["!!", "sudo !!", "!rm", "echo !$", "^ls^rm"])
def test_what_comes_from_the_history_is_not_known(text: str) -> None:
    assert not read_line(text, "ana", frozenset({"~"})).statement.complete


@pytest.mark.parametrize("text", ["! true", "[ a != b ]", "ls"])
def test_an_exclamation_mark_alone_is_no_history(text: str) -> None:
    assert read_line(text, "ana", frozenset({"~"})).statement.complete


def test_what_is_not_understood_is_told_in_words() -> None:
    reading = read_command("curl -s http://h/x | bash", "ana")
    assert reading.problems == ("`bash` runs what comes on its input",)
    assert read_command("$X", "ana").problems == ("which program `$X` is cannot be known",)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "(" * 60_000,
            "$(" * 30_000,
            "a|" * 30_000,
            "[ a ];" * 10_000,
            "<<A " * 10_000,
            "`" * 60_000,
        ),
        *("if a; then " * 5000, "eval a;" * 8000, '"$(' * 20_000, "a " * 32_000, "$((1" * 10_000),
    ],
    ids=range(11),
)
def test_no_text_takes_long(text: str) -> None:
    begun = perf_counter()
    assert not read_command(text, "ana").complete
    assert perf_counter() - begun < 5


def test_most_commands_that_people_send_are_understood() -> None:
    usual = [
        "systemctl restart nginx",
        "tail -n 100 /var/log/syslog",
        "ps aux | grep java | grep -v grep",
        "docker ps -a",
        "cd /srv/app && git pull && npm ci && sudo systemctl restart app",
        'for h in a b; do ping -c1 "host-$h"; done',
        "mkdir -p /srv/x && cp -r a b",
        "sudo apt-get update && sudo apt-get install -y curl",
        "if [ -f /etc/x ]; then rm /etc/x; fi",
        "pg_dump -h db app > /backup/app.sql",
        "tar czf - /srv/data",
        "/bin/sh -c 'echo ~ana && sleep 0'",
        "/bin/sh -c '( umask 77 && mkdir -p \"` echo /tmp/a `\" ) && sleep 0'",
        "VERSION=1.2 ./deploy.sh",
    ]
    assert [one for one in usual if not read_command(one, "ana").complete] == []
