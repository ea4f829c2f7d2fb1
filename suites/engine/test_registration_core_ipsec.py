"""Registrations over associations at the reference core, with packets by hand (TS 33.203 7; TS 24.229 5.2.2, 5.4.1)."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

from gm_phone import V4, V6, Phone, new_core  # noqa: E402

from imsreg.net.link import SecuredNode  # noqa: E402
from imsreg.registration.replies import reply  # noqa: E402
from imsreg.registration.seams import SEAMS  # noqa: E402
from imsreg.secagree.acceptance import accept  # noqa: E402
from imsreg.secagree.associations import Name, Side  # noqa: E402
from imsreg.secagree.changes import Change  # noqa: E402
from imsreg.secagree.endpoints import STANDARD_PORTS  # noqa: E402
from imsreg.secagree.flows import flow_on  # noqa: E402
from imsreg.secagree.transforms import CURRENT_TRANSFORMS  # noqa: E402
from imsreg.sip.draft import Draft  # noqa: E402
from imsreg.sip.flow import Address, Flow  # noqa: E402
from imsreg.sip.headers.name_addr import Contact  # noqa: E402


@pytest.fixture
def new_phone(subscribers):
    """Makes a core and a UE: `new_phone(transport=..., hosts=..., hooks=..., reauthenticate=...)`."""

    def make(*, name="sub01", transport="UDP", hosts=V4, core=None, seed=1, hooks=None, **policy):
        core = core or new_core(subscribers, hooks, **policy)
        return Phone(core, subscribers[name], transport=transport, hosts=hosts, seed=seed)

    return make


@pytest.fixture
def phone(new_phone):
    return new_phone()


TRANSPORTS = pytest.mark.parametrize("transport", ["UDP", "TCP"])


# First registrations.


@TRANSPORTS
@pytest.mark.parametrize("hosts", [V4, V6], ids=["IPv4", "IPv6"])
def test_a_first_registration(new_phone, transport, hosts):
    phone = new_phone(transport=transport, hosts=hosts)
    (first,) = phone.send(phone.register(), phone.clear)
    assert phone.went[0].association is None
    sas = phone.made(first)
    assert [(c.change, c.sas, c.side) for c in phone.changes] == [(Change.INSTALL, sas, Side.P_CSCF)]
    (second,) = phone.send(phone.register(), phone.on(sas))
    assert second.status == 200
    assert phone.went == [phone.back(sas)]
    assert second.get(Contact).expires == 600_000
    assert phone.installed == [sas]


def test_the_core_is_a_secured_node(phone):
    assert isinstance(phone.core, SecuredNode)


def test_the_core_announces_spis_and_ports_of_its_own(phone):
    sas = phone.challenged()
    assert len(set(sas.spis)) == 4
    assert len({sas.p_cscf.port_c, sas.p_cscf.port_s}) == 2
    assert STANDARD_PORTS.isdisjoint((sas.p_cscf.port_c, sas.p_cscf.port_s))


def test_two_contacts_share_neither_spi_nor_port_of_the_core(new_phone):
    one = new_phone()
    other = new_phone(core=one.core, name="sub02", hosts=(V4[0], "127.0.3.2"), seed=2)
    sets = [one.registered(), other.registered()]
    assert len({spi for sas in sets for spi in sas.p_cscf.spis}) == 4
    assert len({port for sas in sets for port in (sas.p_cscf.port_c, sas.p_cscf.port_s)}) == 4


def test_a_repeated_answer_gets_the_same_octets_on_the_same_association(phone):
    sas = phone.challenged()
    answer = phone.register()
    (first,) = phone.send(answer, phone.on(sas))
    (again,) = phone.send(answer, phone.on(sas))
    assert first.raw == again.raw
    assert phone.went == [phone.back(sas)]
    assert phone.installed == [sas]


def test_a_repeated_first_register_makes_no_second_set(phone):
    first = phone.register(Security_Verify=None)
    (one,) = phone.send(first, phone.clear)
    (other,) = phone.send(first, phone.clear)
    assert one.raw == other.raw
    assert len(phone.installed) == 1


def test_a_new_challenge_ends_the_temporary_set_before(phone):
    before = phone.challenged()
    after = phone.challenged()
    assert phone.installed == [after], "with the same Security-Client, too"
    assert phone.send(phone.register(), phone.on(before)) == []
    assert phone.send(phone.register(), phone.on(after))[0].status == 200


def test_a_new_challenge_ends_what_others_of_the_user_have_made_elsewhere(new_phone, subscribers):
    core = new_core(subscribers)
    phones = [Phone(core, subscribers["sub01"], hosts=(V4[0], f"127.0.3.{n}"), seed=n) for n in range(1, 6)]
    for each in phones:
        each.usim = phones[0].usim
        latest = each.challenged()
    changes = [change for each in phones for change in each.changes]
    assert [c.change for c in changes].count(Change.REMOVE) == 4
    assert (changes[-1].change, changes[-1].sas) == (Change.INSTALL, latest)


def test_a_re_authentication_again_with_the_same_client_port(new_phone):
    phone = new_phone(reauthenticate=True)
    old = phone.registered()
    list_of_old = phone.server
    phone.renew()
    phone.challenged(phone.on(old))
    phone.nonce, phone.response, phone.server = "", "", list_of_old
    (response,) = phone.send(phone.register(), phone.on(old))
    assert response.status == 403
    assert phone.installed == [old]
    phone.renew()
    phone.server = list_of_old
    new = phone.challenged(phone.on(old))
    assert phone.installed == [old, new]


def test_a_temporary_set_that_nobody_uses_dies(phone):
    phone.challenged()
    phone.advance(239.0)
    assert len(phone.installed) == 1
    phone.advance(2.0)
    assert phone.installed == []
    assert phone.core.next_deadline() is None


def test_the_set_lives_half_a_minute_longer_than_the_registration(new_phone):
    phone = new_phone(max_expires=120)
    sas = phone.registered()
    phone.advance(149.0)
    assert phone.installed == [sas]
    phone.advance(2.0)
    assert phone.installed == []


# Refresh and re-authentication.


@TRANSPORTS
def test_a_refresh_without_a_challenge_keeps_the_set_and_prolongs_it(new_phone, transport):
    phone = new_phone(transport=transport, max_expires=120)
    sas = phone.registered()
    phone.advance(100.0)
    phone.renew()
    (response,) = phone.send(phone.register(), phone.on(sas))
    assert response.status == 200
    assert phone.went == [phone.back(sas)]
    phone.advance(149.0)
    assert phone.installed == [sas]
    phone.advance(2.0)
    assert phone.installed == []


@TRANSPORTS
def test_a_re_authentication_goes_from_the_old_set_to_a_new_one(new_phone, transport):
    phone = new_phone(transport=transport, reauthenticate=True)
    old = phone.registered()
    phone.renew()
    (challenge,) = phone.send(phone.register(), phone.on(old))
    assert phone.went == [phone.back(old)]
    new = phone.made(challenge)
    assert new.p_cscf.port_s == old.p_cscf.port_s
    assert new.p_cscf.port_c != old.p_cscf.port_c
    assert set(new.spis).isdisjoint(old.spis)
    assert phone.installed == [old, new]
    (response,) = phone.send(phone.register(), phone.on(new))
    assert response.status == 200
    assert phone.went == [phone.back(new)]
    assert phone.installed == [old, new], "the old one may still be used"
    phone.renew()
    (challenge,) = phone.send(phone.register(), phone.on(new))
    assert phone.installed[0] == new, "a message has come on the new set"
    assert old not in phone.installed


def test_a_challenge_on_the_old_set_that_is_not_answered_leaves_it_alone(new_phone):
    phone = new_phone(reauthenticate=True)
    old = phone.registered()
    phone.renew()
    phone.challenged(phone.on(old))
    phone.advance(241.0)
    assert phone.installed == [old]


def test_an_unprotected_register_with_live_sets(phone):
    old = phone.registered()
    phone.renew()
    (challenge,) = phone.send(phone.register(Security_Verify=None), phone.clear)
    assert (challenge.status, phone.went[0].association) == (401, None)
    new = phone.made(challenge)
    assert phone.installed == [old, new]
    assert new.p_cscf.port_s == old.p_cscf.port_s
    assert phone.send(phone.register(), phone.on(new))[0].status == 200
    assert phone.installed == [new], "all old ones go with the 200"


def test_an_unprotected_register_is_challenged_even_with_the_last_response(phone):
    phone.registered()
    phone.renew()
    assert phone.send(phone.register(), phone.clear)[0].status == 401


# Failures.


def wrong(phone: Phone) -> Draft:
    return phone.register(Authorization=phone.register().value("Authorization").replace('response="', 'response="0'))


@TRANSPORTS
def test_a_wrong_first_response_is_refused_on_the_new_set(new_phone, transport):
    phone = new_phone(transport=transport)
    sas = phone.challenged()
    (response,) = phone.send(wrong(phone), phone.on(sas))
    assert response.status == 403
    assert response.field("WWW-Authenticate") is None
    assert phone.went == [phone.back(sas)]
    assert phone.installed == []
    assert phone.send(phone.register(), phone.on(sas)) == []


@TRANSPORTS
def test_a_wrong_later_response_is_refused_on_the_old_set(new_phone, transport):
    phone = new_phone(transport=transport, reauthenticate=True)
    old = phone.registered()
    phone.renew()
    new = phone.challenged(phone.on(old))
    (response,) = phone.send(wrong(phone), phone.on(new))
    assert response.status == 403
    assert phone.went == [phone.back(old)]
    assert phone.installed == [old]


def test_another_challenge_instead_of_a_refusal_makes_another_set(new_phone):
    phone = new_phone(challenges_again=True)
    first = phone.challenged()
    (response,) = phone.send(wrong(phone), phone.on(first))
    assert phone.went == [phone.back(first)]
    second = phone.made(response)
    assert phone.installed == [second]
    assert phone.send(phone.register(), phone.on(second))[0].status == 200


def test_a_synchronisation_failure_is_reported_in_the_clear_and_makes_another_set(phone):
    (challenge,) = phone.send(phone.register(), phone.clear)
    phone.own = phone.own.renewed(phone.random)
    (again,) = phone.send(phone.register(Authorization=phone.auts(challenge)), phone.clear)
    assert phone.went[0].association is None
    sas = phone.made(again)
    assert phone.installed == [sas]
    assert phone.send(phone.register(), phone.on(sas))[0].status == 200


def test_a_synchronisation_failure_is_reported_on_the_old_set(new_phone):
    phone = new_phone(reauthenticate=True)
    old = phone.registered()
    phone.renew()
    (challenge,) = phone.send(phone.register(), phone.on(old))
    phone.renew()
    (again,) = phone.send(phone.register(Authorization=phone.auts(challenge)), phone.on(old))
    assert phone.went == [phone.back(old)]
    assert phone.installed == [old, phone.made(again)]


def test_a_mac_failure_is_refused_where_it_is_reported(phone):
    sas = phone.challenged()
    phone.response = ""
    assert phone.send(phone.register(), phone.on(sas)) == [], "never on the new set"
    assert phone.send(phone.register(), phone.clear)[0].status == 403
    assert phone.went[0].association is None


@pytest.mark.parametrize(
    "change",
    [
        {"Security_Verify": None},
        {"Security_Verify": "ipsec-3gpp;alg=null"},
        {"Security_Client": None},
        {"Security_Client": "ipsec-3gpp;alg=null"},
    ],
)
def test_a_changed_agreement_ends_the_registration(phone, change):
    sas = phone.challenged()
    (response,) = phone.send(phone.register(**change), phone.on(sas))
    assert response.status == 494
    assert phone.went == [phone.back(sas)]
    assert phone.installed == []


def test_a_changed_agreement_of_a_re_authentication_is_told_on_the_old_set(new_phone):
    phone = new_phone(reauthenticate=True)
    old = phone.registered()
    phone.renew()
    new = phone.challenged(phone.on(old))
    assert phone.send(phone.register(Security_Verify=None), phone.on(new))[0].status == 494
    assert phone.went == [phone.back(old)]
    assert phone.installed == [old]


def test_a_refresh_repeats_the_list(phone):
    sas = phone.registered()
    phone.renew()
    assert phone.send(phone.register(Security_Verify=None), phone.on(sas))[0].status == 494
    assert phone.send(phone.register(), phone.on(sas))[0].status == 200
    assert phone.installed == [sas]


# Wrong places.


def test_an_answer_in_the_clear_is_not_heard(phone):
    sas = phone.challenged()
    answer = phone.register()
    assert phone.send(answer, phone.clear) == []
    assert phone.send(answer, phone.on(sas))[0].status == 200, "the very same request at the right place"


def test_nothing_in_the_clear_is_heard_at_a_protected_port(phone):
    sas = phone.registered()
    for local in (sas.named(Name.UL1).destination, sas.named(Name.UL2).destination):
        for remote in (phone.clear.remote, sas.named(Name.UL1).source):
            assert phone.send(phone.register(), Flow("UDP", local, remote)) == []


def test_an_answer_on_another_set_is_not_heard(new_phone):
    phone = new_phone(reauthenticate=True)
    old = phone.registered()
    phone.renew()
    new = phone.challenged(phone.on(old))
    assert phone.send(phone.register(), phone.on(old)) == []
    assert phone.send(phone.register(), phone.on(new, Name.UL2)) == []
    assert phone.send(phone.register(), phone.on(new))[0].status == 200


def test_nothing_but_the_answer_comes_on_a_temporary_set(phone):
    sas = phone.challenged()
    phone.nonce = phone.response = ""
    assert phone.send(phone.register(), phone.on(sas)) == []
    options = phone.register(CSeq="9 OPTIONS")
    options.start_line = options.start_line.replace("REGISTER", "OPTIONS")
    assert phone.send(options, phone.on(sas)) == []


def test_an_association_that_is_gone_is_not_heard(phone):
    sas = phone.registered()
    phone.renew()
    phone.registered()
    assert phone.send(phone.register(), phone.on(sas)) == []


def test_the_association_of_another_user(new_phone):
    phone = new_phone()
    other = new_phone(core=phone.core, name="sub02", hosts=(V4[0], "127.0.3.2"), seed=2)
    sas = phone.registered()
    other.registered()
    assert phone.send(other.register(), phone.on(sas)) == []
    assert phone.send(phone.register(), phone.on(sas))[0].status == 200


def test_a_via_that_is_not_the_source_is_refused(phone):
    sas = phone.registered()
    phone.renew()
    via = phone.register().value("Via")
    elsewhere = via.replace(phone.host, "127.0.3.9")
    assert phone.send(phone.register(Via=elsewhere), phone.on(sas))[0].status == 403
    assert phone.went == [phone.back(sas)]
    named = via.replace(phone.host, "ue.example").replace("branch=", "branch=z9hG4bKnamed")
    assert phone.send(phone.register(Via=named), phone.on(sas))[0].status == 200


@pytest.mark.parametrize(("protected", "status"), [(False, 403), (True, 405)])
def test_other_methods(phone, protected, status):
    sas = phone.registered()
    options = phone.register(CSeq="9 OPTIONS")
    options.start_line = options.start_line.replace("REGISTER", "OPTIONS")
    (response,) = phone.send(options, phone.on(sas) if protected else phone.clear)
    assert response.status == status
    assert (phone.went == [phone.back(sas)]) is protected


def test_credentials_that_cannot_be_read_are_refused_on_the_association(phone):
    sas = phone.registered()
    (response,) = phone.send(phone.register(Authorization='Digest username="open'), phone.on(sas))
    assert response.status == 400
    assert phone.went == [phone.back(sas)]


# The table.


def test_a_seventh_association_in_a_direction(new_phone, subscribers):
    core = new_core(subscribers)
    hosts = [(V4[0], f"127.0.3.{n}") for n in range(1, 5)]
    phones = [Phone(core, subscribers["sub01"], hosts=each, seed=n) for n, each in enumerate(hosts)]
    for each in phones:
        each.usim = phones[0].usim
    for each in phones[:3]:
        each.registered()
    (response,) = phones[3].send(phones[3].register(Security_Verify=None), phones[3].clear)
    assert response.status == 403
    assert "6 associations" in response.reason
    assert response.field("Security-Server") is None
    assert response.field("WWW-Authenticate") is None
    assert phones[3].changes == []


def test_a_client_port_that_is_in_use(phone):
    phone.registered()
    phone.own = phone.own.renewed(phone.random, ports=range(phone.own.port_c + 1, phone.own.port_c + 9))
    kept = phone.installed[0].ue.port_c
    offered = phone.register(Security_Verify=None)
    offered.set("Security-Client", offered.value("Security-Client").replace(str(phone.own.port_c), str(kept)))
    (response,) = phone.send(offered, phone.clear)
    assert (response.status, len(phone.installed)) == (403, 1)


def test_an_spi_that_is_in_use(phone):
    phone.registered()
    (response,) = phone.send(phone.register(Security_Verify=None), phone.clear)
    assert response.status == 494, "the same Security-Client once more"


def test_a_contact_that_no_authentication_has_bound(phone):
    sas = phone.registered()
    phone.renew()
    assert phone.send(phone.register(Contact="<sip:127.0.3.1:9999>"), phone.on(sas))[0].status == 403
    assert phone.send(phone.register(Contact="<sip:127.0.3.1:9999>;expires=0"), phone.on(sas))[0].status == 200
    assert phone.send(phone.register(Contact=None), phone.on(sas))[0].status == 200


def test_a_response_that_the_core_has_not_verified_is_no_refresh(phone):
    sas = phone.registered()
    phone.renew()
    phone.nonce = "other"
    assert phone.send(phone.register(), phone.on(sas))[0].status == 401


# De-registration.


@TRANSPORTS
@pytest.mark.parametrize(
    "headers", [{"Expires": "0"}, {"Contact": "*", "Expires": "0"}], ids=["its contact", "every contact"]
)
def test_a_de_registration_is_answered_on_the_set_which_then_goes(new_phone, transport, headers):
    phone = new_phone(transport=transport)
    sas = phone.registered()
    phone.renew()
    (response,) = phone.send(phone.register(**headers), phone.on(sas))
    assert response.status == 200
    assert response.field("Contact") is None
    assert phone.went == [phone.back(sas)]
    assert phone.installed == []
    assert phone.send(phone.register(), phone.on(sas)) == []
    assert phone.core.next_deadline() is None or transport == "UDP"


def test_a_de_registration_that_is_challenged(new_phone):
    phone = new_phone(reauthenticate=True)
    old = phone.registered()
    phone.renew()
    new = phone.challenged(phone.on(old), Expires="0")
    assert phone.send(phone.register(Expires="0"), phone.on(new))[0].status == 200
    assert phone.went == [phone.back(new)]
    assert phone.installed == []


@pytest.mark.parametrize("everything", [True, False])
def test_the_sets_of_the_user_at_another_address(new_phone, everything):
    here = new_phone()
    there = new_phone(core=here.core, hosts=(V4[0], "127.0.3.2"), seed=2)
    there.usim = here.usim
    here.registered(), there.registered()
    there.renew()
    headers = {"Contact": "*", "Expires": "0"} if everything else {"Expires": "0"}
    there.send(there.register(**headers), there.on(there.installed[0]))
    gone = {change.sas.ue_host for change in there.changes if change.change is Change.REMOVE}
    assert gone == ({here.host, there.host} if everything else {there.host})


def test_a_registration_that_begins_elsewhere_goes_on(new_phone):
    here = new_phone()
    there = new_phone(core=here.core, hosts=(V4[0], "127.0.3.2"), seed=2)
    there.usim = here.usim
    sas = here.registered()
    new = there.challenged()
    here.renew()
    here.send(here.register(Expires="0"), here.on(sas))
    here.collect()
    assert (here.installed, there.installed) == ([], [new])


def test_removing_another_contact_keeps_the_sets(phone):
    sas = phone.registered()
    phone.renew()
    phone.send(phone.register(Contact="<sip:127.0.3.1:9999>;expires=0"), phone.on(sas))
    assert phone.installed == [sas]


def test_after_a_de_registration_both_server_ports_may_change(phone):
    sas = phone.registered()
    phone.renew()
    phone.send(phone.register(Expires="0"), phone.on(sas))
    assert phone.registered().p_cscf.port_s != sas.p_cscf.port_s


# Seams.


def test_every_seam_of_the_p_cscf_is_called_and_changes_nothing(new_phone):
    called = set()

    def watch(name):
        def hook(value, **context):
            called.add(name)
            return value

        return hook

    names = {name for name in SEAMS if name.startswith("p-cscf.") and ".esp-" not in name}  # those are the link's
    phone = new_phone(hooks={name: watch(name) for name in names})
    sas = phone.challenged()
    phone.send(phone.register(), phone.clear)
    phone.send(phone.register(), phone.on(sas))
    _, notify = phone.send(phone.subscribe(sas), phone.on(sas))
    phone.send(reply(notify, 200), phone.on(sas))
    phone.renew()
    phone.send(phone.register(Expires="0"), phone.on(sas))
    assert called == names
    assert phone.core.seams.firings == 0
    assert phone.installed == []


def test_a_mutant_that_keeps_a_dead_set_answers_on_it(new_phone):
    phone = new_phone(hooks={"p-cscf.remove": lambda value, **context: False})
    sas = phone.registered()
    phone.renew()
    phone.send(phone.register(Expires="0"), phone.on(sas))
    assert phone.installed == [sas]
    assert phone.send(phone.register(), phone.on(sas))[0].status == 401
    assert phone.went == [phone.back(sas)]


def test_a_mutant_that_takes_an_answer_in_the_clear(new_phone):
    hooks = {"p-cscf.discard": lambda value, **c: False, "p-cscf.integrity": lambda value, **c: "yes"}
    phone = new_phone(hooks=hooks)
    phone.challenged()
    (response,) = phone.send(phone.register(), phone.clear)
    assert response.status == 200
    assert phone.went[0].association is None


def test_a_mutant_that_answers_in_the_clear(new_phone):
    def in_the_clear(flow, *, status, **context):
        return Flow(flow.transport, Address(flow.local.host, 5060), flow.remote) if status == 200 else flow

    phone = new_phone(hooks={"p-cscf.reply-flow": in_the_clear})
    sas = phone.challenged()
    phone.send(phone.register(), phone.on(sas))
    assert phone.went[0].association is None


# Hostile UEs.


@pytest.mark.parametrize("seed", range(3))
def test_nothing_that_comes_on_an_association_raises_or_stays(new_phone, seed):
    random = Random(seed)
    phone = new_phone(seed=seed)
    sas = phone.registered()
    for turn in range(200):
        phone.renew()
        if turn % 20 == 0:
            phone.now += 1.0
            sas = phone.registered()
            phone.renew()
        octets = phone.register().to_bytes()
        temporary = phone.challenged() if turn % 3 == 0 else sas
        flow = random.choice([phone.clear, phone.on(sas), phone.on(sas, Name.UL2), phone.on(temporary)])
        at = random.randrange(len(octets))
        piece = random.choice([b"", b'"', b"\r\n", b",", b"\0", b"ipsec-3gpp;", b"spi-c=0;", b'nonce="', b"9" * 40])
        for response in phone.send(octets[:at] + piece + octets[at + random.randrange(12) :], flow):
            assert response.status >= 200
    security = phone.core._p_cscf._protection
    assert len(phone.installed) <= 3
    assert len(security._sets._held) == 2 * len(phone.installed)
    assert not security._open
    assert not phone.core._p_cscf._arrivals
    phone.advance(700_000.0)
    assert phone.installed == []
    assert not security._sets._held
    assert not security.table.contacts


# More mutants.


def test_a_mutant_that_answers_on_the_old_set(new_phone):
    def old(flow, *, status, arrival, **context):
        began = arrival.held and arrival.held.live.began_on
        return flow_on(began.sas.named(Name.DL2), "UDP") if began and status == 200 else flow

    phone = new_phone(hooks={"p-cscf.reply-flow": old}, reauthenticate=True)
    before = phone.registered()
    phone.renew()
    new = phone.challenged(phone.on(before))
    assert phone.send(phone.register(), phone.on(new))[0].status == 200
    assert phone.went == [phone.back(before)]


def test_a_mutant_that_looks_at_no_via(new_phone):
    phone = new_phone(hooks={"p-cscf.source": lambda value, **context: True})
    sas = phone.registered()
    phone.renew()
    elsewhere = phone.register().value("Via").replace(phone.host, "127.0.3.9")
    assert phone.send(phone.register(Via=elsewhere), phone.on(sas))[0].status == 200


def test_a_mutant_that_counts_no_associations(new_phone, subscribers):
    core = new_core(subscribers, {"p-cscf.room": lambda value, **context: None})
    phones = [Phone(core, subscribers["sub01"], hosts=(V4[0], f"127.0.3.{n}"), seed=n) for n in range(1, 5)]
    for each in phones:
        each.usim = phones[0].usim
        each.registered()


def test_a_mutant_that_takes_what_the_ue_names_last(new_phone):
    def last(chosen, *, client):
        return accept(client[-1:], CURRENT_TRANSFORMS)

    phone = new_phone(hooks={"p-cscf.chosen": last})
    sas = phone.challenged()
    (installed,) = phone.installed
    assert installed != sas
    assert installed.keys.transform == CURRENT_TRANSFORMS[-1]


def test_a_mutant_whose_sets_die_early(new_phone):
    phone = new_phone(hooks={"p-cscf.lifetime": lambda value, **context: 0})
    phone.registered()
    phone.advance(31.0)
    assert phone.installed == []
