"""How names of people, desks and agencies are written. Shared by bylines, credits and quotes."""

from __future__ import annotations

import regex

#: News agencies and picture agencies, as they sign, in any case of letters.
_AGENCIES = (
    r"dpa(?:[ -](?:AFX|Bildfunk|infocom|tmn|Zentralbild|Pool))?|AFP(?: Photo| Images)?"
    r"|AP(?: Photo| Images)?|Associated Press|Reuters|epd|KNA|SID|APA(?:-Images)?|ddp(?: images)?"
    r"|EPA(?:-EFE)?|EFE|ANSA|Xinhua|TASS|Sputnik|Ukrinform|Anadolu(?: Agency| Images)?"
    r"|Bloomberg|Keystone(?:-SDA)?|Kyodo(?: News)?|Yonhap|NTB|Ritzau|Belga|ANP|PAP|MTI|CTK"
    r"|Getty(?: Images)?(?: Europe| News)?|IMAGO(?: images)?"
    r"|picture[ -]alliance|action press|ZUMA(?: Press| Wire)?|NurPhoto"
    r"|SIPA(?: USA| Press)?|Shutterstock|Alamy(?: Live News)?|Hans Lucas|LaPresse|Abaca(?:press)?"
    r"|SZ Photo|Ostkreuz|laif|Rex(?: Features)?|PA(?: Media| Wire| Images)?|Pool|Handout"
    r"|Sven Simon|Eibner|Xinhua News Agency|WireImage|UPI|Magnum|Redux|Agence VU"
)
_AGENCY = regex.compile(_AGENCIES, regex.IGNORECASE)
_PARTICLE = (
    r"(?:vo[nm]|van|der|den?|de[rs]|dem|zu[mr]?|da|di|d[ou]s?|la|le|el|al|bin|ibn|ben|ten?|af|y|e)"
)
_WORD = r"(?:(?:al-|el-|as-|ad-|d[’']|O[’'])?\p{Lu}[\p{L}\p{M}]*(?:[-’'][\p{L}\p{M}]+)*)"
_INITIAL = r"(?:\p{Lu}\.(?:-?\p{Lu}\.)*)"
_TITLE = r"(?:(?:Dr|Prof|Dipl|Sir|Mag)\.?\s)*"
_PERSON = regex.compile(
    rf"{_TITLE}{_WORD}(?:\s(?:{_WORD}|{_INITIAL}|{_PARTICLE}))*\s{_WORD}(?:\s(?:[JS]r\.|jun\.))?"
    rf"|{_TITLE}{_INITIAL}\s(?:(?:{_INITIAL}|{_PARTICLE})\s)*{_WORD}(?:\s{_WORD})?"
)
_CAPITALISED = regex.compile(rf"(?:{_WORD}|{_INITIAL})(?:\s(?:{_WORD}|{_INITIAL}|{_PARTICLE}))*")
_ADJECTIVES = r"(?:\s\p{Ll}+e[mnrs]?)*"
_NOUNS = rf"(?:\s{_WORD})+"
_OF = r"\s(?:de[rs]|vo[nm]|aus|i[nm]|beim?|für)(?:\s(?:de[mnr]|das))?"
_DESCRIBED = regex.compile(
    rf"(?:Eine?|Der|Die){_ADJECTIVES}{_NOUNS}(?:{_OF}{_ADJECTIVES}{_NOUNS})*"
)
_MOST_WORDS = 5


def is_person(text: str) -> bool:
    """Whether *text* is written like a full name: two to five capitalised words and particles."""
    return len(text) <= 60 and text.count(" ") < _MOST_WORDS and bool(_PERSON.fullmatch(text))


def is_description(text: str) -> bool:
    """Whether *text* is German for who somebody is, without a verb: "Eine Ärztin aus Genf"."""
    return len(text) <= 80 and bool(_DESCRIBED.fullmatch(text))


def is_agency(text: str) -> bool:
    """Whether *text* is the name of an agency, as it signs."""
    return bool(_AGENCY.fullmatch(text))


def is_capitalised(text: str) -> bool:
    """Whether *text* could be any name: every word capital, a few particles apart."""
    return len(text) <= 80 and bool(_CAPITALISED.fullmatch(text))
