*** Settings ***
Documentation       RFC 3310 3.3: RES is the password, all of its octets.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
RES With An Octet Zero
    [Documentation]    One of 32 challenges has such a RES by chance.
    [Tags]    req:rfc3310-3.3-01
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    av=res-with-nul
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

RES Of 4 Octets With An Octet Zero
    [Documentation]    Short enough to be taken for a number, too.
    [Tags]    req:rfc3310-3.3-01
    [Setup]    Power On Core    subscriber=sub04
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    av=res-with-nul
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold
