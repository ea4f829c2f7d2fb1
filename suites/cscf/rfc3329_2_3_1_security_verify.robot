*** Settings ***
Documentation       RFC 3329 2.3.1 and TS 33.203 7.3.2.3: the lists of the security agreement were changed on their way.

Library             Collections
Library             String
Resource            ../common.resource

Test Setup          Power On UE    security=headers
Test Teardown       Power Off UE

Test Tags           req:33.203-7.3.2.3-01    req:rfc3329-2.3.1-01


*** Test Cases ***
A List With Another Parameter Is Refused
    [Documentation]    First nothing in Security-Client is known to the network: its list comes all the same. Then an
    ...    answer is right but for one SPI in Security-Verify.
    [Tags]    req:rfc3329-2.3.1-02
    Propose What The Network Does Not Know
    ${answer}=    Build Answer To A Challenge
    ${mirror}=    Get Header    ${answer}    Security-Verify
    ${changed}=    Replace String Using Regexp    ${mirror}    (?i)spi-s\\s*=\\s*[0-9]+    spi-s=0000004711
    Set Header    ${answer}    Security-Verify    ${changed}
    Send Request    ${answer}
    Expect Final Response
    Requirements Should Hold

A List In Another Order Is Refused
    [Documentation]    Of a network that announces one mechanism alone nothing can be turned round.
    ${answer}=    Build Answer To A Challenge
    ${entries}=    Get Headers    ${answer}    Security-Verify
    Reverse List    ${entries}
    ${reversed}=    Catenate    SEPARATOR=,${SPACE}    @{entries}
    Set Header    ${answer}    Security-Verify    ${reversed}
    Send Request    ${answer}
    Expect Final Response
    Requirements Should Hold

An Answer Without The List Is Refused
    [Documentation]    Somebody has taken Security-Verify out.
    ${answer}=    Build Answer To A Challenge
    Remove Header    ${answer}    Security-Verify
    Send Request    ${answer}
    Expect Final Response
    Requirements Should Hold


*** Keywords ***
Propose What The Network Does Not Know
    [Documentation]    An initial REGISTER whose Security-Client has unknown algorithms alone.
    ${register}=    Build Initial Register
    ${client}=    Get Header    ${register}    Security-Client
    ${unknown}=    Replace String Using Regexp    ${client}    alg=[a-z0-9-]+    alg=x-imsreg
    Set Header    ${register}    Security-Client    ${unknown}
    Send Request    ${register}
    Expect Final Response

Build Answer To A Challenge
    [Documentation]    Begins a registration and returns the right answer to its challenge.
    Send Initial Register
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    RETURN    ${answer}
