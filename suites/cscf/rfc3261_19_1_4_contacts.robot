*** Settings ***
Documentation       RFC 3261 19.1.4, by which 10.3 compares contacts: one with port 5060 and one without any are two.

Resource            ../common.resource

Test Setup          Power On UE    security=none
Test Teardown       Power Off UE


*** Test Cases ***
A Contact With Port 5060 And One Without A Port Are Two Bindings
    [Documentation]    Both in one REGISTER, which a DUT may refuse. One for the UE's own contact comes first.
    [Tags]    req:rfc3261-10.3-15
    Register
    Deregister
    ${with}    ${without}=    Name The Contacts
    Register Contact    ${with}, ${without}
    Register Contact    ${with}, ${without}    expires=0
    Requirements Should Hold


*** Keywords ***
Name The Contacts
    [Documentation]    With port 5060 and without. Both are at the address of the UE; no request will ever go there.
    VAR    ${contact}=    sip:${UE.subscriber.imsi}@${UE.address.sip_host}
    RETURN    <${contact}:5060>    <${contact}>

Register Contact
    [Documentation]    A REGISTER for these contacts, challenge and all, whatever becomes of it.
    [Arguments]    ${contact}    ${expires}=600000
    ${register}=    Build Refresh    expires=${expires}
    Set Header    ${register}    Contact    ${contact}
    Send Request    ${register}
    ${response}=    Expect Final Response
    IF    ${response.status} == 401
        ${answer}=    Build Register Answering    ${response}
        Set Header    ${answer}    Contact    ${contact}
        Send Request    ${answer}
        Expect Final Response
    END
