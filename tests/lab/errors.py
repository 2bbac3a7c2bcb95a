"""The one exception whose text is meant for the person at the keyboard."""

from __future__ import annotations


class LabError(Exception):
    """Something the user can mend; the message says what to do. The command line prints it without a traceback."""
