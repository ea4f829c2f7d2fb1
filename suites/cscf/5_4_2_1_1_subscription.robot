*** Settings ***
Documentation       TS 24.229 5.4.2.1.1: who may subscribe to the registration state of a user.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
A Registered User Subscribes To His Own State
    [Documentation]    As every UE does after its registration. The first NOTIFY comes in the dialog of the 200.
    [Tags]    req:24.229-5.4.2.1.1-01    req:rfc6665-4.2.1.2-01    req:rfc3261-12.1.1-01    req:rfc3261-12.2.1.1-02
    ...       req:rfc6665-8.3.1-01
    Register
    ${subscribe}=    Build Subscribe
    Get Header    ${subscribe}    Event    ==    reg
    Send Request    ${subscribe}
    Expect Final Response
    Expect Notify
    Requirements Should Hold

The Same Over TCP
    [Documentation]    The NOTIFY comes over TCP too, on the connection of the UE or on one to its Contact.
    [Tags]    req:24.229-5.4.2.1.1-01    req:rfc6665-4.2.1.2-01    req:rfc3261-12.2.1.1-02
    [Setup]    Power On UE    transport=TCP
    Register
    Subscribe To Registration State
    Expect Notify
    Requirements Should Hold

The Same Over IPv6
    [Documentation]    Contact, Route and Record-Route have IPv6 addresses.
    [Tags]    req:24.229-5.4.2.1.1-01    req:rfc6665-4.2.1.2-01
    [Setup]    Power On UE    family=IPv6
    Register
    Subscribe To Registration State
    Expect Notify
    Refresh Subscription
    Expect Notify
    Requirements Should Hold

The Same With Compact Names
    [Documentation]    Event has a compact form of its own (RFC 6665 8.2.1).
    [Tags]    req:24.229-5.4.2.1.1-01    req:rfc6665-8.2.1-01
    [Setup]    Power On UE    compact=${True}
    Register
    Subscribe To Registration State
    Expect Notify
    Requirements Should Hold

An Identity Without A Binding
    [Documentation]    A user has de-registered, and another one asks for his state.
    [Tags]    req:24.229-5.4.2.1.1-02
    Register
    Deregister
    VAR    ${absent}=    ${UE}
    Power On UE
    Register
    ${subscribe}=    Build Subscribe    identity=${absent.impu}
    Send Request    ${subscribe}
    Expect Final Response
    Requirements Should Hold

An Identity Of Somebody Else
    [Documentation]    Two users are registered, and one asks for the state of the other.
    [Tags]    req:24.229-5.4.2.1.1-03
    Register
    VAR    ${other}=    ${UE}
    Power On UE
    Register
    ${subscribe}=    Build Subscribe    identity=${other.impu}
    Send Request    ${subscribe}
    Expect Final Response
    Requirements Should Hold
