"""What the documents say of commands is so. tests/documentation/ has all the rest."""

from wallet_api.cli import cli


def test_every_command_has_help_with_an_example():
    def leaves(group):
        for command in group.commands.values():
            yield from leaves(command) if hasattr(command, "commands") else [command]

    commands = list(leaves(cli))
    assert {command.name for command in commands} == {
        "bench",
        "register",
        "dev",
        "upgrade",
        "status",
        "doctor",
        "token",
        "import",
        "export",
        "verify",
        "show",
        "create",
        "list",
        "revoke",
        "rotate",
        "retire",
    }
    assert all("Example:" in command.help for command in commands)
