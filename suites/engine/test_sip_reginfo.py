"""application/reginfo+xml: read with its oddities named, refused where nothing could process it, and built."""

import gc
import sys
import time

import pytest

from imsreg.sip.params import Param, Params
from imsreg.sip.reginfo import (
    RegContact,
    Reginfo,
    ReginfoError,
    RegistrationInfo,
    TempGruu,
    build_reginfo,
    parse_reginfo,
)
from imsreg.sip.xml_tree import XmlError, read_xml

ROOT = '<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full">'
CONTACT = '<contact id="1" state="active" event="created"><uri>sip:c@h</uri></contact>'


def document(inside: str = "", root: str = ROOT, prolog: str = '<?xml version="1.0"?>\n') -> bytes:
    return f"{prolog}{root}{inside}</reginfo>".encode()


def registration(*contacts: str, attributes: str = 'aor="sip:a@h" id="r" state="active"') -> str:
    return f"<registration {attributes}>\n" + "\n".join(contacts) + "</registration>"


def test_the_example_of_the_specification() -> None:
    parsed = parse_reginfo(
        b"""<?xml version="1.0"?>
       <reginfo xmlns="urn:ietf:params:xml:ns:reginfo"
           xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
                    version="0" state="full">
         <registration aor="sip:user@example.com" id="as9"
                       state="active">
           <contact id="76" state="active" event="registered"
                    duration-registered="7322"
                    q="0.8">
                    <uri>sip:user@pc887.example.com</uri>
           </contact>
           <contact id="77" state="terminated" event="expired"
                    duration-registered="3600"
                    q="0.5">
                    <uri>sip:user@university.edu</uri>
           </contact>
         </registration>
       </reginfo>"""
    )
    assert (parsed.version, parsed.state, parsed.defects) == (0, "full", ())
    found = parsed.registration("sip:user@example.com")
    assert found is not None
    assert (found.id, found.state) == ("as9", "active")
    assert found.contacts == (
        RegContact("76", "active", "registered", "sip:user@pc887.example.com", duration_registered=7322, q=0.8),
        RegContact("77", "terminated", "expired", "sip:user@university.edu", duration_registered=3600, q=0.5),
    )
    assert parsed.registration("sip:%75ser@EXAMPLE.com;user=phone") is found
    assert parsed.registration("sip:other@example.com") is None
    assert parsed.registration("nowhere") is None


FULL = Reginfo(
    4294967295,
    "partial",
    (
        RegistrationInfo(
            "sip:a&b@h",
            "r<1>",
            "active",
            (
                RegContact(
                    id="1",
                    state="active",
                    event="shortened",
                    uri="sip:c@[::1]?x=1&y=2",
                    expires=600,
                    retry_after=0,
                    duration_registered=18446744073709551615,
                    q=1.0,
                    callid='a"b@h',
                    cseq=7,
                    display_name='<"A" & B>',
                    display_lang="en",
                    unknown_params=Params(
                        (Param("+sip.instance", "<urn:x>", quoted=True), Param("+g.3gpp.smsip"), Param("reg-id", "1"))
                    ),
                    pub_gruu="sip:a@h;gr=1",
                    temp_gruu=TempGruu("sip:t@h;gr", 54301),
                ),
            ),
        ),
        RegistrationInfo("tel:+1", "r2", "init"),
    ),
)


def test_what_is_built_is_read_again() -> None:
    octets = build_reginfo(FULL)
    assert parse_reginfo(octets) == FULL
    assert b'xmlns:gr="urn:ietf:params:xml:ns:gruuinfo"' in octets
    assert b'<unknown-param name="+sip.instance">"&lt;urn:x&gt;"</unknown-param>' in octets
    assert b'<unknown-param name="+g.3gpp.smsip"></unknown-param>' in octets


def test_a_small_document_declares_no_more_than_it_uses() -> None:
    small = Reginfo(
        0, "full", (RegistrationInfo("sip:a@h", "r", "active", (RegContact("1", "active", "created", "u"),)),)
    )
    assert b"xmlns:gr" not in build_reginfo(small)
    assert parse_reginfo(build_reginfo(small)) == small
    temporary = RegContact("1", "active", "created", "u", temp_gruu=TempGruu("sip:t@h;gr"))
    again = Reginfo(0, "full", (RegistrationInfo("sip:a@h", "r", "active", (temporary,)),))
    assert parse_reginfo(build_reginfo(again)) == again


