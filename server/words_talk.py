"""Whether words ask anything of logs and metrics at all, and whether they ask to write."""

import re

_TALK = re.compile(
    r"^\W*(?:hi+|hello|hey+|hiya|yo|howdy|greetings|good\s+(?:morning|evening|afternoon|day|night)|"
    r"morning|thanks?|thank\s+you|thx|ty|"
    r"cheers|bye|goodbye|see\s+(?:you|ya)|later|ok(?:ay)?|k|great|nice|cool|perfect|awesome|"
    r"excellent|brilliant|lovely|super|wow|lol|haha|"
    r"good|who\s+(?:are|made|built|wrote|created)\s+you|how\s+(?:do|does)\s+(?:you|this|"
    r"devmesh)\s+work|what\s+(?:can|do|could)\s+(?:you|i)\s+(?:do|ask|help|say|know)\b.*|"
    r"what\s+are\s+you|how\s+are\s+(?:you|things)|how(?:'s|\s+is)\s+(?:it\s+going|life|everything)|"
    r"help|are\s+you\s+(?:there|an?\s+\w+|human|real|sure|"
    r"alive|\w+)|what(?:'s|\s+is)\s+your\s+\w+(?:\s+\w+)?|do\s+you\s+(?:like|know|have|feel|speak|"
    r"think|understand)\b.*|"
    r"never\s*mind|forget\s+(?:it|about\s+it)|you(?:'re|\s+are|\s+rock)\b.*|well\s+done|"
    r"good\s+(?:job|work|bot|stuff)|"
    r"nothing|no\s+thanks?|that(?:'s|\s+is|\s+was)\s+(?:all|it|great|fine|enough|good|helpful|"
    r"perfect|nice|what\s+i\s+(?:needed|wanted)|very\s+\w+)|"
    r"that\s+(?:helped|helps|works?|worked|did\s+it)|sorry|please|yes|no|yep|nope|sure|alright|hm+|"
    r"neat|sweet|right|fine|got\s+it|"
    r"i\s+see|understood|makes\s+sense|"
    r"much\s+appreciated|appreciate\w*|have\s+a\s+\w+\s+\w+|i\s+(?:love|like|hate)\s+(?:you|this|"
    r"it|devmesh)|"
    r"stop|quit|exit|cancel|test(?:ing)?)"
    r"(?:[\s,.!?:;)(-]+(?:there|you|u|devmesh|bot|buddy|mate|friend|man|all|everyone|so|very|much|"
    r"a\s+lot|lot|again|for\s+(?:\w+\s*){1,3}|today|tonight|"
    r"that(?:'?s)?|this|it|thanks?|thank|thx|cheers|please|i\s+need|me|really|helped|helps|was|is|"
    r"just|one|"
    r"work|job|bye|then|now|great|nice|cool|good|morning|"
    r"help|helpful|ok(?:ay)?|are|how|doing|going|how's|what's\s+up|up|to|meet|never|mind|my|day|"
    r"night|evening|no|wait|sorry|worries|lol|"
    r"see|later|tomorrow|fine|perfect|awesome|exactly|really|anyway|actually|man))*\W*$",
    re.I,
)
_ELSEWHERE = re.compile(
    r"\b(?:joke|poem|haiku|story|song|sing|limerick|recipe|weather|football|movie|lottery|"
    r"horoscope|birthday|capital\s+of|president|translate|"
    r"meaning\s+of\s+life|favou?rite|chatgpt|openai|bake|cook|bread|stock\s+price|essay|homework|"
    r"what\s+(?:time|day|date)\s+is\s+it|what(?:'s|\s+is)\s+(?:the\s+)?(?:time|date|"
    r"day)(?:\s+(?:now|today|is\s+it))?\W*$|write\s+(?:me\s+)?(?:an?|some)\s+(?!query|report)\w+)\b"
    r"|\bwhat(?:'s|\s+is)\s+\d+\s*(?:[-+*/x]|times|plus|minus|divided)\s*\d+",
    re.I,
)
_HOW_TO = re.compile(
    r"\bhow\s+(?:to|(?:do|can|should|would)\s+(?:i|you|we|one))\s+"
    r"(?!see|find|get|view|list|check|many|much)[a-z]+\b",
    re.I,
)
_WRITE = re.compile(
    r"^\W*(?:(?:can|could|would|will)\s+you\s+|please\s+|pls\s+|now\s+|go\s+ahead\s+and\s+|"
    r"i\s+want\s+(?:you\s+)?to\s+|you\s+(?:should|must)\s+)*(?:just\s+)?"
    r"(?:ingest|insert|delete|remove|erase|wipe|purge|truncate|drop(?!\s+(?:the\s+)?(?:level|"
    r"service|host|filter|limit|time|contains|text|severity|metric))|add|store|save|write|"
    r"record|create|update|edit|modify|change|rename|restart|reboot|stop|start(?!\s+(?:with|at|"
    r"from))|kill|fix|repair|"
    r"shut\s*down|turn|enable|disable|install|deploy|send|"
    r"push|post|import|upload|log\s+(?:this|the\s+following|an?\s+(?:event|message|line|entry|"
    r"error))|log(?=\s*:)|clear|rotate|archive|back\s*up|overwrite|mark|ack(?:nowledge)?|"
    r"file\s+an?|"
    r"open\s+an?\s+(?:issue|ticket|case)|raise\s+an?|silence|mute|set|"
    r"configure|call\s+ingest\w*|execute|run(?!\s+(?:it|that|this|the\s+same)))\b(?!\s+(?:by|per|"
    r"only)\b)",
    re.I,
)
_AN_EVENT = re.compile(r"\{\s*(?:¤+|[\"']?\w+[\"']?)\s*:(?:.*\}|.*)", re.S)
_TO_KEEP = re.compile(
    r"\b(?:ingest\w*|store|save|persist|insert\w*|add|put|write|take\s+in|push|post|upload|import|append|"
    r"keep|be\s+(?:stored|saved|recorded|written|accepted|rejected|added)|"
    r"log\s+(?:this|the\s+following|it|an?\s)|dry[\s-]?run|valid(?:ate)?)\b",
    re.I,
)
_SOFT = re.compile(r"\b(?:add|change|set|turn|clear|drop|remove|run|push|mute|mark|log)$", re.I)
_LOG_WORDS = re.compile(
    r"\b(?:logs?|logged|logging|lines?|entries|entry|events?|errors?|errs?|warnings?|warn|"
    r"criticals?|critical|fatals?|fatal|messages?|rows?|records?|hosts?|machines?|"
    r"servers?|services?|metrics?|severity|levels?|debug|patterns?|trace|happen(?:ed|ing|s)?|"
    r"went\s+wrong|wrong|broken?|broke|crash\w*|fail\w*|down|issues?|"
    r"problems?|incidents?|outages?|exceptions?|stack\s*traces?|timeouts?|anything|noise|noisy|"
    r"journal|syslog|alerts?|weird|odd|unusual|suspicious|complain\w*|"
    r"going\s+on|went\s+on|took\s+place|occurr\w*|what'?s\s+up|what'?s\s+new|everything|show|list|"
    r"check|fetch|look|pull|"
    r"dump|display|read|sa(?:y|ys|id|ying)|doing|up\s+to|ok(?:ay)?|healthy|unhappy|tail|grep|"
    r"slow)\b",
    re.I,
)

