*** Settings ***
Documentation       RFC 3261 10.3 step 5: the public identity is none of the domain at which it is registered.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Variables ***
${FOREIGNER}        sip:nobody@elsewhere.invalid


*** Test Cases ***
A Public Identity Of A Foreign Domain Is Not Found
    [Documentation]    Request-URI and private identity are those of the UE at home. A network may challenge first.
    [Tags]    req:rfc3261-10.3-03
    ${register}=    Build Initial Register
    Register A Foreigner By    ${register}
    ${response}=    Expect Final Response
    IF    ${response.status} == 401
        ${answer}=    Build Register Answering    ${response}
        Register A Foreigner By    ${answer}
        Expect Final Response
    END
    Requirements Should Hold


*** Keywords ***
Register A Foreigner By
    [Documentation]    Sends the REGISTER with the foreign identity in To and From.
    [Arguments]    ${register}
    Set Header    ${register}    From    <${FOREIGNER}>;tag=foreigner
    Set Header    ${register}    To    <${FOREIGNER}>
    Send Request    ${register}
