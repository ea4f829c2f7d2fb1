*** Settings ***
Documentation       TS 33.203 7.4.2a and 6.1.5: the response to a challenge counts on the associations that the
...                 challenge makes, and nowhere else.

Resource            associations.resource

Test Setup          Power On UE    security=ipsec
Test Teardown       Power Off UE

Test Tags           req:33.203-7.4.2a-04


*** Test Cases ***
A Right Response In The Clear Is Not Accepted
    [Documentation]    As from somebody who has the response and not the keys. It may be dropped, or challenged like any
    ...    first REGISTER; so is what comes in the clear after it.
    [Tags]    req:24.229-5.4.1.2.2-02
    Send Initial Register
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    Prepare For The Clear    ${answer}
    Send Request    ${answer}    on=clear
    Wait For Answer    within=4s
    Fetch In The Clear
    Requirements Should Hold

A Right Response On The Association For Responses Is Not Accepted
    [Documentation]    UL2 leads to the client port of the P-CSCF: no request of a UE belongs there.
    Send Initial Register
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    Send Request    ${answer}    on=UL2 of the temporary set
    Wait For Answer    within=4s
    Requirements Should Hold

A Right Response On The Old Associations Is Not Accepted
    [Documentation]    The refresh was challenged on them; that is where its answer does not belong.
    [Tags]    slow
    Register
    ${challenge}=    Challenge A Refresh
    ${status}=    Get Status    ${challenge}
    IF    ${status} == 401
        ${answer}=    Build Register Answering    ${challenge}
        Send Request    ${answer}    on=UL1 of the established set
        Wait For Answer    within=4s
    END
    Requirements Should Hold


*** Keywords ***
Fetch In The Clear
    [Documentation]    Asks for the bindings from outside.
    ${fetch}=    Build Fetch
    Prepare For The Clear    ${fetch}
    Send Request    ${fetch}    on=clear
    Wait For Answer    within=4s