def test_characters_that_xml_cannot_hold_do_not_break_the_document() -> None:
    odd = RegContact("1", "active", "created", "sip:\x00\udcff@h", callid="\x1b\n\t")
    parsed = parse_reginfo(build_reginfo(Reginfo(0, "full", (RegistrationInfo("a", "r", "active", (odd,)),))))
    contact = parsed.registrations[0].contacts[0]
    assert (contact.uri, contact.callid) == ("sip:\ufffd\ufffd@h", "\ufffd\n\t")


def test_other_namespaces_are_passed_over_and_gruus_kept() -> None:
    parsed = parse_reginfo(
        document(
            root=ROOT.replace(
                "<reginfo", '<r:reginfo xmlns:r="urn:ietf:params:xml:ns:reginfo" xmlns:x="urn:x" x:a="1"'
            ).replace(' xmlns="urn:ietf:params:xml:ns:reginfo"', ' xmlns="urn:none"'),
            inside='<registration id="of another namespace"/><x:y><r:registration/></x:y>'
            '<r:registration aor="sip:a@h" id="r" state="active" x:id="z"><x:contact/>'
            '<r:contact x:id="9" id="1" state="active" event="created"><uri>other</uri>'
            "<r:uri>\n  sip:c@h\n </r:uri><r:display-name>\n B <x:i>no</x:i></r:display-name>"
            '<g:pub-gruu xmlns:g="urn:ietf:params:xml:ns:gruuinfo" uri="sip:a@h;gr=1"><x:z/></g:pub-gruu>'
            '<g:temp-gruu xmlns:g="urn:ietf:params:xml:ns:gruuinfo" uri="sip:t@h;gr" first-cseq=" 5 "/>'
            "</r:contact></r:registration>",
        ).replace(b"</reginfo>", b"</r:reginfo>")
    )
    (found,) = parsed.registrations
    (contact,) = found.contacts
    assert parsed.defects == ()
    assert (found.id, contact.id, contact.uri, contact.display_name) == ("r", "1", "sip:c@h", "B")
    assert (contact.pub_gruu, contact.temp_gruu) == ("sip:a@h;gr=1", TempGruu("sip:t@h;gr", 5))


@pytest.mark.parametrize("version", ["0", " 7 ", "+7", "0007", "4294967295"])
def test_every_form_of_the_version_is_a_number(version: str) -> None:
    parsed = parse_reginfo(document(root=ROOT.replace('"0"', f'"{version}"')))
    assert (parsed.version, parsed.defects) == (int(version), ())


@pytest.mark.parametrize(
    ("inside", "defect"),
    [
        (registration(attributes='id="r" state="init"'), "line 2: the registration element lacks the attribute aor"),
        (registration(attributes='aor="a" state="init"'), "line 2: the registration element lacks the attribute id"),
        (registration(attributes='aor="a" id="r"'), "line 2: the registration element lacks the attribute state"),
        (
            registration(attributes='aor="a" id="r" state="Active"'),
            "registration element has the state 'Active', none of",
        ),
        (registration("<contact state='active' event='created'><uri>u</uri></contact>"), "line 3: the contact element"),
        (registration(CONTACT.replace("active", "init")), "contact element has the state 'init', none of"),
        (registration(CONTACT.replace("created", "deleted")), "the contact element has the event 'deleted'"),
        (registration(CONTACT.replace("created", "shortened")), "with the event shortened lacks expires"),
        (registration(CONTACT.replace("created", "probation")), "with the event probation lacks retry-after"),
        (registration(CONTACT.replace("<uri>sip:c@h</uri>", "")), "a contact without a uri element"),
        (registration(CONTACT.replace("id=", "expires='-1' id=")), "the expires '-1', no unsigned number"),
        (registration(CONTACT.replace("id=", "cseq='1 REGISTER' id=")), "the cseq '1 REGISTER', no unsigned"),
        (
            registration(CONTACT.replace("</contact>", "<unknown-param>x</unknown-param></contact>")),
            "line 3: the unknown-param element lacks the attribute name",
        ),
        (registration(CONTACT, CONTACT), "line 4: a second contact has the id '1'"),
        (
            registration() + registration(attributes='aor="sip:a@h" id="s" state="init"'),
            "line 3: a second registration has the aor 'sip:a@h'",
        ),
        (
            registration() + registration(attributes='aor="sip:b@h" id="r" state="init"'),
            "line 3: a second registration has the id 'r'",
        ),
        (
            registration(CONTACT)
            + registration(CONTACT.replace("c@h", "d@h"), attributes='aor="sip:b@h" id="s" state="init"'),
            "a second contact has the id '1'",
        ),
    ],
)
def test_one_defect_is_named_with_its_line(inside: str, defect: str) -> None:
    (found,) = parse_reginfo(document(inside)).defects
    assert defect in str(found)
    assert found.clause.startswith("RFC 3680 5.")


