*** Settings ***
Documentation       TS 24.229 5.1.2.2: the network has no time for the subscription, and says when it will have.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
503 To SUBSCRIBE
    [Documentation]    Retry-After asks for 60 s. The tester listens for 90 s; a SUBSCRIBE in time is accepted.
    [Tags]    req:24.229-5.1.2.2-01    slow
    Register UE
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${unavailable}=    Build Response    ${subscribe}    503    Retry-After=60
    Send Response    ${subscribe}    ${unavailable}
    Answer Automatically
    Advance Time    90 s
    Requirements Should Hold
