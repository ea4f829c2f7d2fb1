*** Settings ***
Documentation       RFC 7616 3.4: the parameters of Authorization.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Answer To A Challenge
    [Documentation]    Opaque goes back, nc begins at one, and quotes are where the grammar has them.
    [Tags]    req:rfc7616-3.4-01    req:rfc7616-3.4-03    req:rfc7616-3.4-04
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

A List Of Qualities Of Protection
    [Documentation]    The UE takes one of them.
    [Tags]    req:rfc7616-3.4-02    req:rfc7616-3.4-04
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    qop=auth,auth-int
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Nonce Is Used Again In A Refresh
    [Documentation]    A response that is computed anew counts up; the credentials of before may be repeated as a whole.
    [Tags]    req:rfc7616-3.4-03
    Register UE    expires=60
    ${refresh}=    Expect Request    REGISTER    within=60 s
    Send Acceptance    ${refresh}
    Requirements Should Hold

Nonce Is Used Again With A Password
    [Documentation]    Each refresh has a response of its own: nc is one more.
    [Tags]    req:rfc7616-3.4-03
    [Setup]    Power On Core    subscriber=password
    Register UE    expires=30
    ${refresh}=    Expect Request    REGISTER    within=30 s
    ${ok}=    Build Acceptance    ${refresh}    expires=30
    Send Response    ${refresh}    ${ok}
    ${refresh}=    Expect Request    REGISTER    within=30 s
    Send Acceptance    ${refresh}
    Requirements Should Hold
