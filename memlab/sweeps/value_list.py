"""Several values in one override: `0,0.1,1`, or `[0.9,0.98],[0.9,0.999]`."""

_CLOSING = {"[": "]", "{": "}", "(": ")"}


def values_of(text: str) -> list[str]:
    """Split at commas outside of brackets and quotes.

    A text with unmatched brackets or quotes is one value; the YAML parser reports the error.
    """
    parts, start, open_brackets, quote = [], 0, [], ""
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in _CLOSING:
            open_brackets.append(_CLOSING[character])
        elif open_brackets and character == open_brackets[-1]:
            open_brackets.pop()
        elif character == "," and not open_brackets:
            parts.append(text[start:at])
            start = at + 1
    if quote or open_brackets:
        return [text]
    return [part.strip() for part in (*parts, text[start:])]
