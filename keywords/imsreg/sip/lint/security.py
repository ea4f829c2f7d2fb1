"""Security-Client, Security-Server and Security-Verify by the letter of TS 33.203 Annex H: observations only.

The grammar of RFC 3329 2.2 takes any parameter; peers of earlier releases, and many of today's, do not write what
Annex H lists.
"""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.abnf.grammar import sip_grammar
from imsreg.sip.abnf.recogniser import Answer
from imsreg.sip.errors import show
from imsreg.sip.lint.params import element_parameters, elements
from imsreg.sip.lint.source import Source
from imsreg.sip.lint.violation import Violation

_RIGHT = {
    "alg": "hmac-sha-1-96, aes-gmac or null",
    "prot": "ah or esp",
    "mod": "trans, tun or UDP-enc-tun",
    "ealg": "aes-cbc, aes-gcm or null",
    "spi-c": "ten digits, up to 4294967295",
    "spi-s": "ten digits, up to 4294967295",
    "port-c": "a port",
    "port-s": "a port",
}
_LIMITS = {"spi-c": 2**32 - 1, "spi-s": 2**32 - 1, "port-c": 65535, "port-s": 65535}


def annex_h(source: Source) -> Iterator[Violation]:
    """Every ipsec-3gpp mechanism. What several mechanisms of a field say in the same way is said once."""
    for field in source.good("Security-Client", "Security-Server", "Security-Verify"):
        said: set[bytes] = set()
        for element in elements(field):
            if element.cut(b";")[0].octets.lower() != b"ipsec-3gpp":
                continue
            found = element_parameters(field, element)
            if not any(each.name == "alg" for each in found) and b"" not in said:
                said.add(b"")
                yield source.find("annex-h", element.at, "ipsec-3gpp has no alg", _RIGHT["alg"])
            for each in found:
                octets = each.whole.octets.lower()
                if each.name == "q" or octets in said or _listed(each.name, each.unquoted or "", each.whole.octets):
                    continue
                said.add(octets)
                right = _RIGHT.get(each.name, "q, alg, prot, mod, ealg, spi-c, spi-s, port-c, port-s")
                yield source.find("annex-h", each.whole.at, f"{show(each.whole.octets)} is not in Annex H", right)


def _listed(name: str, value: str, whole: bytes) -> bool:
    if name not in _RIGHT:
        return False
    if sip_grammar().recognise(f"annex-h-{name}", whole).answer is not Answer.YES:
        return False
    return name not in _LIMITS or (len(value) <= 10 and int(value) <= _LIMITS[name])
