*** Settings ***
Documentation       RFC 3261 21.5.4: the server says when it can be asked again.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
503 With Retry-After
    [Documentation]    60 s. The tester listens for 70 s and answers nothing more.
    [Tags]    req:rfc3261-21.5.4-01    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${unavailable}=    Build Response    ${register}    503    Retry-After=60
    Send Response    ${register}    ${unavailable}
    Advance Time    70 s
    Requirements Should Hold

503 To The Answer
    [Documentation]    With a comment and a parameter in Retry-After (RFC 3261 20.33).
    [Tags]    req:rfc3261-21.5.4-01    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${unavailable}=    Build Response    ${answer}    503    Retry-After=60 (back soon);duration=3600
    Send Response    ${answer}    ${unavailable}
    Advance Time    70 s
    Requirements Should Hold
