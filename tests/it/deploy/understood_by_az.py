#!/usr/bin/env python3
"""Says which command lines the real Azure CLI does not understand. Runs in its environment, and runs none of them.

It reads one JSON list of arguments a line, and writes one JSON object for each that the parser of az refuses: an
unknown command or option, a required option that is missing, a value that is none of the choices, a query that is no
JMESPath. Validators, which may ask Azure, do not run. With --judge it fails where one is refused.
"""

import contextlib
import io
import json
import os
import sys

# Without its bytecode az takes several times as long to start.
sys.dont_write_bytecode = False

# Nobody's settings, no extensions, and nothing told to anybody. It stays, for az keeps an index of its commands there.
os.environ["AZURE_CONFIG_DIR"] = os.path.join(sys.prefix, "settings")
os.environ["AZURE_EXTENSION_DIR"] = os.path.join(os.environ["AZURE_CONFIG_DIR"], "extensions")
os.environ["AZURE_CORE_COLLECT_TELEMETRY"] = "0"

from azure.cli.core import get_default_cli  # noqa: E402

CLI = get_default_cli()


class Parsers:
    """One parser for each command, as az makes it when it is called so."""

    def __init__(self):
        self.made = {}

    def parse(self, arguments):
        """What az complains of, or nothing."""
        complaint = io.StringIO()
        with contextlib.redirect_stderr(complaint), contextlib.redirect_stdout(complaint):
            try:
                self.parser(arguments).parse_args(arguments)
            except SystemExit:
                return complaint.getvalue() or "refused"
        return None

    def parser(self, arguments):
        command = tuple(words(arguments))
        if command not in self.made:
            self.made[command] = made_for(list(arguments))
        return self.made[command]


def words(arguments):
    for argument in arguments:
        if argument.startswith("-"):
            return
        yield argument


def made_for(arguments):
    invocation = CLI.invocation_cls(
        cli_ctx=CLI, commands_loader_cls=CLI.commands_loader_cls, parser_cls=CLI.parser_cls, help_cls=CLI.help_cls
    )
    CLI.invocation = invocation
    loader = invocation.commands_loader
    loader.load_command_table(arguments)
    command = invocation._rudimentary_get_command(arguments)
    invocation.data["command_string"] = command
    # What a command's arguments may hang on, such as the version of an API, is asked of its first word.
    loader.command_name = command
    if command in loader.command_table:
        loader.load_arguments(command)
        # The parsers of all others would only cost time.
        loader.command_table = {command: loader.command_table[command]}
    CLI.raise_event("CommandInvokerPreLoadArguments")
    invocation.parser.load_command_table(loader)
    return invocation.parser


def main():
    parsers, refused = Parsers(), False
    # Each once: the same call again is understood just as well.
    for line in dict.fromkeys(line.strip() for line in sys.stdin):
        arguments = json.loads(line)
        complaint = parsers.parse(arguments)
        if complaint is not None:
            print(json.dumps({"arguments": arguments, "complaint": complaint.strip()}))
            refused = True
    return refused


sys.exit(main() and "--judge" in sys.argv)
