*** Settings ***
Documentation       RFC 3680 4.5: the bodies that a watcher of a registration accepts.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Subscription Accepts Registration Information
    [Documentation]    Accept may be left out: that means the same.
    [Tags]    req:rfc3680-4.5-01
    Register UE
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
    Requirements Should Hold
