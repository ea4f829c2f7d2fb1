*** Settings ***
Documentation       TS 33.203 7.4.2a, 7.1: on which associations the network asks something of a UE. It notifies it.

Resource            associations.resource

Test Teardown       Power Off UE


*** Test Cases ***
A NOTIFY Comes On The Associations Of The Registration
    [Documentation]    And so does the answer to the SUBSCRIBE.
    [Tags]    req:33.203-7.4.2a-09    req:33.203-7.1-03    req:33.203-7.1-04
    [Setup]    Power On UE    security=ipsec
    Register
    Subscribe To Registration State
    Expect Notify
    Unsubscribe
    Wait For Notify    state=terminated
    Requirements Should Hold

A NOTIFY Over TCP Comes On The Associations Of The Registration
    [Documentation]    On a connection to the UE's server port.
    [Tags]    req:33.203-7.4.2a-09    req:33.203-7.1-03    req:33.203-7.1-04
    [Setup]    Power On UE    transport=TCP    security=ipsec
    Register
    Subscribe To Registration State
    Expect Notify
    Unsubscribe
    Wait For Notify    state=terminated
    Requirements Should Hold

A NOTIFY After A New Authentication Comes On Associations In Use
    [Documentation]    On the old ones, or on the new ones once the UE has used them.
    [Tags]    req:33.203-7.4.2a-09    req:33.203-7.1-03    slow
    [Setup]    Power On UE    security=ipsec
    Register
    Subscribe To Registration State
    Expect Notify
    ${challenge}=    Challenge A Refresh
    ${status}=    Get Status    ${challenge}
    IF    ${status} == 401
        Send Register Answering    ${challenge}
        Expect Final Response
    END
    Wait For Notify    within=8s
    Refresh Subscription
    Expect Notify
    Requirements Should Hold
