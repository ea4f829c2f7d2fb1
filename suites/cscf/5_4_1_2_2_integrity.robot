*** Settings ***
Documentation       TS 24.229 5.4.1.2.2: what the S-CSCF makes of a REGISTER that came on an association, or on none.

Resource            ../common.resource

Test Setup          Power On UE    security=ipsec
Test Teardown       Power Off UE


*** Test Cases ***
A REGISTER In The Clear Is Authenticated
    [Documentation]    The UE is registered. The same requests on its associations would need no response.
    [Tags]    req:24.229-5.4.1.2.2-02
    Register
    ${fetch}=    Build Fetch
    Prepare For The Clear    ${fetch}
    Send Request    ${fetch}    on=clear
    Wait For Answer    within=4s
    ${refresh}=    Build Refresh
    Prepare For The Clear    ${refresh}
    Send Request    ${refresh}    on=clear
    Wait For Answer    within=4s
    Requirements Should Hold

Another Contact Is Refused On Associations
    [Documentation]    The contact differs in its user part from the one that is registered, and has no reg-id. A
    ...    network may challenge first.
    [Tags]    req:24.229-5.4.1.2.2-04
    Register
    ${refresh}=    Build Refresh
    ${contact}=    Get Header    ${refresh}    Contact
    ${another}=    Evaluate    $contact.replace("sip:", "sip:another-", 1)
    Set Header    ${refresh}    Contact    ${another}
    Send Request    ${refresh}
    Expect Final Response
    Requirements Should Hold
