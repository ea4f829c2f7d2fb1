*** Settings ***
Documentation       TS 24.229 5.4.1.2.2: the bindings that the 200 to a registration lists.

Resource            ../common.resource

Test Teardown       Power Off UE


*** Test Cases ***
The 200 Lists The Registered Contact With Its Expires
    [Documentation]    The UE looks for its own contact by comparing URIs, and takes the expiry from beside it.
    [Tags]    req:24.229-5.4.1.2.2-06    req:rfc3261-10.3-10    req:rfc3261-10.3-14    req:rfc3261-10.3-15    smoke
    [Setup]    Power On UE
    ${register}=    Build Initial Register    expires=3600
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Response    200
    Requirements Should Hold

A Contact With An IPv6 Address Comes Back As One
    [Documentation]    Its text form may differ (RFC 4291 2.2), the address may not.
    [Tags]    req:24.229-5.4.1.2.2-06    req:rfc3261-10.3-15
    [Setup]    Power On UE    family=IPv6
    ${register}=    Build Initial Register
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Response    200
    Requirements Should Hold
