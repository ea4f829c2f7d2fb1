*** Settings ***
Documentation       RFC 3261 17.1.2.2: a request over UDP is repeated until it has its final response.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Silence
    [Documentation]    Nothing comes back for 60 s.
    [Tags]    req:rfc3261-17.1.2.2-01    slow
    Trigger Registration
    Expect Request    REGISTER
    Advance Time    60 s
    Requirements Should Hold

Final Response Ends It
    [Documentation]    Both REGISTER requests of a registration have theirs; the tester listens for 20 s more.
    [Tags]    req:rfc3261-17.1.2.2-02
    Register UE
    Advance Time    20 s
    Requirements Should Hold

Provisional Response Does Not End It
    [Documentation]    A REGISTER gets 100 and nothing else for 40 s.
    [Tags]    req:rfc3261-17.1.2.2-03    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${trying}=    Build Response    ${register}    100
    Send Response    ${register}    ${trying}
    Advance Time    40 s
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold
