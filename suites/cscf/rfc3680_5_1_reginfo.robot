*** Settings ***
Documentation       RFC 3680 5.1: the documents that tell a user of his registrations.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
The First Document Can Be Read
    [Documentation]    Its format is the one in Accept.
    [Tags]    req:rfc3680-4.5-02    req:rfc3680-5.1-01    req:rfc3680-5.1-02    req:rfc3680-5.1-06
    Register
    Subscribe To Registration State
    Expect Notify
    Requirements Should Hold

Versions And Ids Go On From Document To Document
    [Documentation]    Refreshes of the subscription, and another contact that comes and goes.
    [Tags]    req:rfc3680-5.1-01    req:rfc3680-5.1-02    req:rfc3680-5.1-03    req:rfc3680-5.1-04
    ...       req:rfc3680-5.1-05
    Register
    Subscribe To Registration State
    Expect Notify
    Advance Time    6 s
    Refresh Subscription
    Expect Notify
    VAR    ${first}=    ${UE}
    Power On UE    subscriber=${first.subscriber.name}
    Register
    Wait For Notify    ue=${first}
    Deregister
    Wait For Notify    ue=${first}
    Requirements Should Hold

Each Subscription Counts From Zero
    [Documentation]    Two subscriptions of one UE, one after the other.
    [Tags]    req:rfc3680-5.1-03
    Register
    Subscribe To Registration State
    Expect Notify
    Unsubscribe
    Wait For Notify    state=terminated
    Subscribe To Registration State
    Expect Notify
    Requirements Should Hold
