*** Settings ***
Documentation       TS 24.229 5.1.1.5.12: a network whose challenges are all invalid is not answered for ever.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
The Third Invalid Challenge In A Row Is Not Answered
    [Documentation]    Three challenges with a wrong MAC; after the third the tester listens for 60 s.
    [Tags]    req:24.229-5.1.1.5.12-01    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}    av=wrong-mac
    ${report}=    Expect Request    REGISTER
    Send Challenge    ${report}    av=wrong-mac
    ${report}=    Expect Request    REGISTER
    Send Challenge    ${report}    av=wrong-mac
    Advance Time    60 s
    Requirements Should Hold
