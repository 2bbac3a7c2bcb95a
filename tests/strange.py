"""Documents with one value that nobody expects, for judges that must not raise."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

#: What a hostile or broken host may return instead of any part of its evidence.
STRANGE: tuple[Any, ...] = (None, [], "text", -1, [None], {"x": []})


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document, itself not included."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from places(inner, (*path, step))


def spoilt(document: Any) -> Iterator[Any]:
    """A copy for each place and each of those values."""
    for path in places(document):
        for strange in STRANGE:
            changed = copy.deepcopy(document)
            within = changed
            for step in path[:-1]:
                within = within[step]
            within[path[-1]] = strange
            yield changed
