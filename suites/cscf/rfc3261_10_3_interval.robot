*** Settings ***
Documentation       RFC 3261 10.3 step 7: a registrar may refuse a brief expiry with 423, and says what it would grant.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
A 423 Says What Would Be Long Enough
    [Documentation]    Ten seconds. A registrar that takes them leaves nothing to judge; one that does not has 423 for
    ...    it and no other refusal. A long expiry shows that the user may register.
    [Tags]    req:rfc3261-10.3-11    req:rfc3261-10.3-12    req:24.229-5.4.1.2.2-05
    Send Initial Register    expires=10
    Answer The Challenge Unless The Expiry Is Refused
    Register
    Requirements Should Hold

An Hour Is Not Too Brief
    [Documentation]    From an hour on no registrar may refuse an expiry, whatever its own minimum is.
    [Tags]    req:rfc3261-10.3-12
    Send Initial Register    expires=10
    Answer The Challenge Unless The Expiry Is Refused
    Send Initial Register    expires=3600
    Answer The Challenge Unless The Expiry Is Refused
    Requirements Should Hold


*** Keywords ***
Answer The Challenge Unless The Expiry Is Refused
    [Documentation]    423 may come before or after the authentication.
    ${response}=    Expect Response    401    or=423
    IF    ${response.status} == 401
        Send Register Answering    ${response}
        Expect Final Response
    END
