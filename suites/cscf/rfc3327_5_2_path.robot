*** Settings ***
Documentation       RFC 3327: a UE that lists path learns which proxies will be on the way to it.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
The 200 Shows The Path Of The Registration
    [Documentation]    The P-CSCF puts itself into Path, the registrar hands the Path back, and nobody alters it.
    [Tags]    req:rfc3327-4-01    req:rfc3327-4-02    req:rfc3327-5.2-01    smoke
    ${register}=    Build Initial Register
    Get Header    ${register}    Supported    contains    path
    Get Header    ${register}    Path    ==    ${None}
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Response    200
    Requirements Should Hold
