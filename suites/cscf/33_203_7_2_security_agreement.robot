*** Settings ***
Documentation       TS 33.203 7.2 and Annex H: UE and P-CSCF agree on a security mechanism.

Library             String
Resource            ../common.resource

Test Setup          Power On UE    security=headers
Test Teardown       Power Off UE


*** Test Cases ***
The Challenge Brings The Mechanisms Of The Network
    [Documentation]    Complete, with SPIs of its own, in an order of preference; the answer mirrors them.
    [Tags]    req:33.203-7.2-01    req:33.203-7.1-01    req:33.203-H-01    req:33.203-H-02    req:rfc3329-2.2-01
    ${register}=    Build Initial Register
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    ${announced}=    Get Headers    ${challenge}    Security-Server
    ${mirrored}=    Get Headers    ${answer}    Security-Verify
    Should Be Equal    ${mirrored}    ${announced}
    Send Request    ${answer}
    Expect Final Response
    Requirements Should Hold

A Changed Security-Client Ends The Registration
    [Documentation]    The answer is right, and its Security-Client has another SPI than the one before the challenge.
    [Tags]    req:33.203-H-03
    Send Initial Register
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    ${client}=    Get Header    ${answer}    Security-Client
    ${changed}=    Replace String Using Regexp    ${client}    spi-s=[0-9]+    spi-s=0000004711
    Set Header    ${answer}    Security-Client    ${changed}
    Send Request    ${answer}
    Expect Final Response
    Requirements Should Hold
