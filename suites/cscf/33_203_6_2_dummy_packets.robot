*** Settings ***
Documentation       TS 33.203 6.2: no traffic flow confidentiality, so no dummy packets of RFC 4303 2.6.

Resource            ../common.resource

Test Teardown       Power Off UE

Test Tags           req:33.203-6.2-01


*** Test Cases ***
No Dummy Packets Beside Datagrams
    [Documentation]    A registration, a refresh and a de-registration over UDP.
    Power On UE    transport=UDP    security=ipsec
    Register
    Refresh Registration
    Deregister
    Requirements Should Hold

No Dummy Packets Beside A Connection
    [Documentation]    The same over TCP.
    Power On UE    transport=TCP    security=ipsec
    Register
    Refresh Registration
    Deregister
    Requirements Should Hold
