*** Settings ***
Documentation       TS 24.229 5.1.1.4.1: when a UE registers again by itself, and what it asks for.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Short Registration Is Extended At Half-Time
    [Documentation]    60 s are granted.
    [Tags]    req:24.229-5.1.1.4.1-01    req:24.229-5.1.1.4.1-02
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=60
    Send Response    ${answer}    ${ok}
    ${refresh}=    Expect Request    REGISTER    within=60 s
    Send Acceptance    ${refresh}
    Requirements Should Hold

Long Registration Is Extended 600 s Before Its End
    [Documentation]    1300 s are granted: the refresh comes after 700 s and not after 650 s.
    [Tags]    req:24.229-5.1.1.4.1-01    req:24.229-5.1.1.4.1-02    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=1300
    Send Response    ${answer}    ${ok}
    ${refresh}=    Expect Request    REGISTER    within=1300 s
    Send Acceptance    ${refresh}
    Requirements Should Hold

Registration For 1200 s Is A Short One
    [Documentation]    The longest registration that is extended at half-time.
    [Tags]    req:24.229-5.1.1.4.1-01    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=1200
    Send Response    ${answer}    ${ok}
    ${refresh}=    Expect Request    REGISTER    within=1200 s
    Send Acceptance    ${refresh}
    Requirements Should Hold

Every Refresh Asks For The Full Time
    [Documentation]    What the network granted is no measure for what the UE asks for next.
    [Tags]    req:24.229-5.1.1.4.1-01    req:24.229-5.1.1.4.1-02
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=30
    Send Response    ${answer}    ${ok}
    ${refresh}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${refresh}    expires=30
    Send Response    ${refresh}    ${ok}
    ${refresh}=    Expect Request    REGISTER
    Send Acceptance    ${refresh}
    Requirements Should Hold