_TROUBLE = re.compile(
    r"\b(?:reboot\w*|restart\w*|panics?|panicked|oom|kills?|killed|logins?|logons?|shutdowns?|"
    r"segfaults?|"
    r"disconnect\w*|spikes?|overload\w*|stats|status|overview|summary)\b",
    re.I,
)


def is_talk(question: str) -> bool:
    """Whether the words are a greeting, thanks and the like."""
    return bool(_TALK.match(question))


def is_elsewhere(request: str) -> bool:
    """Whether the words are about the world outside."""
    return bool(_ELSEWHERE.search(request)) and not _LOG_WORDS.search(request)


def asks_how_to(request: str) -> bool:
    """Whether the words ask how something is done, to whatever service: logs do not say."""
    return bool(_HOW_TO.search(request)) and not _LOG_WORDS.search(request)


def asks_to_write(request: str, follow_up: bool = False) -> bool:
    """Whether the words ask for something to be changed: DevMesh's answers only read.

    After a question, "add the warnings" and "change that to 2h" change what is asked.
    """
    around = _AN_EVENT.sub(" ", request)
    if around != request and _TO_KEEP.search(around):  # what it says itself asks for nothing
        return True
    match = _WRITE.match(request)
    return bool(match and not (follow_up and _SOFT.search(match[0])))


def speaks_of_logs(request: str) -> bool:
    """Whether any word belongs to logs, machines or trouble with them."""
    return bool(_LOG_WORDS.search(request) or _TROUBLE.search(request))
