*** Settings ***
Documentation       RFC 3261 18.2: how the server transport marks a request that it receives, and where responses go.

Resource            ../common.resource

Test Teardown       Power Off UE


*** Test Cases ***
Received Corrects What Sent-By Does Not Tell
    [Documentation]    sent-by is a host name in the first REGISTER, and another address in the second. The UE does not
    ...    ask for rport: the port in sent-by is its own.
    [Tags]    req:rfc3261-18.2.1-01
    [Setup]    Power On UE    transport=UDP
    ${register}=    Build Initial Register
    ${branch}=    Evaluate    $register.value("Via").rpartition("branch=")[2].partition(";")[0]
    Set Header    ${register}    Via    SIP/2.0/UDP ue.example.org:${UE.address.port};branch=${branch}
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    Set Header    ${answer}    Via    SIP/2.0/UDP 192.0.2.9:${UE.address.port};branch=${branch}answer
    Send Request    ${answer}
    Expect Response    200
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
