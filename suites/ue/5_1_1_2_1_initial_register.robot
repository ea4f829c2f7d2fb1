*** Settings ***
Documentation       TS 24.229 5.1.1.2.1: what an initial REGISTER says, and that there is one at a time.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Initial REGISTER Says Who Registers Where
    [Documentation]    The first request of a UE that has just been switched on, whatever becomes of it.
    [Tags]    req:24.229-5.1.1.1A-01    req:24.229-5.1.1.2.1-01    req:24.229-5.1.1.2.1-02    req:24.229-5.1.1.2.1-03
    ...       req:24.229-5.1.1.2.1-04    req:24.229-5.1.1.2.1-05    req:24.229-5.1.1.2.1-06    smoke
    Trigger Registration
    Expect Request    REGISTER
    Requirements Should Hold

One REGISTER At A Time
    [Documentation]    The response is withheld for 30 s, then the network answers as ever. A repetition of the request
    ...    is no registration of its own.
    [Tags]    req:24.229-5.1.1.2.1-08    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Advance Time    30 s
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

A Registration That Is Under Way Is Not Begun Again
    [Documentation]    The UE is told to register while its REGISTER is unanswered.
    [Tags]    req:24.229-5.1.1.2.1-08
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Trigger Registration
    Advance Time    10 s
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

A 200 To The Very First REGISTER Registers
    [Documentation]    A network that trusts the access. The UE extends the registration at half-time like any other.
    [Tags]    req:24.229-5.1.1.4.1-01    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${register}    expires=120
    Send Response    ${register}    ${ok}
    ${refresh}=    Expect Request    REGISTER    within=120 s
    Send Acceptance    ${refresh}
    Requirements Should Hold
