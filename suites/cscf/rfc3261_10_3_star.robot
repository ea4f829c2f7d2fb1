*** Settings ***
Documentation       RFC 3261 10.3 step 6: Contact * stands alone, and with an expiry of zero.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
Contact * With An Expiry Is Refused
    [Documentation]    The user is registered, so that nothing else can be the reason.
    [Tags]    req:rfc3261-10.3-04
    Register
    ${register}=    Build Remove All Bindings
    Set Header    ${register}    Expires    600
    Send Request    ${register}
    ${response}=    Expect Final Response
    IF    ${response.status} == 401
        Answer With The Same Wrong Contact    ${response}    *    600
    END
    Requirements Should Hold

Contact * Beside Another Contact Is Refused
    [Documentation]    The expiry is zero, as Contact * wants it.
    [Tags]    req:rfc3261-10.3-05
    Register
    ${register}=    Build Remove All Bindings
    Set Header    ${register}    Contact    *, ${UE.contact}
    Send Request    ${register}
    ${response}=    Expect Final Response
    IF    ${response.status} == 401
        Answer With The Same Wrong Contact    ${response}    *, ${UE.contact}    0
    END
    Requirements Should Hold


*** Keywords ***
Answer With The Same Wrong Contact
    [Documentation]    A challenge comes first: the right answer repeats what is wrong.
    [Arguments]    ${challenge}    ${contact}    ${expires}
    ${answer}=    Build Register Answering    ${challenge}
    Set Header    ${answer}    Contact    ${contact}
    Set Header    ${answer}    Expires    ${expires}
    Send Request    ${answer}
    Expect Final Response
