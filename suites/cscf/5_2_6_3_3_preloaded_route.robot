*** Settings ***
Documentation       TS 24.229 5.2.6.3.3: the way of a request that begins a dialog, as the P-CSCF sees to it.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
The Service-Route Is The Way
    [Documentation]    The P-CSCF takes itself out of Route, and stays on the way of the dialog.
    [Tags]    req:24.229-5.2.6.3.3-02    req:rfc3261-16.4-01
    Register
    ${subscribe}=    Build Subscribe
    Send Request    ${subscribe}
    Expect Final Response
    Expect Notify
    Refresh Subscription
    Expect Notify
    Requirements Should Hold

A Route To Somewhere Else Is Not Followed
    [Documentation]    It leads back to the UE, which would see the request arrive.
    [Tags]    req:24.229-5.2.6.3.3-01
    Register
    ${subscribe}=    Build Subscribe
    ${route}=    Get Headers    ${subscribe}    Route
    Set Header    ${subscribe}    Route    ${route}[0], <sip:${UE.address};lr>
    Send Request    ${subscribe}
    Wait For Answer
    Requirements Should Hold

A Detour Before The Service-Route Is Not Followed
    [Documentation]    Between the P-CSCF and the Service-Route stands the UE itself.
    [Tags]    req:24.229-5.2.6.3.3-01
    Register
    ${subscribe}=    Build Subscribe
    ${route}=    Get Headers    ${subscribe}    Route
    ${service_route}=    Evaluate    ", ".join($route[1:])
    Set Header    ${subscribe}    Route    ${route}[0], <sip:${UE.address};lr>, ${service_route}
    Send Request    ${subscribe}
    Wait For Answer
    Requirements Should Hold

A Route Without The Service-Route
    [Documentation]    The UE names the P-CSCF alone, and asks for itself: the request would come back to it.
    [Tags]    req:24.229-5.2.6.3.3-01
    Register
    ${subscribe}=    Build Subscribe    identity=sip:${UE.address}
    ${route}=    Get Headers    ${subscribe}    Route
    Set Header    ${subscribe}    Route    ${route}[0]
    Send Request    ${subscribe}
    Wait For Answer
    Requirements Should Hold
