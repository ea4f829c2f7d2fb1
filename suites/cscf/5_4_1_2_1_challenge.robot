*** Settings ***
Documentation       TS 24.229 5.4.1.2.1: the S-CSCF challenges the REGISTER that begins a registration.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
The First REGISTER Is Challenged By AKA
    [Documentation]    It is for IMS AKA, computed with the subscriber's key, and without CK and IK.
    [Tags]    req:24.229-5.4.1.2.1-01    req:24.229-5.4.1.2.1A-01    req:24.229-5.4.1.2.1A-02
    ...       req:33.203-6.1.1-01    req:33.203-6.1.1-04    req:rfc3310-3.2-01
    ...       req:rfc3261-22.1-01    req:rfc3261-22.1-02    req:rfc3261-22.4-01    smoke
    ${register}=    Build Initial Register
    Get Header    ${register}    Authorization    contains    response=""
    Send Request    ${register}
    Expect Final Response
    Requirements Should Hold

Every Challenge Has A Vector Of Its Own
    [Documentation]    Also where the challenge before was never answered.
    [Tags]    req:33.203-6.1.1-03
    Send Initial Register
    Expect Response    401
    Send Initial Register
    Expect Response    401
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Final Response
    Requirements Should Hold
