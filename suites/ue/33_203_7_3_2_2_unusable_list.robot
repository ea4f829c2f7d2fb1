*** Settings ***
Documentation       TS 33.203 7.3.2.2, TS 24.229 5.1.1.5.1: a challenge that is right in itself, with a list of
...                 mechanisms that cannot become associations. The UE abandons it, and registers anew with another
...                 Call-ID.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core

Test Tags           req:33.203-7.3.2.2-01    req:24.229-5.1.1.5.1-09    slow


*** Test Cases ***
No List At All
    [Documentation]    The challenge has no Security-Server.
    Challenge With A Useless List    ${False}
    Requirements Should Hold

Unknown Integrity Algorithms Only
    [Documentation]    Each entry is complete, and names an algorithm that no release has.
    Challenge With A Useless List    unknown-alg
    Requirements Should Hold

Entries Without SPIs
    [Documentation]    spi-c and spi-s are missing.
    Challenge With A Useless List    no-spi
    Requirements Should Hold

Entries Without Ports
    [Documentation]    port-c and port-s are missing.
    Challenge With A Useless List    no-port
    Requirements Should Hold

Another Mechanism Only
    [Documentation]    TLS, which the UE need not have offered and which no registration with AKA begins with.
    VAR    @{list}=    tls; q=0.5
    Challenge With A Useless List    ${list}
    Requirements Should Hold

An Authentication Header Only
    [Documentation]    ipsec-3gpp with prot=ah: ESP is the only one that there is (annex H).
    VAR    @{list}=
    ...    ipsec-3gpp; q=0.5; alg=hmac-sha-1-96; prot=ah; spi-c=4000000001; spi-s=4000000002; port-c=40001; port-s=40002
    Challenge With A Useless List    ${list}
    Requirements Should Hold

A Refresh Is Challenged With A Useless List
    [Documentation]    60 s are granted. The associations that there are stay, and are of no use for the answer.
    Register UE    expires=60
    ${refresh}=    Expect Request    REGISTER    within=60 s
    ${challenge}=    Build Challenge    ${refresh}    security_server=unknown-alg
    Send Response    ${refresh}    ${challenge}
    Advance Time    40 s
    Requirements Should Hold

The Network Repeats The SPIs Of The UE
    [Documentation]    What is sent could be sent back (7.1). No text has the UE look, so it may do without.
    Challenge With A Useless List    spi-of-ue
    Requirements Should Hold

The Network Protects The Standard Port
    [Documentation]    port-s=5060 breaks a rule of the network's (7.1). Likewise.
    Challenge With A Useless List    standard-port
    Requirements Should Hold


*** Keywords ***
Challenge With A Useless List
    [Documentation]    Sends the challenge and listens: the UE may begin anew as often as it likes, and is not answered.
    [Arguments]    ${list}
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    security_server=${list}
    Send Response    ${register}    ${challenge}
    Advance Time    40 s
