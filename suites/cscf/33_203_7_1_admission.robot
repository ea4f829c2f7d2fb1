*** Settings ***
Documentation       TS 33.203 7.1: what a P-CSCF lets in at its unprotected port, and from whom on an association.

Library             String
Resource            ../common.resource

Test Setup          Power On UE    security=ipsec
Test Teardown       Power Off UE


*** Test Cases ***
Only REGISTER Is Let In In The Clear
    [Documentation]    Of a user who is not registered. Silence will do as well as a refusal.
    [Tags]    req:33.203-7.1-06    slow
    FOR    ${method}    IN    OPTIONS    MESSAGE    SUBSCRIBE
        Ask In The Clear    ${method}
    END
    Requirements Should Hold

A Registered User Is Not Let In In The Clear
    [Documentation]    Who has associations uses them.
    [Tags]    req:33.203-7.1-06    slow
    Register
    FOR    ${method}    IN    OPTIONS    MESSAGE    SUBSCRIBE
        Ask In The Clear    ${method}
    END
    Requirements Should Hold

A REGISTER From Another Address Than In Via
    [Documentation]    The sent-by is an address that nobody has (RFC 5737).
    [Tags]    req:33.203-7.1-10    slow
    Register
    ${refresh}=    Build Refresh
    ${via}=    Get Header    ${refresh}    Via
    ${elsewhere}=    Replace String Using Regexp    ${via}    (SIP/2.0/\\w+ )(\\[[^\\]]*\\]|[^:;]*)    \\g<1>192.0.2.77
    Set Header    ${refresh}    Via    ${elsewhere}
    Send Request    ${refresh}
    Wait For Answer
    Requirements Should Hold


*** Keywords ***
Ask In The Clear
    [Documentation]    A request outside a dialog, between the unprotected ports.
    [Arguments]    ${method}
    ${request}=    Build Fetch
    FOR    ${name}    IN    Authorization    Security-Client    Security-Verify    Require    Proxy-Require    Contact
        Remove Header    ${request}    ${name}
    END
    Prepare For The Clear    ${request}
    Evaluate    setattr($request, "start_line", "${method} ${UE.impu} SIP/2.0")
    Set Header    ${request}    CSeq    1 ${method}
    IF    "${method}" == "SUBSCRIBE"
        Set Header    ${request}    Event    reg
        Set Header    ${request}    Contact    <sip:${UE.address}>
    END
    Send Request    ${request}    on=clear
    Wait For Answer
