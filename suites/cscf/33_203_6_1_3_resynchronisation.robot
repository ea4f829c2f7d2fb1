*** Settings ***
Documentation       TS 33.203 6.1.3, RFC 3310 3.2 and 3.4: the USIM has seen later sequence numbers than the AuC uses.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
AUTS Brings The Network Into Step With The USIM
    [Documentation]    The challenge after auts is one that the USIM accepts, and its answer registers the UE. How far
    ...    the AuC is, its first challenge tells.
    [Tags]    req:33.203-6.1.3-01    req:rfc3310-3.2-02    req:rfc3310-3.4-01    req:24.229-5.4.1.2.2-05
    Send Initial Register
    ${challenge}=    Expect Response    401
    Advance USIM Sequence Number
    ${report}=    Build Register Answering    ${challenge}
    Get Header    ${report}    Authorization    contains    auts="
    Send Request    ${report}
    ${next}=    Next Challenge
    Send Register Answering    ${next}
    Expect Final Response
    Requirements Should Hold


*** Keywords ***
Next Challenge
    [Documentation]    In the 401 to auts or, where the network gives up with 403, in that to the next REGISTER.
    ${response}=    Expect Response    401    or=403
    IF    ${response.status} == 403
        Send Initial Register
        ${response}=    Expect Response    401
    END
    RETURN    ${response}
