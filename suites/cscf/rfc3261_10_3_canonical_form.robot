*** Settings ***
Documentation       RFC 3261 10.3 step 5: the address-of-record in To is looked up in its canonical form.

Resource            ../common.resource

Test Setup          Register And Leave As Usual
Test Teardown       Power Off UE


*** Test Cases ***
An Address-Of-Record With An Escape Is The Same
    [Documentation]    The last character of the user part is written as an escape.
    [Tags]    req:rfc3261-10.3-18
    ${user}    ${host}=    Evaluate    $UE.impu.rsplit("@", 1)
    ${escaped}=    Evaluate    "%s%%%02X" % ($user[:-1], ord($user[-1]))
    Register With To    <${escaped}@${host}>
    Requirements Should Hold

An Address-Of-Record With A URI Parameter Is The Same
    [Documentation]    One that nobody knows.
    [Tags]    req:rfc3261-10.3-18
    Register With To    <${UE.impu};x-imsreg-note=1>
    Requirements Should Hold


*** Keywords ***
Register And Leave As Usual
    [Documentation]    What the other forms are compared with: a registration in the usual form, and its end.
    Power On UE
    Register
    Deregister

Register With To
    [Documentation]    A registration with this To, whatever becomes of it. The teardown ends it.
    [Arguments]    ${to}
    ${register}=    Build Initial Register
    ${response}=    Exchange To    ${register}    ${to}
    IF    ${response.status} == 401
        ${answer}=    Build Register Answering    ${response}
        Exchange To    ${answer}    ${to}
    END

Exchange To
    [Documentation]    Sends a REGISTER with this To and returns the final response.
    [Arguments]    ${register}    ${to}
    Set Header    ${register}    To    ${to}
    Send Request    ${register}
    ${response}=    Expect Final Response
    RETURN    ${response}
