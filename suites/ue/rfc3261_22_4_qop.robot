*** Settings ***
Documentation       RFC 3261 22.4: what goes with a quality of protection, and what does not go without one.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Challenge With qop
    [Documentation]    qop, nc and cnonce go back together.
    [Tags]    req:rfc3261-22.4-03    req:24.229-5.1.1.5.1-01
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    qop=auth
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Challenge Without qop
    [Documentation]    The response is that of RFC 2069.
    [Tags]    req:rfc3261-22.4-03    req:24.229-5.1.1.5.1-01
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    qop=${None}
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold
