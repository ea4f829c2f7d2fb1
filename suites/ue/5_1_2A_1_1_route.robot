*** Settings ***
Documentation       TS 24.229 5.1.2A.1.1: the way that a request of the UE takes.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Route Is The P-CSCF And Service-Route
    [Documentation]    Two values with parameters of their own, beside a Path that is not for the UE (RFC 3608 6.1).
    [Tags]    req:24.229-5.1.2A.1.1-01    req:24.229-5.1.2A.1.1-02
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    VAR    @{routes}=    <sip:edge.home.example;lr;zone=7>    <sip:orig@scscf.home.example:6060;lr>;x="a,b"
    ${ok}=    Build Acceptance    ${answer}    service_route=${routes}
    Send Response    ${answer}    ${ok}
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
    Requirements Should Hold

Service-Route Of The Last 200 Counts
    [Documentation]    The 200 to the refresh has none. The network ends the subscription and asks for another, which is
    ...    outside any dialog (RFC 6665 4.1.3).
    [Tags]    req:24.229-5.1.2A.1.1-02
    Register UE    expires=60
    Take Subscription
    ${notify}=    Build Notify    state=active    event=registered
    Send Request    ${notify}
    Expect Response    200
    ${refresh}=    Expect Request    REGISTER    within=60 s
    VAR    @{none}=    @{EMPTY}
    ${ok}=    Build Acceptance    ${refresh}    service_route=${none}
    Send Response    ${refresh}    ${ok}
    ${notify}=    Build Notify    state=active    event=refreshed    subscription=terminated;reason=deactivated
    Send Request    ${notify}
    Expect Response    200
    Take Subscription
    Requirements Should Hold


*** Keywords ***
Take Subscription
    [Documentation]    Waits for a SUBSCRIBE and accepts it.
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
