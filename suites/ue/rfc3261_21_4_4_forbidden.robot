*** Settings ***
Documentation       RFC 3261 21.4.4: a request that was refused with 403 is not repeated.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
403 To The Answer
    [Documentation]    The response was wrong, says the network. The tester listens for 60 s.
    [Tags]    req:rfc3261-21.4.4-01    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${forbidden}=    Build Response    ${answer}    403
    Send Response    ${answer}    ${forbidden}
    Advance Time    60 s
    Requirements Should Hold

403 To The First REGISTER
    [Documentation]    The network does not know the user, or not here.
    [Tags]    req:rfc3261-21.4.4-01    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${forbidden}=    Build Response    ${register}    403
    Send Response    ${register}    ${forbidden}
    Advance Time    60 s
    Requirements Should Hold
