*** Settings ***
Documentation       RFC 7616 3.5 and RFC 3310 3.5: the network proves in Authentication-Info that it knows XRES.
...                 A network need not send it: then there is nothing to decide.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
The Proof In Authentication-Info Is Right
    [Documentation]    rspauth is like the response of the request, but with no method in A2.
    [Tags]    req:rfc3310-3.5-01    req:rfc7616-3.5-01    req:rfc7616-3.5-02
    Send Initial Register
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    Get Header    ${answer}    Authorization    contains    qop=auth
    Send Request    ${answer}
    Expect Response    200
    Requirements Should Hold
