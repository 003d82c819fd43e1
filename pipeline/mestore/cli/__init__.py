"""The command line: `mestore`, or `python -m mestore`. Commands are registered in `mestore.cli.commands`."""

import sys


def main() -> None:
    """Run the command line, and exit with its status; docs/commands.md lists what each status means."""
    try:
        # Here, so that Ctrl-C while the commands are imported is one line too.
        from mestore.cli.run import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("mestore: interrupted\n")
        status = 130
    sys.exit(status)
