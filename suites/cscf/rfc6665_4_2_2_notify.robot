*** Settings ***
Documentation       RFC 6665 4.2.2: what stands in every NOTIFY.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
Every NOTIFY States The Subscription
    [Documentation]    From the first NOTIFY to the last one. Subscription-State never promises more than the 200.
    [Tags]    req:rfc6665-4.2.2-01    req:rfc6665-4.2.2-02    req:rfc6665-4.2.2-03    req:rfc6665-4.2.2-04
    ...       req:rfc6665-8.2.1-01    req:rfc3261-12.2.1.1-01    req:rfc3261-12.2.1.1-02
    Register
    Subscribe To Registration State    expires=3600
    Expect Notify
    Advance Time    6 s
    Refresh Subscription    expires=3600
    Expect Notify
    Advance Time    6 s
    Unsubscribe
    Wait For Notify    state=terminated
    Requirements Should Hold

The Id Of An Event Comes Back
    [Documentation]    A UE may have several subscriptions in one dialog, and tells them apart by it (RFC 6665 8.2.1).
    [Tags]    req:rfc6665-8.2.1-01
    Register
    ${subscribe}=    Build Subscribe
    Set Header    ${subscribe}    Event    reg;id=4711
    Send Request    ${subscribe}
    Expect Final Response
    Expect Notify
    Requirements Should Hold
