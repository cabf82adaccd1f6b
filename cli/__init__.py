"""`lifeboat`: the operator's command line.

app.py          the commands, the options they share, and how every error is told
connection.py   which stacks there are, and AWS clients for them
output.py       tables for people, JSON for programs
problems.py     what a command says when it cannot go on
commands/       a module for each command
"""

__version__ = "0.1.0.dev0"
"""As CHANGELOG.md has it: unreleased."""
