*** Settings ***
Documentation       TS 24.229 5.1.1.4.2: a REGISTER that extends a registration is like those before.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Refresh Repeats The Last Credentials
    [Documentation]    The network accepts them without another challenge.
    [Tags]    req:24.229-5.1.1.4.2-01    req:rfc3261-10.2-01    req:rfc3261-10.2-02
    Register UE    expires=60
    ${refresh}=    Expect Request    REGISTER    within=60 s
    Send Acceptance    ${refresh}
    Requirements Should Hold

Challenged Refresh Is Answered
    [Documentation]    The network authenticates again, with a new nonce and without stale (TS 24.229 5.4.1.2.2). What
    ...    is repeated later are the credentials of that authentication.
    [Tags]    req:24.229-5.1.1.4.2-01    req:24.229-5.1.1.5.1-01    req:24.229-5.1.1.5.1-06    req:rfc3261-10.2-02
    Register UE    expires=30
    ${refresh}=    Expect Request    REGISTER    within=30 s
    Send Challenge    ${refresh}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=30
    Send Response    ${answer}    ${ok}
    ${refresh}=    Expect Request    REGISTER    within=30 s
    Send Acceptance    ${refresh}
    Requirements Should Hold

Refresh Under The Security Agreement
    [Documentation]    A new offer, and the network's list of before.
    [Tags]    req:24.229-5.1.1.4.2-02    req:24.229-5.1.1.4.2-03
    Register UE    expires=60
    ${refresh}=    Expect Request    REGISTER    within=60 s
    Send Acceptance    ${refresh}
    Requirements Should Hold
