*** Settings ***
Documentation       TS 33.203 7.1 rule 3 and 7.4.2a: a P-CSCF keeps so many associations of a user and no more. Those of
...                 before his de-registration are gone, and take no room.

Resource            ../common.resource

Test Setup          Power On UE    security=ipsec
Test Teardown       Power Off UE


*** Variables ***
${ROUNDS}           24


*** Test Cases ***
A UE That Comes And Goes Always Gets Associations
    [Documentation]    Each round needs four associations, and four SPIs and two ports of the P-CSCF. One that does not
    ...    take them back runs out of them; a minute later it has none still.
    [Tags]    req:33.203-7.1-11    slow
    FOR    ${_}    IN RANGE    ${ROUNDS}
        Send Initial Register
        ${response}=    Expect Final Response
        IF    ${response.status} != 401    BREAK
        Send Register Answering    ${response}
        Expect Response    200
        Deregister
    END
    IF    ${response.status} != 401
        Advance Time    61 s
        Send Initial Register
        Expect Final Response
    END
    Requirements Should Hold
