*** Settings ***
Documentation       TS 24.229 5.1.1.2.2: what an initial REGISTER says about IMS AKA, and what it leaves out.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Authorization Names The Private Identity And Nothing Else
    [Documentation]    Nothing has been challenged yet: nonce and response are there, and empty.
    [Tags]    req:24.229-5.1.1.2.2-01    req:24.229-5.1.1.2.2-02    req:24.229-5.1.1.2.2-03
    ...       req:34.229-1-A.1.1-02    req:rfc7315-6.4-01
    Trigger Registration
    Expect Request    REGISTER
    Requirements Should Hold

Security-Client Offers All Algorithms
    [Documentation]    Those that the profile names in ipsec-algorithms, in the first offer and in that of a refresh.
    [Tags]    req:24.229-5.1.1.2.2-06
    Register UE    expires=60
    ${refresh}=    Expect Request    REGISTER    within=60 s
    Send Acceptance    ${refresh}
    Requirements Should Hold

A Registration After De-Registration Is An Initial One
    [Documentation]    Nothing of the registration before is left in it.
    [Tags]    req:24.229-5.1.1.2.2-01    req:24.229-5.1.1.2.2-02    req:24.229-5.1.1.2.2-03
    Register UE
    Trigger Deregistration
    ${deregister}=    Expect Request    REGISTER
    Send Acceptance    ${deregister}
    Trigger Registration
    Expect Request    REGISTER
    Requirements Should Hold
