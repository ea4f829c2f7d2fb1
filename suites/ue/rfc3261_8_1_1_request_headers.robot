*** Settings ***
Documentation       RFC 3261 8.1.1 and 8.1.3.5: what every request has.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
A Registration From Its First Request On
    [Documentation]    Challenged, answered, accepted.
    [Tags]    req:rfc3261-8.1.1.2-01    req:rfc3261-8.1.1.6-01    req:rfc3261-8.1.1.6-02    req:rfc3261-8.1.1.7-01
    ...       req:rfc3261-8.1.1.7-02    req:rfc3261-8.1.3.5-01    req:rfc3261-10.2-02
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

A Registration Until De-Registration
    [Documentation]    Each further request is one of its own, too.
    [Tags]    req:rfc3261-8.1.1.2-01    req:rfc3261-8.1.1.6-01    req:rfc3261-8.1.1.7-02    req:rfc3261-10.2-01
    ...       req:rfc3261-10.2-02
    Register UE    expires=60
    ${refresh}=    Expect Request    REGISTER    within=60 s
    Send Acceptance    ${refresh}
    Trigger Deregistration
    ${deregister}=    Expect Request    REGISTER
    Send Acceptance    ${deregister}
    Requirements Should Hold
