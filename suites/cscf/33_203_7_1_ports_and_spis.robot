*** Settings ***
Documentation       TS 33.203 7.1: protected ports and SPIs of the P-CSCF, and that nothing there is in the clear.

Resource            ../common.resource

Test Teardown       Power Off UE


*** Test Cases ***
Protected Ports Are Not The Standard Ports
    [Documentation]    Neither 5060 nor 5061, at a registration and at the next one beside it.
    [Tags]    req:33.203-7.1-02
    Power On UE    security=ipsec
    Register
    Register Once More In The Clear
    Requirements Should Hold

No Other Association Has The SPIs
    [Documentation]    A UE that is registered registers anew, and the set that it has is in use until that succeeds.
    ...    Then another UE registers.
    [Tags]    req:33.203-7.1-05
    Power On UE    security=ipsec
    Register
    Register Once More In The Clear
    Power On UE    security=ipsec
    Register
    Requirements Should Hold

Nothing Leaves In The Clear Over UDP
    [Documentation]    Registration, refresh and de-registration.
    [Tags]    req:33.203-7.1-04
    Power On UE    transport=UDP    security=ipsec
    Register
    Refresh Registration
    Deregister
    Requirements Should Hold

Nothing Leaves In The Clear Over TCP
    [Documentation]    The same on connections.
    [Tags]    req:33.203-7.1-04
    Power On UE    transport=TCP    security=ipsec
    Register
    Refresh Registration
    Deregister
    Requirements Should Hold


*** Keywords ***
Register Once More In The Clear
    [Documentation]    What a UE does that has lost its associations: a first REGISTER, and the answer to its challenge.
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Final Response
