*** Settings ***
Documentation       RFC 3261 17.2.2: the server transaction answers a request that arrives again over UDP.

Resource            ../common.resource

Test Setup          Power On UE    transport=UDP
Test Teardown       Power Off UE


*** Test Cases ***
A Repeated Request Gets Its Final Response Again
    [Documentation]    Octet for octet the same REGISTER: no new challenge, no new binding, no silence.
    [Tags]    req:rfc3261-17.2.2-01
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Again    times=2
    Send Register Answering    ${challenge}
    Expect Response    200
    Send Again    times=2
    Requirements Should Hold
