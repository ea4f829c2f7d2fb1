*** Settings ***
Documentation       TS 33.203 6.2: no traffic flow confidentiality, so no dummy packets of RFC 4303 2.6.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core

Test Tags           req:33.203-6.2-01


*** Test Cases ***
No Dummy Packets In A Registration
    [Documentation]    From the answer to the challenge on, with whatever the UE sends after it.
    Register UE
    Answer Automatically
    Advance Time    3 s
    Requirements Should Hold

No Dummy Packets Until De-Registration
    [Documentation]    The tester asks something, and the UE leaves.
    Register UE
    Answer Automatically
    Advance Time    3 s
    ${options}=    Build Options
    Send Request    ${options}
    Advance Time    3 s
    Trigger Deregistration
    Advance Time    3 s
    Requirements Should Hold
