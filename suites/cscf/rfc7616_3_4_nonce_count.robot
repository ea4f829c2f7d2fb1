*** Settings ***
Documentation       RFC 7616 3.4: the nonce count says how many requests have had the nonce, so that a server can tell a
...                 replay. The RFC says what a replay is and commands no server to look.

Resource            ../common.resource

Test Teardown       Power Off UE


*** Test Cases ***
Credentials That Were Used Before Are A Replay
    [Documentation]    A subscriber with a password: who has seen one REGISTER could end the registration by another.
    [Tags]    req:rfc7616-3.4-05
    [Setup]    Power On UE    credentials=password
    Send Initial Register
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    ${used}=    Get Header    ${answer}    Authorization    contains    nc=00000001
    Send Request    ${answer}
    Expect Response    200
    ${replay}=    Build Refresh
    Set Header    ${replay}    Authorization    ${used}
    Send Request    ${replay}
    Expect Final Response
    Requirements Should Hold

A Nonce Count Goes Up With Each Request
    [Documentation]    The counterpart: the nonce again with the next count. A network may challenge anew all the same.
    [Tags]    req:24.229-5.4.1.2.2-05
    [Setup]    Power On UE    credentials=password
    Register
    ${refresh}=    Build Refresh
    Get Header    ${refresh}    Authorization    contains    nc=00000002
    Send Request    ${refresh}
    ${response}=    Expect Response    200    or=401
    IF    ${response.status} == 401
        Send Register Answering    ${response}
        Expect Response    200
    END
    Requirements Should Hold

A Nonce Count Of Zero In The Answer Of A USIM
    [Documentation]    All else in the answer is right, the digest with that count in it too.
    [Tags]    req:rfc7616-3.4-06
    [Setup]    Power On UE
    Answer With A Nonce Count Of Zero

A Nonce Count Of Zero Beside A Password
    [Documentation]    The same by SIP digest.
    [Tags]    req:rfc7616-3.4-06
    [Setup]    Power On UE    credentials=password
    Answer With A Nonce Count Of Zero


*** Keywords ***
Answer With A Nonce Count Of Zero
    [Documentation]    Takes any final response.
    Send Initial Register
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}    nc=00000000
    Get Header    ${answer}    Authorization    contains    nc=00000000
    Send Request    ${answer}
    Expect Final Response
    Requirements Should Hold
