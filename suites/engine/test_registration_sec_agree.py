"""The P-CSCF's half of the security agreement (RFC 3329 2.3; TS 33.203 7.2, 7.3.2, Annex H)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from imsreg.registration import sec_agree
from imsreg.registration.replies import Refusal, reply
from imsreg.registration.seams import Seams
from imsreg.registration.sec_agree import SecAgree
from imsreg.secagree.negotiation import CURRENT_TRANSFORMS, Endpoints, offer, same_list
from imsreg.sip.draft import Draft
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.security import SecurityClient, SecurityServer
from imsreg.sip.message import Request

OFFER = ", ".join(offer(Endpoints(1000, 1001, 2000, 2001), CURRENT_TRANSFORMS))
RENEWED = ", ".join(offer(Endpoints(1002, 1003, 2002, 2001), CURRENT_TRANSFORMS))


def register(*, nonce: str = "", response: str = "", auts: str = "", **headers: str | None) -> Draft:
    """A REGISTER with the agreement's header fields; further ones by name (`_` for `-`), None leaves one out."""
    reported = f', auts="{auts}"' if auts else ""
    draft = Draft.request("REGISTER", "sip:home.example")
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        draft.add(name, "1 REGISTER" if name == "CSeq" else "<sip:a@home.example>")
    draft.add("Authorization", f'Digest username="a", nonce="{nonce}", response="{response}"{reported}')
    defaults = {"Security-Client": OFFER, "Require": "sec-agree", "Proxy-Require": "sec-agree"}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in (defaults | given).items():
        if value is not None:
            draft.add(name, value)
    return draft


def plain(*, nonce: str = "", response: str = "", **headers: str | None) -> Draft:
    """A REGISTER without any agreement."""
    left_out: dict[str, str | None] = dict.fromkeys(("Security_Client", "Require", "Proxy_Require"))
    return register(nonce=nonce, response=response, auts="", **(left_out | headers))


class PCscf:
    """The agreements of a P-CSCF, and what it does with requests and challenges."""

    def __init__(self, hooks: dict[str, Callable[..., object]] | None = None) -> None:
        self.agreements = SecAgree(14, Random(1), Seams(hooks or {}))

    def forward(self, draft: Draft, *, required: bool = False) -> Draft:
        """The request as it goes on. Raises Refusal."""
        request = draft.to_message()
        assert isinstance(request, Request)
        forwarded = Draft.of(request)
        self.agreements.request(request, forwarded, required=required)
        return forwarded

    def challenge(self, nonce: str = "n1", draft: Draft | None = None) -> str:
        """Security-Server of the 401 with this nonce."""
        request = (draft or register()).to_message()
        assert isinstance(request, Request)
        response = reply(request, 401).add("WWW-Authenticate", f'Digest realm="home.example", nonce="{nonce}"')
        self.agreements.challenge(request, response)
        return ", ".join(response.values("Security-Server"))

    def refusal(self, draft: Draft, *, required: bool = False) -> Refusal:
        """How the request is refused."""
        with pytest.raises(Refusal) as refused:
            self.forward(draft, required=required)
        assert refused.value.headers["Require"] == "sec-agree"
        assert refused.value.headers["Security-Server"]
        return refused.value


def answer(mirror: str | None, *, nonce: str = "n1", client: str | None = OFFER) -> Draft:
    """A REGISTER that answers the challenge with this nonce."""
    return register(nonce=nonce, response="abc", Security_Client=client, Security_Verify=mirror)


def test_the_agreement_stays_on_gm() -> None:
    forwarded = PCscf().forward(register(Require="path, sec-agree", Security_Verify="tls"))
    for name in ("Security-Client", "Security-Verify", "Proxy-Require"):
        assert forwarded.value(name) is None
    assert forwarded.value("Require") == "path"


def test_the_challenge_announces_spis_of_its_own() -> None:
    entries = [SecurityServer.parse(value) for value in PCscf().challenge().split(", ")]
    assert len(entries) == len(CURRENT_TRANSFORMS)
    assert {1000, 1001}.isdisjoint({spi for entry in entries for spi in (entry.spi_c, entry.spi_s)})


def test_an_answer_that_mirrors_the_list_goes_on_and_so_does_a_refresh() -> None:
    network = PCscf()
    mirror = network.challenge()
    network.forward(answer(mirror))
    assert network.forward(answer(mirror, client=RENEWED)).value("Security-Verify") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda mirror: answer(None),
        lambda mirror: answer(mirror.replace("aes-cbc", "null", 1)),
        lambda mirror: answer(", ".join(reversed(mirror.split(", ")))),
        lambda mirror: answer(mirror, client=RENEWED),
        lambda mirror: answer(mirror, client=None),
        lambda mirror: answer(None, client=None),
    ],
    ids=["no list", "parameter", "order", "other client", "no client", "neither"],
)
def test_a_changed_answer_is_refused_with_the_list_that_was_sent(change: Callable[[str], Draft]) -> None:
    network = PCscf()
    mirror = network.challenge()
    refusal = network.refusal(change(mirror))
    assert (refusal.status, refusal.headers["Security-Server"]) == (494, mirror)


