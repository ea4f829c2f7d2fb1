*** Settings ***
Documentation       RFC 3608 6.3: the Service-Route that the registrar makes.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
Every Service-Route Value Is A Loose Route
    [Documentation]    The UE copies the values into Route (RFC 3608 6.1): they have to read as such.
    [Tags]    req:rfc3608-6.3-01    req:rfc3608-6.3-02
    ${register}=    Build Initial Register
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Response    200
    Requirements Should Hold
