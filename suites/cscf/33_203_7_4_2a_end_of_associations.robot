*** Settings ***
Documentation       TS 33.203 7.4.2a: when the P-CSCF is done with a set of associations. The UE keeps the set longer,
...                 and tries what the P-CSCF still takes on it.

Resource            ../common.resource

Test Setup          Power On UE    security=ipsec
Test Teardown       Power Off UE


*** Test Cases ***
A Failed Authentication Ends Its Associations
    [Documentation]    A wrong response, and then a request on what its challenge has made.
    [Tags]    req:33.203-7.4.2a-06
    Keep Associations
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}    res=wrong
    Expect Final Response
    Fetch On    UL1 of the deleted set    ${challenge}
    Requirements Should Hold

A Failed Later Authentication Ends Its Associations
    [Documentation]    The same while the UE is registered: on the associations of that the request would be accepted.
    [Tags]    req:33.203-7.4.2a-06
    Keep Associations
    Register
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}    res=wrong
    Expect Final Response
    Fetch On    UL1 of the deleted set    ${challenge}
    Requirements Should Hold

Another Challenge Takes The Place Of The One Before
    [Documentation]    The UE begins anew, and then answers the first challenge on the associations of that.
    [Tags]    req:33.203-7.4.2a-06
    Keep Associations
    Send Initial Register
    ${first}=    Expect Response    401
    ${late}=    Build Register Answering    ${first}
    Send Initial Register
    ${second}=    Expect Response    401
    Advance Time    1s
    Send Request    ${late}    on=UL1 of the deleted set
    Wait For Answer    within=4s
    Send Register Answering    ${second}
    Expect Final Response
    Requirements Should Hold

A De-Registration Ends The Associations
    [Documentation]    It was the only registration of the user.
    [Tags]    req:33.203-7.4.2a-07
    Keep Associations
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Response    200
    Deregister
    Fetch On    UL1 of the deleted set    ${challenge}
    Requirements Should Hold

A Registration In The Clear Ends Older Associations
    [Documentation]    As after a restart of the UE: whoever still has the keys of before is not heard any more.
    [Tags]    req:33.203-7.4.2a-08
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Response    200
    Register
    Fetch On    UL1 of the old set    ${challenge}
    Requirements Should Hold


*** Keywords ***
Fetch On
    [Documentation]    A REGISTER on associations that are over, which mirrors the list of the challenge that has made
    ...    them: nothing else is wrong with it. Nothing need come back. The P-CSCF has had the time to remove them.
    [Arguments]    ${association}    ${challenge}
    Advance Time    1s
    ${fetch}=    Build Fetch
    ${announced}=    Get Headers    ${challenge}    Security-Server
    ${mirrored}=    Evaluate    ", ".join($announced)
    Set Header    ${fetch}    Security-Verify    ${mirrored}
    Give Via Of A Protected Request    ${fetch}
    Send Request    ${fetch}    on=${association}
    Wait For Answer    within=4s

Give Via Of A Protected Request
    [Documentation]    A UE without associations builds requests for the clear. On an association the answer belongs to
    ...    the UE's server port, and rport would ask for it elsewhere.
    [Arguments]    ${request}
    ${via}=    Get Header    ${request}    Via
    ${client}=    Get Header    ${request}    Security-Client
    ${port}=    Evaluate    re.search("port-s=([0-9]+)", $client)[1]
    ${via}=    Evaluate    re.sub("(:[0-9]+)?;branch", ":" + $port + ";branch", $via.replace(";rport", ""))
    Set Header    ${request}    Via    ${via}
