*** Settings ***
Documentation       RFC 3261 8.2.6.2: what a response copies from its request, and the tag that it adds to To.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
Via Values Come Back In Their Order
    [Documentation]    The REGISTER has come over two more hops, as from behind a gateway.
    [Tags]    req:rfc3261-8.2.6.2-02    req:rfc3261-20-01    req:rfc3261-7.3.1-02
    ${register}=    Build Initial Register
    Add Header    ${register}    Via    SIP/2.0/TCP gateway.example.org;branch=z9hG4bKsecond;received=192.0.2.7
    Add Header    ${register}    Via    SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bKthird;rport;x-note="third hop"
    Send Request    ${register}
    Expect Response    401
    Requirements Should Hold

A Response Has The Identifiers Of Its Request
    [Documentation]    From has a display name that a careless parser takes for two values.
    [Tags]    req:rfc3261-8.2.6.2-01    req:rfc3261-8.2.6.2-03    req:rfc3261-8.2.6.2-04    req:rfc3261-8.2.6.2-05
    ...       req:rfc3261-8.2.6.2-06    req:rfc3261-10.3-02    smoke
    ${register}=    Build Initial Register
    ${from}=    Get Header    ${register}    From
    Set Header    ${register}    From    "UE, behind a gateway" ${from}
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Response    200
    Requirements Should Hold

All Responses To One Request Have One To Tag
    [Documentation]    A request that arrives again gets its final response again, tag and all. Another request's
    ...    response may have another tag: the 401 and the 200 are not compared.
    [Tags]    req:rfc3261-8.2.6.2-07
    [Setup]    Power On UE    transport=UDP
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Again    times=2
    Send Register Answering    ${challenge}
    Expect Response    200
    Send Again    times=2
    Requirements Should Hold
