*** Settings ***
Documentation       TS 24.229 5.1.1.6: the user de-registers.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
De-Registration Removes The Contact
    [Documentation]    An expiry of zero, with the credentials of the last authentication.
    [Tags]    req:24.229-5.1.1.6-01    req:24.229-5.1.1.6-02    req:rfc3261-10.2-02    smoke
    Register UE
    Trigger Deregistration
    ${deregister}=    Expect Request    REGISTER
    Send Acceptance    ${deregister}
    Requirements Should Hold

Challenged De-Registration
    [Documentation]    The network wants to be sure of who leaves.
    [Tags]    req:24.229-5.1.1.6-01    req:24.229-5.1.1.5.1-01    req:rfc3261-10.2-02
    Register UE
    Trigger Deregistration
    ${deregister}=    Expect Request    REGISTER
    Send Challenge    ${deregister}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

De-Registration After A Refresh
    [Documentation]    The 200 to the refresh has an expiry in Contact, which is none that the UE asks for.
    [Tags]    req:24.229-5.1.1.6-01    req:24.229-5.1.1.6-02    req:rfc3261-10.2-02
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=60    where=both
    Send Response    ${answer}    ${ok}
    ${refresh}=    Expect Request    REGISTER    within=60 s
    Send Acceptance    ${refresh}
    Trigger Deregistration
    ${deregister}=    Expect Request    REGISTER
    Send Acceptance    ${deregister}
    Requirements Should Hold
