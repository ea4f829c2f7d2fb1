*** Settings ***
Documentation       RFC 3329 2.3, TS 33.203 annex H: the UE asks for a security agreement.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Initial REGISTER Asks For It
    [Documentation]    The UE lists what it can, and has nothing to verify yet.
    [Tags]    req:rfc3329-2.3.1-03    req:rfc3329-2.3.1-04    req:rfc3329-2.3.2-02    req:24.229-5.1.1.2.2-04
    ...       req:33.203-H-04    req:34.229-1-A.1.1-01    smoke
    Trigger Registration
    Expect Request    REGISTER
    Requirements Should Hold

Answer Asks For It Again
    [Documentation]    Require and Proxy-Require stay, and the agreement is verified.
    [Tags]    req:rfc3329-2.3.1-03    req:33.203-H-04    req:24.229-5.1.1.5.1-07
    Register UE
    Requirements Should Hold