def test_a_broken_agreement_stays_broken_until_the_next_challenge() -> None:
    network = PCscf()
    mirror = network.challenge()
    network.refusal(answer(None))
    assert network.refusal(answer(mirror)).status == 494
    network.forward(answer(network.challenge("n2"), nonce="n2"))


def test_an_answer_is_compared_with_the_challenge_that_it_answers() -> None:
    network = PCscf()
    first, second = network.challenge("n1"), network.challenge("n2")
    assert first != second
    network.forward(answer(first, nonce="n1"))
    network.forward(answer(second, nonce="n2"))
    network.challenge("n3")
    assert network.refusal(answer(second, nonce="n3")).status == 494


def test_an_answer_to_a_forgotten_challenge_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sec_agree, "MAX_AGREEMENTS", 2)
    network = PCscf()
    mirrors = [network.challenge(nonce) for nonce in ("n1", "n2", "n3")]
    assert network.refusal(answer(mirrors[0], nonce="n1")).status == 494
    network.forward(answer(mirrors[1], nonce="n2"))


def test_auts_answers_without_the_list() -> None:
    network = PCscf()
    network.challenge()
    network.forward(register(nonce="n1", response="abc", auts="AAAA", Security_Client=RENEWED))


def test_nothing_in_common_is_refused_with_the_own_list() -> None:
    refusal = PCscf().refusal(register(Security_Client=OFFER.replace("alg=", "alg=x-")))
    own = [SecurityServer.parse(value) for value in refusal.headers["Security-Server"].split(", ")]
    assert refusal.status == 494
    assert len(own) == len(CURRENT_TRANSFORMS)


def test_without_a_proposal_nothing_is_asked_of_an_answer() -> None:
    forwarded = PCscf().forward(plain(nonce="n1", response="abc", Require="sec-agree"))
    assert forwarded.value("Require") is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 421),
        ({"Supported": "path"}, 421),
        ({"Supported": "path, Sec-Agree"}, 494),
        ({"Require": "sec-agree"}, 494),
        ({"Proxy-Require": "sec-agree"}, 494),
    ],
)
def test_a_required_agreement_that_is_not_proposed(headers: dict[str, str], status: int) -> None:
    draft = plain()
    for name, value in headers.items():
        draft.add(name, value)
    assert PCscf().refusal(draft, required=True).status == status


def test_a_required_agreement_that_is_proposed() -> None:
    network = PCscf()
    network.forward(register(), required=True)
    network.forward(answer(network.challenge()), required=True)


def test_a_proposal_that_cannot_be_read_raises() -> None:
    with pytest.raises(HeaderError):
        PCscf().forward(register(Security_Client='ipsec-3gpp;alg="never closed'))


@pytest.mark.parametrize("challenge", ["Basic", 'Digest nonce="never closed', ""])
def test_a_challenge_that_cannot_be_read_begins_no_agreement(challenge: str) -> None:
    network = PCscf()
    request = register().to_message()
    assert isinstance(request, Request)
    response = reply(request, 401).add("WWW-Authenticate", challenge)
    network.agreements.challenge(request, response)
    assert response.values("Security-Server")
    network.forward(register())


@pytest.mark.parametrize("seam", ["p-cscf.security-verify", "p-cscf.security-client"])
def test_the_comparisons_have_a_seam_each(seam: str) -> None:
    network = PCscf({seam: lambda value, **context: True})
    mirror = network.challenge()
    overlooked = answer(None) if seam.endswith("verify") else answer(mirror, client=RENEWED)
    noticed = answer(mirror, client=RENEWED) if seam.endswith("verify") else answer(None)
    network.forward(overlooked)
    network.challenge("n2")
    noticed.set("Authorization", 'Digest username="a", nonce="n2", response="abc"')
    assert network.refusal(noticed).status == 494


def test_the_announcement_has_a_seam_that_sees_the_proposal() -> None:
    seen: list[tuple[SecurityClient, ...]] = []

    def announce(values: list[str], *, client: tuple[SecurityClient, ...]) -> list[str]:
        seen.append(client)
        return ["tls;q=0.1"]

    network = PCscf({"p-cscf.security-server": announce})
    assert network.challenge() == "tls;q=0.1"
    assert same_list(seen[0], [SecurityClient.parse(value) for value in OFFER.split(", ")])
    network.forward(answer("tls;q=0.1"))
