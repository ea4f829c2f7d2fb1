*** Settings ***
Documentation       TS 24.229 5.4.1.2.2: what the S-CSCF does with the REGISTER that answers its challenge.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
Right Response Is Answered 200
    [Documentation]    At the registration, and at the challenge of a refresh if the network sends one.
    [Tags]    req:24.229-5.4.1.2.2-05    smoke
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}    res=right
    Expect Final Response
    Refresh Registration
    Requirements Should Hold
