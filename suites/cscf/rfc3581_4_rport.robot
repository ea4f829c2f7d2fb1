*** Settings ***
Documentation       RFC 3581 4: a response finds its way back to where the request came from, if the UE asks for rport.

Resource            ../common.resource

Test Teardown       Power Off UE

Test Tags           req:rfc3581-4-01    req:rfc3581-4-02


*** Test Cases ***
The Response Goes To The Source And Not To Sent-By
    [Documentation]    As behind a NAT: sent-by names a port that the request does not come from. Another UE listens
    ...    there, so that a response that goes astray is seen; but not where every UE has an address of its own.
    [Tags]    req:rfc3581-4-03    req:rfc3581-4-04
    [Setup]    Power On UE    transport=UDP
    VAR    ${another}=    ${UE.address}
    Power On UE    transport=UDP
    ${sent_by}=    Evaluate    $another._replace(port=$another.port + ($another.port == $UE.address.port))
    ${register}=    Build Initial Register
    ${via}=    Evaluate    $register.value("Via").replace(str($UE.address), str($sent_by))
    Set Header    ${register}    Via    ${via}
    Get Header    ${register}    Via    contains    ;rport
    Send Request    ${register}
    Expect Response    401
    Requirements Should Hold

Received Has An IPv6 Address
    [Documentation]    The same between IPv6 addresses.
    [Tags]    req:rfc3581-4-04
    [Setup]    Power On UE    transport=UDP    family=IPv6
    Send Initial Register
    Expect Response    401
    Requirements Should Hold

Rport Is Filled In Over TCP Too
    [Documentation]    The port of the connection, which is not the one that the UE listens on.
    [Setup]    Power On UE    transport=TCP
    ${register}=    Build Initial Register
    ${via}=    Get Header    ${register}    Via
    Set Header    ${register}    Via    ${via};rport
    Send Request    ${register}
    Expect Response    401
    Requirements Should Hold
