"""Parts of a preset's `about` text for lists: its first sentence, and how long the run takes."""

import re

_AMOUNTS = {
    "a quarter of a": 0.25, "a quarter of an": 0.25, "half a": 0.5, "half an": 0.5, "three quarters of an": 0.75,
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "ten": 10, "twelve": 12, "thirteen": 13,
    "fifteen": 15, "twenty": 20, "thirty": 30,
}  # fmt: skip
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_DURATION = re.compile(
    rf"\b({'|'.join(sorted(_AMOUNTS, key=len, reverse=True))}|\d+) ({'|'.join(_SECONDS)})s?"
    r"(?: or more)?,? on (?:one|two) CPU core",
    re.IGNORECASE,
)


def first_sentence(about: str) -> str:
    """What the preset shows, in one sentence."""
    return re.split(r"(?<=[.])\s", about.strip(), maxsplit=1)[0]


def stated_duration(about: str) -> str:
    """CPU time stated in the text, as `30 s`, `15 min` or `5 h`; empty if none is stated."""
    matches = _DURATION.findall(about)
    if not matches:
        return ""
    amount, unit = (part.lower() for part in matches[-1])
    seconds = _AMOUNTS.get(amount, 0) or float(amount)
    seconds *= _SECONDS[unit]
    for size, name in ((3600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            return f"{seconds / size:g} {name}"
    return ""
