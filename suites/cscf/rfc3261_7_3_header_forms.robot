*** Settings ***
Documentation       RFC 3261 7.3, 8.2.2 and 25.1: a header field means the same on one line and folded over several,
...                 under its long name and under its compact one, with a value a line and with several, with few
...                 blanks and with many; a quoted string is one word; and what nobody knows is passed over.

Resource            ../common.resource

Test Setup          Register And Leave As Usual
Test Teardown       Power Off UE


*** Test Cases ***
Folded Header Fields Are Understood
    [Documentation]    Every field is folded, with blanks and with tabs; the credentials right after their scheme.
    [Tags]    req:rfc3261-7.3.1-01
    ${register}=    Build Initial Register
    Fold Headers    ${register}
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    Fold Headers    ${answer}
    Send Request    ${answer}
    Expect Response    200
    Requirements Should Hold

Compact Header Names Are Understood
    [Documentation]    The names are f, i, k, l, m, t and v.
    [Tags]    req:rfc3261-7.3.3-01
    ${register}=    Build Initial Register
    Use Compact Names    ${register}
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    Use Compact Names    ${answer}
    Send Request    ${answer}
    Expect Response    200
    Requirements Should Hold

A Comma In A Quoted String Separates Nothing
    [Documentation]    It stands in a parameter of Via that nobody knows.
    [Tags]    req:rfc3261-25.1-01
    ${register}=    Build Initial Register
    ${via}=    Get Header    ${register}    Via
    Set Header    ${register}    Via    ${via};x-note="one, two; three"
    Send Request    ${register}
    Expect Response    401
    Requirements Should Hold

A Quoted Parameter Of A Contact Is One Word
    [Documentation]    A registrar may list them or leave them out: languages, an instance, one that nobody knows.
    [Tags]    req:rfc3261-25.1-01
    ${contact}=    Evaluate    $UE.contact.partition(";+sip.instance")[0]
    Register As
    ...    ${contact};language="en,fr";+sip.instance="<urn:gsma:imei:90420156-025763-0>";x-note="<a>; b, c"
    Requirements Should Hold

A Quoted Display Name Is One Word
    [Documentation]    It holds every separator, an escaped quote and an escaped backslash.
    [Tags]    req:rfc3261-25.1-01
    ${register}=    Build Initial Register
    ${from}=    Get Header    ${register}    From
    Set Header    ${register}    From    "A, \\"B\\"; <C> \\\\" ${from}
    Send Request    ${register}
    Expect Response    401
    Requirements Should Hold

Contacts In One Field And In Several Are The Same
    [Documentation]    Two contacts, which a DUT may refuse: then it refuses them in either form.
    [Tags]    req:rfc3261-7.3.1-03
    ${another}=    Evaluate    $UE.contact.replace("sip:", "sip:another-", 1)
    Register As    ${UE.contact}, ${another}
    Register As    ${UE.contact}    ${another}
    Requirements Should Hold

Blanks Around Colons And Slashes Mean Nothing
    [Documentation]    After the header names, and in SIP / 2.0 of Via.
    [Tags]    req:rfc3261-7.3.1-04
    ${register}=    Build Initial Register
    ${via}=    Get Header    ${register}    Via
    ${spaced}=    Evaluate    $via.replace("SIP/2.0/", "SIP / 2.0 / ")
    Set Header    ${register}    Via    ${spaced}
    ${octets}=    Evaluate    re.sub(rb"\\n([\\w-]+): ", rb"\\n\\1 \\t: ", $register.to_bytes())    modules=re
    Send Request    ${octets}
    Expect Response    401
    Requirements Should Hold

Header Fields That Nobody Knows Are Passed Over
    [Documentation]    Separators, quotes that do not end and letters of other alphabets are text in them.
    [Tags]    req:rfc3261-8.2.2-01
    ${register}=    Build Initial Register
    Add Header    ${register}    Unheard-Of    ;;,,;;,="<:
    Add Header    ${register}    X-Imsreg-Note    ${{"žluťoučký <sip:a@b>; c=\""}}
    Add Header    ${register}    O-o    ${EMPTY}
    Send Request    ${register}
    Expect Response    401
    Requirements Should Hold

A User Part Goes On To The At Sign
    [Documentation]    It holds what separates elsewhere, and an escape.
    [Tags]    req:rfc3261-25.1-02
    ${contact}=    Evaluate    $UE.contact.replace("@", ";a=1,b?c/d&e%20f@", 1)
    Register As    ${contact}
    Requirements Should Hold

An IPv6 Address In Received Has No Brackets
    [Documentation]    It stands in a second Via, of whoever sent the REGISTER to the UE. An IPv4 address comes first.
    [Tags]    req:rfc3261-25.1-03
    Challenge By Way Of    192.0.2.1
    Challenge By Way Of    2001:db8::1
    Requirements Should Hold


*** Keywords ***
Register And Leave As Usual
    [Documentation]    What the other forms are compared with: a registration in the usual form, and its end.
    Power On UE
    Register
    Deregister

Register As
    [Documentation]    Registers with these Contact fields, takes any answer, and removes what was bound.
    [Arguments]    @{contacts}
    ${register}=    Build Initial Register
    ${response}=    Exchange With Contacts    ${register}    ${contacts}
    IF    ${response.status} == 401
        ${answer}=    Build Register Answering    ${response}
        Exchange With Contacts    ${answer}    ${contacts}
    END
    ${deregister}=    Build Deregister
    ${response}=    Exchange With Contacts    ${deregister}    ${contacts}
    IF    ${response.status} == 401
        ${answer}=    Build Register Answering    ${response}
        Exchange With Contacts    ${answer}    ${contacts}
    END

Exchange With Contacts
    [Documentation]    Sends a REGISTER with these Contact fields and returns the final response.
    [Arguments]    ${register}    ${contacts}
    Remove Header    ${register}    Contact
    FOR    ${contact}    IN    @{contacts}
        Add Header    ${register}    Contact    ${contact}
    END
    Send Request    ${register}
    ${response}=    Expect Final Response
    RETURN    ${response}

Challenge By Way Of
    [Documentation]    The first REGISTER of a registration, with a second Via that names where it came from.
    [Arguments]    ${received}
    ${register}=    Build Initial Register
    Add Header
    ...    ${register}
    ...    Via
    ...    SIP/2.0/UDP way.example.org;branch=z9hG4bKway;received=${received}
    Send Request    ${register}
    Expect Response    401