def test_one_contact_may_stand_in_two_registrations() -> None:
    both = registration(CONTACT) + registration(CONTACT, attributes='aor="tel:+1" id="s" state="active"')
    assert parse_reginfo(document(both)).defects == ()


def test_a_shortened_contact_with_its_span_is_right() -> None:
    shortened = CONTACT.replace("created", "shortened").replace("id=", "expires=' +60 ' id=")
    parsed = parse_reginfo(document(registration(shortened)))
    assert (parsed.defects, parsed.registrations[0].contacts[0].expires) == ((), 60)


LAUGHS = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("octets", "what"),
    [
        (b"", "line 1 of the body: not well-formed UTF-8 XML: no element found"),
        (b"v=0\r\n", "not well-formed"),
        (document("<registration>"), "mismatched tag"),
        (document("&undefined;"), "undefined entity"),
        (document(prolog=LAUGHS, inside="&b;"), "line 1 of the body: a document type ('r'): those are not read"),
        (document(prolog='<!DOCTYPE r SYSTEM "http://h/x.dtd">'), "a document type"),
        (document("\x00"), "UTF-16 or binary octets"),
        (document().decode().encode("utf-16"), "UTF-16 or binary octets"),
        (document("<a/>" * 5000), "more than the 4096 elements"),
        (document("\u00e9").decode().encode("latin-1"), "not well-formed"),
        (document(" " * 65536), "a document of 65"),
        (document("<a>" * 20 + "</a>" * 20), "more than 16 deep"),
        (document(root=ROOT.replace("params", "parms")), "the root element is 'urn:ietf:parms:xml:ns:reginfo reginfo'"),
        (b"<reginfo version='0' state='full'/>", "the root element is 'reginfo'"),
        (document(root=ROOT.replace(' version="0"', "")), "the version is missing, no number of 32 bits"),
        (document(root=ROOT.replace('"0"', '"-1"')), "the version is '-1'"),
        (document(root=ROOT.replace('"0"', '"4294967296"')), "the version is '4294967296'"),
        (document(root=ROOT.replace(' state="full"', "")), "the state is missing, neither full nor partial"),
        (document(root=ROOT.replace('"full"', '"FULL"')), "the state is 'FULL'"),
    ],
)
def test_what_nobody_could_process_is_refused_in_one_line(octets: bytes, what: str) -> None:
    with pytest.raises(ReginfoError) as raised:
        parse_reginfo(octets)
    assert what in str(raised.value)
    assert "\n" not in str(raised.value)
    assert raised.value.line >= 1


@pytest.mark.parametrize(
    "filler",
    ["<a/>", "a<b/>", "&#65;", "<!---->", '<registration aor="a" id="b" state="init"/>', "<a b='", "]]>", "<?a?>"],
)
def test_hostile_documents_take_linear_time(filler: str) -> None:
    octets = document(filler * ((65000 - len(ROOT)) // len(filler)))
    gc.disable()  # it would look at all that earlier tests left
    begin = time.process_time()
    try:
        assert parse_reginfo(octets).version == 0
    except ReginfoError as error:
        assert len(str(error)) < 1000  # noqa: PT017 - some of the fillers are well-formed
    finally:
        taken = time.process_time() - begin
        gc.enable()
    assert taken < (0.1 if sys.gettrace() is None else 1.0)  # measuring coverage takes its own


def test_an_xml_error_says_where() -> None:
    with pytest.raises(XmlError, match="line 2 of the document: not well-formed"):
        read_xml(b"<a>\n<")
