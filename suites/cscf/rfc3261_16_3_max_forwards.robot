*** Settings ***
Documentation       RFC 3261 16.3: what a proxy looks at before it forwards a request.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
A REGISTER Without Hops Left Goes No Further
    [Documentation]    A challenge would have to come from behind the proxy.
    [Tags]    req:rfc3261-16.3-01
    ${register}=    Build Initial Register
    Set Header    ${register}    Max-Forwards    0
    Send Request    ${register}
    Expect Final Response
    Requirements Should Hold
