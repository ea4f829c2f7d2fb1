*** Settings ***
Documentation       RFC 7616 3.4.1: the response of a UE with a password (SIP digest).

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Password Gives The Response
    [Documentation]    N/A for a UE with AKA keys: its response is a matter of TS 24.229 5.1.1.5.1.
    [Tags]    req:rfc7616-3.4.1-01    req:rfc3261-22.2-01
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Password Of A Known Subscriber
    [Documentation]    The same with a SIM that the embedded UE has beside those with AKA keys.
    [Tags]    req:rfc7616-3.4.1-01    req:rfc3261-22.2-01
    [Setup]    Power On Core    subscriber=password
    Register UE
    Requirements Should Hold

Challenge Without A Quality Of Protection
    [Documentation]    The response is that of RFC 2069.
    [Tags]    req:rfc7616-3.4.1-01    req:rfc3261-22.4-03
    [Setup]    Power On Core    subscriber=password
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    qop=${None}
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold
