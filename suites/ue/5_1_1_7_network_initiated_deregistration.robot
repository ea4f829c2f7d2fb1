*** Settings ***
Documentation       TS 24.229 5.1.1.7: the network ends the registration, and tells the UE.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Deactivated Contact Is Registered Anew
    [Documentation]    The network wants the UE back at once (RFC 3680 5.1).
    [Tags]    req:24.229-5.1.1.7-01    req:rfc6665-4.1.3-01
    Register UE
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
    ${notify}=    Build Notify    state=active    event=registered
    Send Request    ${notify}
    Expect Response    200
    ${notify}=    Build Notify    state=terminated    event=deactivated
    Send Request    ${notify}
    Expect Response    200
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Rejected Contact Stays Off
    [Documentation]    The network does not want the UE back (RFC 3680 5.1). The tester listens for 60 s.
    [Tags]    req:24.229-5.1.1.7-02    slow
    Register UE
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
    ${notify}=    Build Notify    state=active    event=registered
    Send Request    ${notify}
    Expect Response    200
    ${notify}=    Build Notify    state=terminated    event=rejected
    Send Request    ${notify}
    Expect Response    200
    Advance Time    60 s
    Requirements Should Hold
