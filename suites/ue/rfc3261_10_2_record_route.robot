*** Settings ***
Documentation       RFC 3261 10.2: Record-Route has no meaning in a response to REGISTER.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
200 With Record-Route
    [Documentation]    It leads elsewhere. 60 s are granted; SUBSCRIBE and the next REGISTER do not go by it.
    [Tags]    req:rfc3261-10.2-03    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=60
    Add Header    ${ok}    Record-Route    <sip:192.0.2.77;lr>
    Send Response    ${answer}    ${ok}
    Answer Automatically
    Advance Time    65 s
    Requirements Should Hold
