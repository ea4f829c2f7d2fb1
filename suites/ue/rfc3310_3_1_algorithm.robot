*** Settings ***
Documentation       RFC 3310 3.1: AKA is what the algorithm says, not what the nonce looks like.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Algorithm MD5 Beside A Nonce With RAND And AUTN
    [Documentation]    RES is no password for it. The tester listens for 60 s.
    [Tags]    req:rfc3310-3.1-01    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    algorithm=MD5
    Send Response    ${register}    ${challenge}
    Advance Time    60 s
    Requirements Should Hold

No Algorithm
    [Documentation]    It means MD5.
    [Tags]    req:rfc3310-3.1-01    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    algorithm=${None}
    Send Response    ${register}    ${challenge}
    Advance Time    60 s
    Requirements Should Hold
