*** Settings ***
Documentation       TS 24.229 5.4.2.1.2: what the S-CSCF tells a user of his registrations, and when.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
The First NOTIFY Tells Of Every Identity
    [Documentation]    The identities of the implicit registration set that are not barred, each with the contact.
    [Tags]    req:24.229-5.4.2.1.2-01    req:24.229-5.4.2.1.2-02    req:24.229-5.4.2.1.2-03    smoke
    Register
    Subscribe To Registration State
    Expect Notify
    Requirements Should Hold

A Refreshed Registration Is Still Active
    [Documentation]    Whether a refresh is told of is up to the network; what it tells then has to be right.
    [Tags]    req:24.229-5.4.2.1.2-03    req:rfc3680-5.1-03
    Register
    Subscribe To Registration State
    Expect Notify
    Advance Time    6 s
    Refresh Registration
    Wait For Notify    within=8s
    Refresh Subscription
    Expect Notify
    Requirements Should Hold

A Second Contact Is Told To The First
    [Documentation]    Two UEs of one subscription. The first hears that the second registers, and that it de-registers.
    [Tags]    req:rfc6665-4.2.2-05    req:24.229-5.4.2.1.2-03    req:rfc3680-4.7.1-01    req:rfc3680-5.1-05
    Register
    Subscribe To Registration State
    Expect Notify
    VAR    ${first}=    ${UE}
    Power On UE    subscriber=${first.subscriber.name}
    Register
    Wait For Notify    ue=${first}
    Deregister
    Wait For Notify    ue=${first}
    Requirements Should Hold

Each Contact Has A Subscription Of Its Own
    [Documentation]    Both UEs of a subscription subscribe; what one does is told to both.
    [Tags]    req:rfc6665-4.2.1.2-01    req:rfc6665-4.2.2-05    req:rfc3680-5.1-03
    Register
    Subscribe To Registration State
    Expect Notify
    VAR    ${first}=    ${UE}
    Power On UE    subscriber=${first.subscriber.name}
    Register
    Wait For Notify    ue=${first}
    Subscribe To Registration State
    Expect Notify
    Deregister
    Wait For Notify    ue=${first}
    Wait For Notify
    Requirements Should Hold

The Last De-Registration Ends The Subscription
    [Documentation]    The contact is gone, and so is the registration. Associations may be gone as well before the
    ...    network can say so.
    [Tags]    req:24.229-5.4.2.1.2-04
    Register
    Subscribe To Registration State
    Expect Notify
    Deregister
    Wait For Notify    state=terminated
    Requirements Should Hold

A Binding That Runs Out Ends The Subscription
    [Documentation]    The UE does not refresh its only binding.
    [Tags]    req:24.229-5.4.2.1.2-04    req:rfc3680-4.7.1-02    slow
    ${expiry}=    Get Shortest Expiry
    Send Initial Register    expires=${expiry}
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Response    200
    Subscribe To Registration State
    Expect Notify
    Advance Time    ${expiry + 5} s
    Wait For Notify    state=terminated
    Requirements Should Hold

A Binding That Runs Out Beside Another
    [Documentation]    Two UEs of one subscription. The second does not refresh its binding, and the first is told.
    [Tags]    req:rfc3680-4.7.1-02    req:24.229-5.4.2.1.2-03    slow
    Register
    Subscribe To Registration State
    Expect Notify
    VAR    ${first}=    ${UE}
    Power On UE    subscriber=${first.subscriber.name}
    ${expiry}=    Get Shortest Expiry
    Send Initial Register    expires=${expiry}
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Response    200
    Wait For Notify    ue=${first}
    Advance Time    ${expiry + 5} s
    Wait For Notify    ue=${first}
    Requirements Should Hold
