*** Settings ***
Documentation       RFC 7616 3.4.1: the response of a UE with a password (SIP digest).

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Password Gives The Response
    [Documentation]    N/A for a UE with AKA keys: its response is a matter of TS 24.229 5.1.1.5.1.
    [Tags]    req:rfc7616-3.4.1-01
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold
