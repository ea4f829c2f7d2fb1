*** Settings ***
Documentation       RFC 3261 18.2: how the server transport marks a request that it receives, and where responses go.

Resource            ../common.resource

Test Teardown       Power Off UE


*** Test Cases ***
Received Corrects What Sent-By Does Not Tell
    [Documentation]    sent-by is a host name in one REGISTER, and another address in the next. The UE does not ask for
    ...    rport: the port in sent-by is its own. Both are outside of associations, on which other rules hold.
    [Tags]    req:rfc3261-18.2.1-01
    [Setup]    Power On UE    transport=UDP
    Register As If From    ue.example.org:${UE.address.port}
    Register As If From    192.0.2.9:${UE.address.port}
    Requirements Should Hold

A Response Over TCP Comes On The Connection Of Its Request
    [Documentation]    The UE listens on the port in sent-by too: a response that takes another way is seen there.
    [Tags]    req:rfc3261-18.2.2-01
    [Setup]    Power On UE    transport=TCP
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Response    200
    Requirements Should Hold


*** Keywords ***
Register As If From
    [Documentation]    The first REGISTER of a registration with this sent-by.
    [Arguments]    ${sent_by}
    ${register}=    Build Initial Register
    ${branch}=    Evaluate    $register.value("Via").rpartition("branch=")[2].partition(";")[0]
    Set Header    ${register}    Via    SIP/2.0/UDP ${sent_by};branch=${branch}
    Send Request    ${register}
    Expect Response    401
