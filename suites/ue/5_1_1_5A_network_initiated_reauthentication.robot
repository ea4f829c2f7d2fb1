*** Settings ***
Documentation       TS 24.229 5.1.1.5A: the network shortens the registration, to authenticate the UE again.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Shortened Registration Is Extended In Time
    [Documentation]    60 s are left of it: the UE registers again after 30 s, and answers the challenge that it gets.
    [Tags]    req:24.229-5.1.1.5A-01    req:rfc6665-4.1.3-01
    Register UE
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
    ${notify}=    Build Notify    state=active    event=registered
    Send Request    ${notify}
    Expect Final Response
    ${notify}=    Build Notify    state=active    event=shortened    expires=60
    Send Request    ${notify}
    Expect Final Response
    ${refresh}=    Expect Request    REGISTER    within=60 s
    Send Challenge    ${refresh}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold
