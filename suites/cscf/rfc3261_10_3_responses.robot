*** Settings ***
Documentation       RFC 3261 10.3: what no response to a REGISTER is and has, whatever it says.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
No Refusal Speaks For Every Other Place
    [Documentation]    Two ways to be refused: an expiry of ten seconds, which a registrar may grant all the same, and
    ...    a wrong response. Neither is 6xx.
    [Tags]    req:rfc3261-10.3-01    req:rfc3261-10.3-02
    Send Initial Register    expires=10
    ${challenge}=    Expect Response    401    or=423
    IF    ${challenge.status} == 401
        Send Register Answering    ${challenge}
        Expect Final Response
    END
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}    res=wrong
    Expect Final Response
    Requirements Should Hold
