*** Settings ***
Documentation       TS 33.203 7.4 and 7.4.2a: what a challenge announces is there when the UE answers it, whatever was
...                 before.

Resource            ../common.resource

Test Teardown       Power Off UE

Test Tags           req:33.203-7.4.2a-10


*** Test Cases ***
A Right Response Is Heard
    [Documentation]    Over UDP.
    [Tags]    smoke
    Power On UE    transport=UDP    security=ipsec
    Begin Once
    Requirements Should Hold

A Right Response Is Heard Over TCP
    [Documentation]    The UE connects to the server port of the P-CSCF.
    Power On UE    transport=TCP    security=ipsec
    Begin Once
    Requirements Should Hold

A Right Response Is Heard After A Challenge That Nobody Answered
    [Documentation]    The UE begins twice, each time with SPIs and a client port of its own, and answers the second
    ...    challenge.
    Power On UE    security=ipsec
    Send Initial Register
    Expect Response    401
    Begin Once
    Requirements Should Hold


*** Keywords ***
Begin Once
    [Documentation]    A first REGISTER in the clear and the right answer to its challenge. Silence ends nothing here.
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Final Response
