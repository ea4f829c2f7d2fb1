*** Settings ***
Documentation       TS 24.229 5.1.1.5.1: the UE answers the challenge of the network.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Right Challenge Is Answered
    [Documentation]    The response that RES gives, and what has to be returned.
    [Tags]    req:24.229-5.1.1.5.1-01    req:24.229-5.1.1.5.1-02    req:24.229-5.1.1.5.1-03    req:24.229-5.1.1.5.1-04
    ...       req:24.229-5.1.1.5.1-05    req:24.229-5.1.1.5.1-06    smoke
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    av=right
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Nonce With Plus And Slash
    [Documentation]    Base64 has them (RFC 4648 4), and they go back as they came.
    [Tags]    req:24.229-5.1.1.5.1-01    req:24.229-5.1.1.5.1-02
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge With    ${register}    +    /
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Challenge Names Another Realm
    [Documentation]    The realm goes back as it came; credentials are over that one.
    [Tags]    req:24.229-5.1.1.5.1-01    req:24.229-5.1.1.5.1-03    req:24.229-5.1.1.5.1-05
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    realm=scscf.home.example
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

RES Of 4 Octets
    [Documentation]    The shortest that TS 33.102 6.3.7 allows.
    [Tags]    req:24.229-5.1.1.5.1-01
    [Setup]    Power On Core    subscriber=sub04
    Register UE
    Requirements Should Hold

RES Of 16 Octets
    [Documentation]    The longest, of a USIM with TUAK (TS 35.231).
    [Tags]    req:24.229-5.1.1.5.1-01
    [Setup]    Power On Core    subscriber=tuak
    Register UE
    Requirements Should Hold

Answer Under The Security Agreement
    [Documentation]    The UE's own list again, and that of the network.
    [Tags]    req:24.229-5.1.1.5.1-07    req:24.229-5.1.1.5.1-08
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Network Lists Several Mechanisms
    [Documentation]    One that no UE knows comes first, with the highest preference: the UE chooses another, and
    ...    mirrors the list as a whole, q and all (RFC 3329 2.3.1).
    [Tags]    req:24.229-5.1.1.5.1-08
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}
    ${entries}=    Get Headers    ${challenge}    Security-Server
    Set Header    ${challenge}    Security-Server    quantum; q=0.95; level="3, or more"
    FOR    ${entry}    IN    @{entries}
        Add Header    ${challenge}    Security-Server    ${entry}
    END
    Add Header    ${challenge}    Security-Server    digest; d-qop=auth; q=0.05
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Network Leaves The Encryption Algorithm Out
    [Documentation]    It is null then (TS 33.203 annex H).
    [Tags]    req:24.229-5.1.1.5.1-08
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}
    ${entries}=    Get Headers    ${challenge}    Security-Server
    ${entry}=    Evaluate    next(e for e in $entries if 'ealg=null' in e).replace(' ealg=null;', '')
    Set Header    ${challenge}    Security-Server    ${entry}
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold


*** Keywords ***
Build Challenge With
    [Documentation]    The next challenge whose nonce has these characters. Each one tried has a RAND of its own.
    [Arguments]    ${register}    @{characters}
    FOR    ${_}    IN RANGE    100
        ${challenge}=    Build Challenge    ${register}
        ${value}=    Get Header    ${challenge}    WWW-Authenticate
        ${has}=    Evaluate    all(map($value.split('nonce="')[1].split('"')[0].__contains__, $characters))
        IF    ${has}    RETURN    ${challenge}
    END
    Fail    100 nonces have not had the characters @{characters}
