*** Settings ***
Documentation       TS 24.229 5.4.1.2.2F: what the S-CSCF tells a UE in the 200 to its registration.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
The 200 Carries Service-Route And The Associated Identities
    [Documentation]    The subscriber's implicit registration set has a default identity, others, and a barred one.
    [Tags]    req:24.229-5.4.1.2.2F-01    req:24.229-5.4.1.2.2F-02    req:24.229-5.4.1.2.2F-03
    ...       req:24.229-5.4.1.2.2F-04    req:rfc7315-4.1.2.2-01    req:rfc7315-5.7-01    smoke
    ${register}=    Build Initial Register
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Response    200
    Requirements Should Hold
