*** Settings ***
Documentation       RFC 6665 4.2.1: how the notifier accepts, refreshes and ends subscriptions.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
The 200 Says How Long The Subscription Lasts
    [Documentation]    No longer than the UE asks for, also where that is a short time.
    [Tags]    req:rfc6665-3.1.1-01    req:rfc6665-3.1.1-02
    Register
    Subscribe To Registration State
    Expect Notify
    Refresh Subscription    expires=3600
    Expect Notify
    Requirements Should Hold

A Refresh Is Followed By A NOTIFY
    [Documentation]    Twice, with the time that a network may need between two of them (RFC 3680 4.10).
    [Tags]    req:rfc6665-4.2.1.2-02    req:rfc6665-3.1.1-01    req:rfc6665-3.1.1-02
    Register
    Subscribe To Registration State
    Expect Notify
    Advance Time    6 s
    Refresh Subscription
    Wait For Notify
    Advance Time    6 s
    Refresh Subscription
    Wait For Notify
    Requirements Should Hold

The End Of A Subscription Is Followed By A Last NOTIFY
    [Documentation]    Expires: 0 in the dialog. Afterwards the UE refreshes its registration, of which nothing is told.
    [Tags]    req:rfc6665-4.2.1.4-01    req:rfc6665-4.4.1-01
    Register
    Subscribe To Registration State
    Expect Notify
    Advance Time    6 s
    Unsubscribe
    Wait For Notify    state=terminated
    Refresh Registration
    Advance Time    6 s
    Requirements Should Hold

A Fetch Is Answered By One NOTIFY
    [Documentation]    Expires: 0 in the first SUBSCRIBE asks for the state once.
    [Tags]    req:rfc6665-4.2.1.4-01    req:rfc6665-4.4.1-01    req:rfc3680-4.7.2-01
    Register
    Subscribe To Registration State    expires=0
    Wait For Notify    state=terminated
    Refresh Registration
    Advance Time    6 s
    Requirements Should Hold

A Subscription That Runs Out Is Over
    [Documentation]    The UE does not refresh it.
    [Tags]    req:rfc6665-4.2.1.4-02    req:rfc6665-4.4.1-01    slow
    Register
    ${expiry}=    Get Shortest Expiry
    Subscribe To Registration State    expires=${expiry}
    Expect Notify
    Advance Time    ${expiry + 5} s
    Wait For Notify    state=terminated
    Refresh Registration
    Advance Time    6 s
    Requirements Should Hold

An Unknown Event Package Is Refused
    [Documentation]    There is no package of this name.
    [Tags]    req:rfc6665-4.2.1.1-01
    Register
    ${subscribe}=    Build Subscribe
    Set Header    ${subscribe}    Event    no-such-package
    Send Request    ${subscribe}
    Expect Final Response
    Requirements Should Hold
