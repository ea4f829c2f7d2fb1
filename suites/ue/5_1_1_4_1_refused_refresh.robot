*** Settings ***
Documentation       TS 24.229 5.1.1.4.1: the network fails to extend a registration, and the UE begins an initial one.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core

Test Template       Refresh Is Refused With

Test Tags           req:24.229-5.1.1.4.1-04    slow


*** Test Cases ***
408 To A Refresh
    [Documentation]    The network has waited in vain for one of its own elements.
    408

500 To A Refresh
    [Documentation]    Something has gone wrong in the network.
    500

504 To A Refresh
    [Documentation]    The P-CSCF has waited in vain for the home network.
    504


*** Keywords ***
Refresh Is Refused With
    [Documentation]    300 s were granted. The tester listens for 90 s, and answers as ever.
    [Arguments]    ${status}
    Register UE    expires=300
    ${refresh}=    Expect Request    REGISTER    within=300 s
    ${refused}=    Build Response    ${refresh}    ${status}
    Send Response    ${refresh}    ${refused}
    Answer Automatically
    Advance Time    90 s
    Requirements Should Hold
