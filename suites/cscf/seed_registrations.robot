*** Settings ***
Documentation       The two registrations that this project began with, step by step: AKA in the clear over UDP and IPv6
...                 with compact header names, and the security agreement with six proposals over TCP.

Resource            ../common.resource

Test Teardown       Power Off UE


*** Test Cases ***
Plain AKA Over UDP And IPv6 With Compact Names
    [Documentation]    The first registration as a UE has to send it: path in Supported, rport in Via, an expiry of
    ...    600000 s, no P-Access-Network-Info in the clear, one From tag (TS 24.229 5.1.1.2.1; RFC 7315 6.4).
    [Tags]    req:24.229-5.4.1.2.1-01    req:24.229-5.4.1.2.1A-01    req:rfc3310-3.2-01    req:24.229-5.4.1.2.2-05
    ...       req:24.229-5.4.1.2.2-06    req:24.229-5.4.1.2.2F-03
    [Setup]    Power On UE    transport=UDP    family=IPv6    subscriber=seed    security=none    compact=True
    ${register}=    Build Initial Register    expires=600000
    Get Header    ${register}    Supported    ==    path
    Get Header    ${register}    Via    contains    ;rport
    Get Header    ${register}    To    ==    <sip:+11234567890@test.3gpp.com>
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    Get Header    ${answer}    Authorization    contains    username="001010123456789@test.3gpp.com"
    Send Request    ${answer}
    Expect Response    200
    Requirements Should Hold

Requests As Printed
    [Documentation]    The first registration as it was printed, faults of its UE and all: only the UE's address, and
    ...    what depends on the nonce, differ. It judges the core: a UE that does not list path is registered all the
    ...    same (RFC 3327 5.3 leaves it to the registrar).
    [Tags]    req:24.229-5.4.1.2.1-01    req:24.229-5.4.1.2.2-05
    [Setup]    Power On UE    transport=UDP    family=IPv6    subscriber=seed    security=none
    ${register}=    Load Message    seed/S1.sip
    Set Header    ${register}    Via    SIP/2.0/UDP ${UE.address};branch=z9hG4bK656994275
    Set Header    ${register}    Contact    <sip:+11234567890@${UE.address}>
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    ${computed}=    Build Register Answering    ${challenge}
    ${credentials}=    Get Header    ${computed}    Authorization
    ${answer}=    Load Message    seed/S4.sip
    Set Header    ${answer}    Via    SIP/2.0/UDP ${UE.address};branch=z9hG4bK843051065
    Set Header    ${answer}    Contact    <sip:+11234567890@${UE.address}>
    Set Header    ${answer}    Authorization    ${credentials}
    Send Request    ${answer}
    Expect Response    200
    Requirements Should Hold

Security Agreement With Six Proposals Over TCP
    [Documentation]    The second registration: Security-Client with every combination of two integrity and three
    ...    encryption algorithms, Security-Server in the 401, Security-Verify in the answer.
    [Tags]    req:33.203-7.2-01    req:33.203-H-01    req:24.229-5.4.1.2.2-05
    [Setup]    Power On UE    transport=TCP    family=IPv6    subscriber=seed    security=headers    proposals=legacy
    ${register}=    Build Initial Register
    Get Header    ${register}    Require    ==    sec-agree
    Get Header    ${register}    Proxy-Require    ==    sec-agree
    ${proposals}=    Get Headers    ${register}    Security-Client
    Length Should Be    ${proposals}    6
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    ${offered}=    Get Headers    ${challenge}    Security-Server
    ${answer}=    Build Register Answering    ${challenge}
    ${verified}=    Get Headers    ${answer}    Security-Verify
    Should Be Equal    ${verified}    ${offered}
    Send Request    ${answer}
    Expect Response    200
    Requirements Should Hold
