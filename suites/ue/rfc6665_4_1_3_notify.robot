*** Settings ***
Documentation       RFC 6665 4.1.3: the UE answers what its subscription brings.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
NOTIFY Is Answered 200
    [Documentation]    The full state, and a NOTIFY in the same dialog after it.
    [Tags]    req:rfc6665-4.1.3-01
    Register UE
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
    ${notify}=    Build Notify    state=active    event=registered
    Send Request    ${notify}
    Expect Final Response
    ${notify}=    Build Notify    state=active    event=refreshed
    Send Request    ${notify}
    Expect Final Response
    Requirements Should Hold

NOTIFY For Another Subscriber
    [Documentation]    In the dialog of the UE's subscription but for the tag of the UE: it belongs to none that it has.
    [Tags]    req:rfc6665-4.1.3-02
    Register UE
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
    ${notify}=    Build Notify    state=active    event=registered
    Send Request    ${notify}
    Expect Final Response
    ${notify}=    Build Notify    state=active    event=refreshed
    ${to}=    Get Header    ${notify}    To
    ${other}=    Evaluate    $to.rpartition(';tag=')[0] + ';tag=of-nobody'
    Set Header    ${notify}    To    ${other}
    Send Request    ${notify}
    Expect Final Response
    Requirements Should Hold
