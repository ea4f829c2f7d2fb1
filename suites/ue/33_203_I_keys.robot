*** Settings ***
Documentation       TS 33.203 Annex H and Annex I: each combination of algorithms, with the keys that CK and IK give it.
...                 The network lists one at a time, if the UE has offered it.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core

Test Tags           req:33.203-I-01


*** Test Cases ***
HMAC-SHA-1 And No Encryption
    [Documentation]    IK and 32 zeros make the key.
    Use Associations With    only-hmac-sha-1
    Requirements Should Hold

HMAC-SHA-1 And AES-CBC
    [Documentation]    CK encrypts.
    [Tags]    smoke
    Use Associations With    only-aes-cbc
    Requirements Should Hold

AES-GMAC
    [Documentation]    IK and a salt, and no IV twice.
    [Tags]    req:rfc4543-3.1-01
    Use Associations With    only-aes-gmac
    Requirements Should Hold

AES-GCM
    [Documentation]    CK and a salt, and no IV twice.
    [Tags]    req:rfc4106-3.1-01
    Use Associations With    only-aes-gcm
    Requirements Should Hold

Another Authentication Brings Other Keys
    [Documentation]    60 s are granted, and the refresh is challenged.
    Register UE    expires=60
    ${refresh}=    Expect Request    REGISTER    within=60 s
    ${challenge}=    Build Challenge    ${refresh}
    Send Response    ${refresh}    ${challenge}
    IF    ' 401 ' in $challenge.start_line
        ${answer}=    Expect Request    REGISTER
        Send Acceptance    ${answer}
    END
    Answer Automatically
    Advance Time    3 s
    Requirements Should Hold


*** Keywords ***
Use Associations With
    [Documentation]    Registers with this combination; then both sides ask something, and the UE de-registers.
    [Arguments]    ${list}
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    security_server=${list}
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Go On Over The Associations

Go On Over The Associations
    [Documentation]    The network answers what comes, asks something, and the UE leaves.
    Answer Automatically
    Advance Time    1 s
    ${options}=    Build Options
    Send Request    ${options}
    Advance Time    1 s
    Trigger Deregistration
    Advance Time    3 s
