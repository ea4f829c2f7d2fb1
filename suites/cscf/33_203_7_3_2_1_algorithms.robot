*** Settings ***
Documentation       TS 33.203 7.3.2.1: a P-CSCF challenges only where its list and the UE's have something in common.

Library             String
Resource            ../common.resource

Test Teardown       Power Off UE

Test Tags           req:33.203-7.3.2.1-01


*** Test Cases ***
A Combination Out Of Four
    [Documentation]    All that the release has.
    Power On UE    security=ipsec
    Send Initial Register
    Expect Final Response
    Requirements Should Hold

HMAC-SHA-1 And AES-CBC Alone
    [Documentation]    A network may refuse what it does not have.
    Offer    hmac-sha-1-96/aes-cbc
    Requirements Should Hold

HMAC-SHA-1 Alone
    [Documentation]    No encryption is offered.
    Offer    hmac-sha-1-96/null
    Requirements Should Hold

AES-GMAC Alone
    [Documentation]    No encryption is offered.
    Offer    aes-gmac/null
    Requirements Should Hold

AES-GCM Alone
    [Documentation]    It does both.
    Offer    null/aes-gcm
    Requirements Should Hold

What The Network Does Not Have Alone
    [Documentation]    First hmac-md5-96, which left Annex H with Release 14, then something unknown, then all again.
    Power On UE    security=ipsec
    Offer In Place Of Every Algorithm    hmac-md5-96
    Offer In Place Of Every Algorithm    x-imsreg
    Send Initial Register
    Expect Final Response
    Requirements Should Hold


*** Keywords ***
Offer
    [Documentation]    Begins a registration with this combination alone.
    [Arguments]    ${algorithms}
    Power On UE    security=ipsec    algorithms=${algorithms}
    Send Initial Register
    Expect Final Response

Offer In Place Of Every Algorithm
    [Documentation]    Begins a registration with another integrity algorithm and no encryption in every entry.
    [Arguments]    ${algorithm}
    ${register}=    Build Initial Register
    ${client}=    Get Header    ${register}    Security-Client
    ${changed}=    Replace String Using Regexp    ${client}    \\balg=[a-z0-9-]+; ealg=[a-z0-9-]+
    ...    alg=${algorithm}; ealg=null
    Set Header    ${register}    Security-Client    ${changed}
    Send Request    ${register}
    Expect Final Response
