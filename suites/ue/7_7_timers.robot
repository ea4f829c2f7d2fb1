*** Settings ***
Documentation       TS 24.229 7.7: the values of the SIP timers over the radio access.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Unanswered REGISTER Is Repeated With T1 Of 2 s And T2 Of 16 s
    [Documentation]    Over UDP, for 60 s.
    [Tags]    req:24.229-7.7-01    slow
    Trigger Registration
    Expect Request    REGISTER
    Advance Time    60 s
    Requirements Should Hold
