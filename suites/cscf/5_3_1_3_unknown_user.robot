*** Settings ***
Documentation       TS 24.229 5.3.1.3: the HSS does not know the user who registers.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Variables ***
${NOBODY}           001019999999999


*** Test Cases ***
A User Whom Nobody Knows Is Refused
    [Documentation]    Private and public identity belong to the home domain and to no subscriber. It is one REGISTER
    ...    without a response: nobody's count of wrong credentials goes up.
    [Tags]    req:24.229-5.3.1.3-01
    VAR    ${identity}=    ${NOBODY}@${UE.home_domain}
    ${register}=    Build Initial Register
    Set Header    ${register}    From    <sip:${identity}>;tag=nobody
    Set Header    ${register}    To    <sip:${identity}>
    Set Header    ${register}    Authorization
    ...    Digest username="${identity}", realm="${UE.home_domain}", nonce="", uri="sip:${UE.home_domain}", response=""
    Send Request    ${register}
    Expect Final Response
    Requirements Should Hold
