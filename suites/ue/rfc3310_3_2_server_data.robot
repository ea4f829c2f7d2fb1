*** Settings ***
Documentation       RFC 3310 3.2: the nonce may go on after RAND and AUTN.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Server Data After AUTN
    [Documentation]    Seven octets, among them some that base64 writes as plus and slash.
    [Tags]    req:rfc3310-3.2-03    req:24.229-5.1.1.5.1-02
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    server_data=00fbefbeffffff
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

One Octet Of Server Data
    [Documentation]    The base64 form is then no longer than without.
    [Tags]    req:rfc3310-3.2-03
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    server_data=2a
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold
