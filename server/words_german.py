"""Questions in German, put into the English words that are read: levels, times, question words.

A small table, no translation: what it does not hold stays as it is. Quoted and pasted text is
never touched, nor is a question with hardly a German word in it.
"""

import re

from server.words_pasted import QUOTED

_N = r"(?P<n>\d+|eine[mnr]?|zwei|drei|vier|fünf|sechs|zehn|zwölf)"
_UNIT = r"(?P<unit>Sekunden?|Minuten?|Stunden?|Tag(?:en)?|Wochen?|Monat(?:en)?)"
_PHRASES = (
    (rf"vor\s+{_N}\s+{_UNIT}", r"\g<n> \g<unit> ago"),
    (
        r"(?P<h>\d{1,2})\s*(?:Uhr)?\s+bis\s+(?P<to>\d{1,2})\s*Uhr\b(?!\s*\d)",
        r"\g<h>:00 bis \g<to>:00",
    ),
    (r"(?P<h>\d{1,2})\s*Uhr\s*(?P<m>[0-5]\d)", r"\g<h>:\g<m>"),
    (r"(?P<h>\d{1,2}:[0-5]\d)\s*Uhr", r"\g<h>"),
    (r"(?P<h>\d{1,2})\s*Uhr", r"\g<h>:00"),
    (r"(?:gestern\s+(?:Nacht|nacht)|letzte\s+Nacht)", "last night"),
    (r"(?:(?:einer|eine|ein)\s+)?halben?\s+Stunde", "half an hour"),
    (r"heute\s+(?:Morgen|morgen|früh|Früh)", "this morning"),
    (r"um\s+(?:das\s+)?(?:Ereignis|Event)", "around event"),
    (r"schon\s+(?:ein)?mal", "ever"),
    (r"oder\s+(?:schlimmer|höher|schwerer)", "or worse"),
    (r"am\s+(?:meisten|häufigsten)", "the most"),
    (r"wie\s+oft", "how often"),
    (r"wie\s+viele?", "how many"),
    (r"(?:gab|gibt)\s+es", "are there"),
)
_WORDS = """
zeig=show zeige=show zeigt=show mir=me gib=give such=find suche=find finde=find liste=list
welche=which welcher=which welches=which welchem=which wann=when wo=where und=and oder=or
nicht=not nur=only ohne=without mit=with von=from vom=from aus=from auf=on bei=in im=in für=for
der=the den=the dem=the das=the des=the alle=all allen=all jede=each jeder=each pro=per je=per
mindestens=at~least wie=like ähnlich=similar ähnliche=similar ähnlichen=similar ähnliches=similar
etwas=something bitte=please danke=thanks neu=new neue=new neuen=new neueste=newest
neuesten=newest älteste=oldest ältesten=oldest letzte=last letzten=last letzter=last letztem=last
letztes=last vergangene=past vergangenen=past heute=today gestern=yesterday
vorgestern=day~before~yesterday seit=since bis=until zwischen=between nachmittag=afternoon
abend=evening mitternacht=midnight montag=monday dienstag=tuesday mittwoch=wednesday
donnerstag=thursday freitag=friday samstag=saturday sonntag=sunday sekunde=second sekunden=seconds
minuten=minutes stunde=hour stunden=hours tag=day tages=day tage=days tagen=days woche=week
wochen=weeks monat=month monate=months monaten=months ein=a eine=a einem=a einen=a einer=a
zwei=two drei=three vier=four fünf=five sechs=six zehn=ten zwölf=twelve fehler=errors
fehlern=errors warnung=warning warnungen=warnings kritische=critical kritischen=critical
meldung=message meldungen=messages nachrichten=messages einträge=entries einträgen=entries
zeilen=lines ereignis=event ereignisse=events lösche=delete löschen=delete entferne=remove
speichere=store starte=restart dienst=service dienste=services geschah=happened passierte=happened
passiert=happened was=what war=was rechner=host rechnern=hosts muster=patterns davor=before
danach=after
"""
_ENGLISH = {
    german: english.replace("~", " ")
    for german, english in (pair.split("=") for pair in _WORDS.split())
}
_IN_PHRASES = {"vor", "uhr", "halbe", "halben", "halber", "nacht", "gab", "gibt", "schon"}
_ALSO_ENGLISH_WORDS = """
wo mit den des dem von auf such pro tag was war um oft
"""
_ALSO_ENGLISH = frozenset(_ALSO_ENGLISH_WORDS.split())
_GERMAN = (_ENGLISH.keys() | _IN_PHRASES) - _ALSO_ENGLISH
"""The words that make a question a German one."""

_PATTERNS = tuple(
    (re.compile(rf"(?<![\w@-]){words}(?![\w@-])", re.I), right) for words, right in _PHRASES
)
_WORD = re.compile(r"(?<![\w.@/=-])[a-zäöüß]+(?![\w@/=-]|\.\w)", re.I)
_UNTOUCHED = re.compile(rf"{QUOTED.pattern}|(?::|->|=>)\s.*$", re.S)


def in_english(question: str) -> str:
    """The question with the German words of requests in English, if it is a German one."""
    asked = _UNTOUCHED.sub(" ", question)
    words = [word.lower() for word in _WORD.findall(asked)]
    german = {word for word in words if word in _GERMAN}
    if len(german) < 2 and len(german) * 2 < max(1, len(words)):
        return question
    done, parts = 0, list[str]()
    for kept in _UNTOUCHED.finditer(question):
        parts += _translated(question[done : kept.start()]), kept[0]
        done = kept.end()
    return "".join([*parts, _translated(question[done:])])


def _translated(request: str) -> str:
    for pattern, right in _PATTERNS:
        request = pattern.sub(right, request)
    return _WORD.sub(lambda match: _ENGLISH.get(match[0].lower(), match[0]), request)
