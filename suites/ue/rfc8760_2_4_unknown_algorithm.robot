*** Settings ***
Documentation       RFC 8760 2.4: a challenge with an algorithm that the UE does not know.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Unknown Algorithm Alone
    [Documentation]    There is nothing to answer. The tester listens for 60 s.
    [Tags]    req:rfc8760-2.4-01    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    algorithm=AKAv9-MD5
    Send Response    ${register}    ${challenge}
    Advance Time    60 s
    Requirements Should Hold

Unknown Algorithm Beside One That The UE Knows
    [Documentation]    The unknown one comes first and has a nonce of its own.
    [Tags]    req:rfc8760-2.4-01    req:24.229-5.1.1.5.1-01    req:rfc3261-22.2-01
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}
    ${known}=    Get Header    ${challenge}    WWW-Authenticate
    VAR    ${unknown}=    Digest realm="home.example", nonce="Zm9yIG5vYm9keQ==", algorithm=AKAv9-MD5
    Set Header    ${challenge}    WWW-Authenticate    ${unknown}
    Add Header    ${challenge}    WWW-Authenticate    ${known}
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold
