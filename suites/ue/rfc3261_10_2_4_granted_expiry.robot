*** Settings ***
Documentation       RFC 3261 10.2.4: how long the UE's own contact is bound.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Expires Parameter Of The Contact
    [Documentation]    Expires says something else.
    [Tags]    req:rfc3261-10.2.4-01
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=60    where=contact
    Add Header    ${ok}    Expires    300
    Send Response    ${answer}    ${ok}
    ${refresh}=    Expect Request    REGISTER    within=60 s
    Send Acceptance    ${refresh}
    Requirements Should Hold

Expires Alone
    [Documentation]    The contact has no parameter.
    [Tags]    req:rfc3261-10.2.4-01
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=60    where=header
    Send Response    ${answer}    ${ok}
    ${refresh}=    Expect Request    REGISTER    within=60 s
    Send Acceptance    ${refresh}
    Requirements Should Hold

Parameter With Blanks Around It
    [Documentation]    As it was seen on a live network (RFC 3261 25.1: SEMI and EQUAL take blanks).
    [Tags]    req:rfc3261-10.2.4-01
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=60
    ${contact}=    Get Header    ${ok}    Contact
    ${spaced}=    Evaluate    $contact.replace(';expires=', ' ; expires = ')
    Set Header    ${ok}    Contact    ${spaced}
    Send Response    ${answer}    ${ok}
    ${refresh}=    Expect Request    REGISTER    within=60 s
    Send Acceptance    ${refresh}
    Requirements Should Hold

Contacts Of Others Are Listed Too
    [Documentation]    Before the UE's own with a shorter expiry, behind it with a longer one.
    [Tags]    req:rfc3261-10.2.4-01    req:rfc3261-10.2.4-03
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=60
    ${contact}=    Get Header    ${ok}    Contact
    Set Header    ${ok}    Contact    <sip:tablet@192.0.2.7:5060>;expires=20
    Add Header    ${ok}    Contact    ${contact}
    Add Header    ${ok}    Contact    <sip:watch@192.0.2.8:5060>;expires=7200
    Send Response    ${answer}    ${ok}
    ${refresh}=    Expect Request    REGISTER    within=60 s
    Send Acceptance    ${refresh}
    Requirements Should Hold

An Old Contact Of The UE Is Listed Beside The New One
    [Documentation]    The network removes it with an expiry of 0 (RFC 3261 10.3 step 7); the registration goes on.
    [Tags]    req:rfc3261-10.2.4-01
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=60
    ${contact}=    Get Header    ${ok}    Contact
    Set Header    ${ok}    Contact    <sip:former@192.0.2.7:5060>;expires=0
    Add Header    ${ok}    Contact    ${contact}
    Send Response    ${answer}    ${ok}
    ${refresh}=    Expect Request    REGISTER    within=60 s
    Send Acceptance    ${refresh}
    Requirements Should Hold
