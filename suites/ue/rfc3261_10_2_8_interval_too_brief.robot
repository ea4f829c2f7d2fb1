*** Settings ***
Documentation       RFC 3261 10.2.8: the registrar finds the interval too brief.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
423 To The Answer
    [Documentation]    The registrar knows who asks. It wants more than the 600000 s of TS 24.229.
    [Tags]    req:rfc3261-10.2.8-01    req:24.229-5.1.1.2.1-07
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${brief}=    Build Response    ${answer}    423    Min-Expires=700000
    Send Response    ${answer}    ${brief}
    ${longer}=    Expect Request    REGISTER
    Send Acceptance    ${longer}
    Requirements Should Hold

423 To The First REGISTER
    [Documentation]    The registrar looks at the interval first.
    [Tags]    req:rfc3261-10.2.8-01    req:24.229-5.1.1.2.1-07
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${brief}=    Build Response    ${register}    423    Min-Expires=700000
    Send Response    ${register}    ${brief}
    ${longer}=    Expect Request    REGISTER
    Send Challenge    ${longer}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold
