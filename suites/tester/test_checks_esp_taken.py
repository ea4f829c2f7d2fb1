"""Whether a P-CSCF hears the UE on the associations that it has announced: when silence tells."""

from __future__ import annotations

from forged import credentials, vector
from forged_esp import Secured

from imsreg.secagree.associations import Name, Side
from imsreg.secagree.events import Fate
from imsreg.verdict.outcome import Breach, Held, Unmet

HEARD = "33.203-7.4.2a-10"
SILENCE = "no answer to REGISTER from 127.0.2.1:7004 over UDP on UL1 SPI 3001 within 32 s (Timer F)"


def answered() -> Secured:
    """A right response on the set of its challenge, and no answer yet."""
    return Secured(Side.P_CSCF).register().challenged().answer()


def given_up(life: Secured) -> Secured:
    """The tester's transaction is over."""
    life.again().passes(32.0)
    life.transcript.note(SILENCE, life.now, kind="transport")
    return life


def test_any_answer_will_do() -> None:
    assert answered().ok().kinds(HEARD) == {Held}
    assert answered().respond(500).kinds(HEARD) == {Held}


def test_silence_until_timer_f() -> None:
    assert answered().kinds(HEARD) == {Unmet}
    assert given_up(answered()).kinds(HEARD) == {Breach}


def test_what_comes_the_wrong_way_is_no_silence() -> None:
    life = answered()
    life.packet(life.sets[0].named(Name.DL2), Fate.BAD_ICV)
    assert given_up(life).kinds(HEARD) == {Unmet}


def test_the_silence_to_another_request() -> None:
    life = answered()
    life.register(on="clear")
    assert given_up(life).kinds(HEARD) == {Unmet}


def test_what_need_not_be_answered() -> None:
    began = Secured(Side.P_CSCF).register().challenged()
    wrong = began.answer(Authorization=credentials(vector(), b"wrong"))
    assert given_up(wrong).kinds(HEARD) == {Unmet}
    astray = Secured(Side.P_CSCF).register().challenged()
    astray.answer(on=astray.sets[0].named(Name.UL2))
    assert given_up(astray).kinds(HEARD) == {Unmet}
    assert given_up(Secured(Side.P_CSCF).register().challenged().answer(on="clear")).kinds(HEARD) == {Unmet}
