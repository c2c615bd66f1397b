"""How a question says what it does not want."""

DENY = (
    r"\b(?:except(?:ing)?(?:\s+for)?|without|exclud(?:e|ing)|other\s+than|apart\s+from|w/o|"
    r"aside\s+from|besides|but\s+not|not|minus|ignor(?:e|ing)|omit(?:ting)?|skip(?:ping)?|"
    r"hid(?:e|ing)|suppress(?:ing)?|(?:drop|dropping)(?=\s+(?:all|any|the)\b)|"
    r"(?:leave|leaving|filter|filtering|strip|stripping|keep|keeping|cut|cutting|take|taking)\s+out|"
    r"spare\s+(?:me|us)|(?:do\s+not|don't|dont|no)\s+(?:need|want|show)"
    r"(?:\s+(?:me|us|to\s+see|for))*|"
    r"anything\s+but|every\w+\s+but|"
    r"(?:all|any|each|every)(?:\s+(?:of|the|my|our|other))*(?:\s+\w+)?\s+but)\s+"
)
"""As a part of a regular expression: the words before it, up to what is not wanted."""
