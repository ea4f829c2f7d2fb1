*** Settings ***
Documentation       RFC 3680 5.2: the documents of a subscription are numbered, and an older one says nothing any more.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
An Older Document Comes Late
    [Documentation]    It says that the registration is over in 60 s. Before and after it the tester listens for 40 s.
    [Tags]    req:rfc3680-5.2-01    req:rfc6665-4.1.3-01    slow
    Register UE
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
    ${notify}=    Build Notify    state=active    event=registered    version=7
    Send Request    ${notify}
    Expect Final Response
    Advance Time    40 s
    ${notify}=    Build Notify    state=active    event=shortened    expires=60    version=3
    Send Request    ${notify}
    Expect Final Response
    Advance Time    40 s
    Requirements Should Hold
