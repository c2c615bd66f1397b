"""Plain English words of requests, which alone are hardly meant as a part of a name."""

_NEVER = """
search report reports show count list find log logs check look get event events error errors
service services server servers host hosts app apps main time all first new last data system work
node nodes box machine machines run file files name names level line lines message messages metric
metrics query read print tell give daemon agent database core the a an of on in at is it and or to
for by from with what which that this there any some how many much more most no not db01 example
com net org default total rate open close start stop state status up down out off back over under
export import same per each every one two three make take keep put set switch change widen narrow
extend limit let want need see say said wrote go going back give only just again instead between
since until before after today yesterday
"""
_SELDOM = """
db web home worker store user users proxy session intake broker runner indexer collector exporter
handler controller helper client login job jobs test engine manager production prod dev public
internal external local
"""

NEVER_NAMES = frozenset(_NEVER.split())
"""Words that alone never stand for a name of which they are a part."""

PLAIN_ENGLISH = NEVER_NAMES | frozenset(_SELDOM.split())
"""Those, and the words that do so only when they are called a service or a host."""
